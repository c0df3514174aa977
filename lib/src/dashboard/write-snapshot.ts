import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer, type ColumnSource } from "hyparquet-writer";
import { InputError } from "../errors.js";
import type { Result, ResultValue } from "../plan/plan.js";
import { isNullable, kindOf, toValue, type ColumnKind, type Columns } from "./snapshot-columns.js";

/**
 * A query's rows as a Parquet file of the declared columns, the same to the byte for the same rows on any engine.
 *
 * @throws InputError when a column is missing, or holds what it was not declared to hold
 */
export function writeSnapshot(name: string, columns: Columns, result: Result): Uint8Array {
  const given = result.columns.map((column) => column.name);
  const missing = Object.keys(columns).filter((column) => !given.includes(column));
  if (missing.length > 0)
    throw new InputError(`query "${name}" gives no ${missing.join(", ")}, only ${given.join(", ")}.`);
  const isWide = new Set<string>();
  const columnData = Object.entries(columns).map(([column, declared]): ColumnSource => {
    const data = result.rows.map((row, index) => {
      try {
        const value = toValue(row[column], declared);
        return kindOf(declared) === "decimal" && value !== null ? cents(row[column]!) : value;
      } catch (error) {
        throw new InputError(`query "${name}", row ${index + 1}: ${column} ${(error as Error).message}.`);
      }
    });
    // hyparquet reads INT64 as BigInt, which no chart can draw; a DOUBLE holds whole numbers up to 2^53.
    const wide =
      kindOf(declared) === "integer" && data.some((value) => value !== Number(value) >> 0 && value !== null);
    if (wide) isWide.add(column);
    const encoding = encodingOf(wide ? "number" : kindOf(declared), data);
    return { name: column, data, ...(encoding && { encoding }) };
  });
  const schema: SchemaElement[] = [
    { name: "root", num_children: columnData.length },
    ...Object.entries(columns).map(([column, declared]): SchemaElement => ({
      name: column,
      repetition_type: isNullable(declared) ? "OPTIONAL" : "REQUIRED",
      ...(isWide.has(column) ? parquetTypes.number : parquetTypes[kindOf(declared)]),
    })),
  ];
  return new Uint8Array(
    parquetWriteBuffer({
      columnData,
      schema,
      // The server compresses the whole file, and better than pages one by one.
      codec: "UNCOMPRESSED",
      // A page reads its snapshots whole: neither statistics nor small row groups help it.
      statistics: false,
      rowGroupSize: 1_000_000,
    }),
  );
}

const parquetTypes: Record<
  ColumnKind,
  Pick<SchemaElement, "type" | "converted_type" | "scale" | "precision">
> = {
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  integer: { type: "INT32" },
  decimal: { type: "INT64", converted_type: "DECIMAL", precision: 18, scale: 2 },
  number: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
  date: { type: "INT32", converted_type: "DATE" },
  instant: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
};

/** Numbers with many different values take about half the space as differences; others use dictionaries. */
function encodingOf(kind: ColumnKind, data: readonly unknown[]): ColumnSource["encoding"] {
  const hasDifferences = ["integer", "decimal", "date", "instant"].includes(kind);
  const few = () =>
    new Set(data.map((value) => (value instanceof Date ? value.getTime() : value))).size < 256;
  return hasDifferences && (kind === "date" || !few()) ? "DELTA_BINARY_PACKED" : undefined;
}

/** A decimal's hundredths, exact: "-12.5" is -1250n. */
function cents(value: ResultValue): bigint {
  const text = typeof value === "number" ? value.toFixed(2) : String(value as string);
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d{1,2})0*)?$/.exec(text) ?? [];
  if (whole === "") throw new RangeError(`holds ${text}, which has more than two places`);
  return BigInt(`${sign}${whole}${fraction.padEnd(2, "0")}`);
}
