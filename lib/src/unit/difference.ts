import type { Table } from "../contracts/table.js";

type Row = Readonly<Record<string, unknown>>;

/** An expected row and the one that is there instead; one of them where the other has no counterpart. */
interface Pair {
  readonly expected?: Row;
  readonly got?: Row;
}

/** As many differing rows are printed. */
const mostShown = 5;
/** No cell is printed longer. */
const longest = 24;

/**
 * How a table's rows differ from those expected, as text of at most 80 columns; undefined where they do not. Rows belong together
 * by the table's key where the columns hold it.
 *
 * @param columns those that are compared
 */
export function differenceOf(
  table: Table,
  columns: readonly string[],
  expected: readonly Row[],
  got: readonly Row[],
): string | undefined {
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  const text = (row: Row) => JSON.stringify(columns.map((name) => canonical(row[name], types.get(name)!)));
  const left = got.map((row) => ({ row, text: text(row) }));
  const missing = expected.filter((row) => {
    const at = left.findIndex((other) => other.text === text(row));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  if (missing.length + left.length === 0) return undefined;
  const key = (table.options.key ?? []).filter((name) => columns.includes(name));
  const isSame = (a: Row, b: Row) =>
    key.length > 0 &&
    key.every((name) => canonical(a[name], types.get(name)!) === canonical(b[name], types.get(name)!));
  const pairs = missing.map((row): Pair => {
    const at = left.findIndex((other) => isSame(other.row, row));
    const [found] = at >= 0 ? left.splice(at, 1) : [];
    return { expected: row, ...(found && { got: found.row }) };
  });
  // Without a key, one row too few and one too many are most likely one that differs.
  for (const [at, pair] of pairs.entries())
    if (key.length === 0 && !pair.got && left.length > 0) pairs[at] = { ...pair, got: left.shift()!.row };
  pairs.push(...left.map(({ row }) => ({ got: row })));
  return described(pairs, { columns, key, total: expected.length, types });
}

/** A value as it is compared: instants to the microsecond, floats to the digits that engines agree on. */
function canonical(value: unknown, type: string): string {
  if (value === null || value === undefined) return "null";
  if (type === "TIMESTAMP")
    return new Date(String(value)).toISOString().slice(0, 19) + fraction(String(value));
  if (type === "DOUBLE") return String(Number(Number(value).toPrecision(12)));
  return JSON.stringify(value);
}

const fraction = (instant: string) => (/\.(\d+)/.exec(instant)?.[1] ?? "").replace(/0+$/, "");

function described(
  pairs: readonly Pair[],
  {
    columns,
    key,
    total,
    types,
  }: {
    columns: readonly string[];
    key: readonly string[];
    total: number;
    types: ReadonlyMap<string, string>;
  },
): string {
  const differs = (name: string) =>
    pairs.some(
      ({ expected, got }) =>
        !expected ||
        !got ||
        canonical(expected[name], types.get(name)!) !== canonical(got[name], types.get(name)!),
    );
  const shown = [...new Set([...key, ...columns.filter(differs), ...columns])];
  const lines = pairs.slice(0, mostShown).flatMap(({ expected, got }) => [
    ["expected", ...shown.map((name) => (expected ? cell(expected[name]) : ""))],
    ["got", ...shown.map((name) => (got ? cell(got[name]) : ""))],
  ]);
  const none = lines.map(([who = "", ...cells]) =>
    cells.every((one) => one === "") ? [who, "no such row"] : [who, ...cells],
  );
  const table = [["", ...shown], ...none];
  const widths = ["", ...shown].map((_, at) =>
    Math.max(...table.map((row) => (row[1] === "no such row" && at > 0 ? 0 : [...(row[at] ?? "")].length))),
  );
  const fitting = widths.reduce<{ sum: number; count: number }>(
    ({ sum, count }, width) =>
      sum + width + 2 <= 80 ? { sum: sum + width + 2, count: count + 1 } : { sum: Infinity, count },
    { sum: 0, count: 0 },
  ).count;
  const count = (of: number, word: string) => (of === 0 ? [] : [`${of} ${word}`]);
  const both = pairs.filter(({ expected, got }) => expected && got).length;
  const words = [
    ...count(both, both === 1 ? "differs" : "differ"),
    ...count(pairs.filter(({ got }) => !got).length, "missing"),
    ...count(pairs.filter(({ expected }) => !expected).length, "too many"),
  ];
  const rest = pairs.length - mostShown;
  return [
    `Of ${total} expected ${total === 1 ? "row" : "rows"}: ${words.join(", ")}.`,
    ...table.map((row) =>
      row
        .slice(0, fitting)
        .map((one, at) => one.padEnd(widths[at]!))
        .join("  ")
        .trimEnd(),
    ),
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ].join("\n");
}

function cell(value: unknown): string {
  const text =
    value === null || value === undefined ? "null" : Array.isArray(value) ? value.join(", ") : String(value);
  const plain = text.replaceAll(/\p{Cc}/gu, " ");
  return [...plain].length <= longest ? plain : `${[...plain].slice(0, longest - 1).join("")}…`;
}
