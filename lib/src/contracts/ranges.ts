import type { Column, Table } from "./table.js";

/** One bound of a column's range. */
interface Bound {
  readonly column: Column;
  /** What a value beyond it is, such as "is below 0". */
  readonly words: string;
  /**
   * Whether a value lies beyond it, in Databricks' dialect; null where there is no value.
   *
   * @param loaded when the row was loaded, or is judged
   */
  readonly isBeyond: (value: string, loaded: string) => string;
  /** Whether it depends on the row alone, so that a catalog can hold it as a constraint. */
  readonly isConstant: boolean;
}

/** The bounds of all ranges that a contract declares, in the order of its columns. */
export const boundsOf = (table: Table): Bound[] => table.columns.flatMap(boundsOfColumn);

function boundsOfColumn(column: Column): Bound[] {
  const { from, to, daysAfterLoad, longest } = column.range ?? {};
  const bounds: Bound[] = [];
  const add = (words: string, isBeyond: Bound["isBeyond"], isConstant = true) =>
    bounds.push({ column, words, isBeyond, isConstant });
  if (from !== undefined)
    add(
      from === 0 ? "is negative" : `is ${isInstant(column) ? "before" : "below"} ${words(from)}`,
      (value) => `${value} < ${literal(column, from)}`,
    );
  if (to !== undefined)
    add(
      `is ${isInstant(column) ? "after" : "above"} ${words(to)}`,
      (value) => `${value} > ${literal(column, to)}`,
    );
  if (daysAfterLoad !== undefined)
    add(
      `is more than ${daysAfterLoad} day${daysAfterLoad === 1 ? "" : "s"} after it was loaded`,
      (value, loaded) => {
        const until = `${loaded} + interval ${24 * daysAfterLoad} hours`;
        // Not as an instant: a date may lie further away than any instant.
        return `${value} > ${column.type === "DATE" ? `cast(${until} as date)` : until}`;
      },
      false,
    );
  if (longest !== undefined)
    add(`is longer than ${longest} characters`, (value) => `length(${value}) > ${longest}`);
  return bounds;
}

/** What the dictionary says of a column's range; undefined where it has none. */
export function rangeWords({ range = {}, type }: Column): string | undefined {
  const { from, to, daysAfterLoad, longest } = range;
  const most = to === undefined ? undefined : words(to);
  const until = daysAfterLoad === undefined ? most : `one day after it was loaded`;
  const parts = [
    from !== undefined && `from ${words(from)}`,
    until !== undefined && `${from === undefined ? "up" : ""} to ${until}`.trim(),
    longest !== undefined && `at most ${longest} characters`,
  ].filter(Boolean);
  const rounding =
    type === "DECIMAL(12,2)"
      ? "; more than two decimals are rounded half up, and a check counts them; what is negative is refused before it is rounded"
      : "";
  return parts.length > 0 ? `${parts.join(" ")}${rounding}` : undefined;
}

const isInstant = ({ type }: Column) => type === "DATE" || type === "TIMESTAMP";

const literal = (column: Column, value: number | string) =>
  isInstant(column) ? `cast('${value}' as ${column.type.toLowerCase()})` : plain(value);

const plain = (value: number | string) => (typeof value === "number" ? String(value) : value);
const words = (value: number | string) => (typeof value === "number" ? value.toLocaleString("en-US") : value);
