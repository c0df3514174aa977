import * as z from "zod";

/** A column's SQL type in Databricks' dialect, and its description in the catalog and the data dictionary. */
interface ColumnMeta {
  readonly type: string;
  readonly comment: string;
  /** The only values allowed, for a column made by `oneOf`. */
  readonly accepts?: readonly string[];
}

/** What SQL needs to know about a column, by its zod schema. */
export const columnMeta = z.registry<ColumnMeta>();

function column<T extends z.ZodType>(schema: T, meta: ColumnMeta): T {
  columnMeta.add(schema, meta);
  return schema;
}

/** `STRING`. A row holds a string. */
export const text = (comment: string) => column(z.string(), { type: "STRING", comment });

/** `STRING` with a fixed set of values, which the contract's check enforces. */
export const oneOf = <const V extends readonly [string, ...string[]]>(values: V, comment: string) =>
  column(z.enum(values), { type: "STRING", comment, accepts: values });

/** `INT`. A row holds a whole number. */
export const int = (comment: string) => column(z.int32(), { type: "INT", comment });

/** `BIGINT`. A row holds a whole number in JavaScript's safe range. */
export const bigint = (comment: string) => column(z.int(), { type: "BIGINT", comment });

/** `DOUBLE`, for rates and seconds, never for money. */
export const double = (comment: string) => column(z.number(), { type: "DOUBLE", comment });

/** `BOOLEAN`. */
export const boolean = (comment: string) => column(z.boolean(), { type: "BOOLEAN", comment });

/** `DATE`. A row holds an ISO date such as `"2026-03-01"`. */
export const date = (comment: string) => column(z.iso.date(), { type: "DATE", comment });

/** `TIMESTAMP`, always UTC. A row holds an ISO instant such as `"2026-03-01T12:34:56Z"`, to the microsecond. */
export const timestamp = (comment: string) => column(z.iso.datetime(), { type: "TIMESTAMP", comment });

/**
 * `DECIMAL(precision, scale)`. A row holds the exact decimal as text, such as `"19.90"`: it never passes through a
 * JavaScript number.
 */
export const decimal = (precision: number, scale: number, comment: string) =>
  column(z.string().regex(new RegExp(`^-?\\d{1,${precision - scale}}${scale ? `\\.\\d{${scale}}` : ""}$`)), {
    type: `DECIMAL(${precision},${scale})`,
    comment,
  });

/** `DECIMAL(12,2)`: an amount in the shop's currency. */
export const money = (comment: string) => decimal(12, 2, comment);

/** `DECIMAL(18,2)`: a sum of amounts. */
export const total = (comment: string) => decimal(18, 2, comment);

/** `ARRAY<STRING>`. A row holds an array of strings. */
export const texts = (comment: string) => column(z.array(z.string()), { type: "ARRAY<STRING>", comment });
