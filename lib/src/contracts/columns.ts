import * as z from "zod";

/**
 * What values of a column are plausible. A value beyond it is refused before it reaches the table: `implausible` says so in a
 * notebook. Checks, the catalog's constraints and the dictionary read the same.
 */
export interface Range {
  /** The least and the greatest value: numbers, or ISO dates for a DATE and a TIMESTAMP. */
  readonly from?: number | string;
  readonly to?: number | string;
  /** Of things that have happened: at most so many days after the row was loaded, since clocks and time zones differ. */
  readonly daysAfterLoad?: number;
  /** The most characters of a text. */
  readonly longest?: number;
}

/** Of things that have happened. */
export const happened = { from: "1900-01-01", daysAfterLoad: 1 } as const satisfies Range;

/** Of amounts and prices: what DECIMAL(12,2) holds. A refund is a refund, not a negative order. */
const amount = { from: 0, to: 9_999_999_999.99 } as const satisfies Range;

/** Of units. */
export const units = { from: 0, to: 999_999_999 } as const satisfies Range;

/** A column's SQL type in Databricks' dialect, and its description in the catalog and the data dictionary. */
interface ColumnMeta {
  readonly type: string;
  readonly comment: string;
  /** The only values allowed, for a column made by `oneOf`. */
  readonly accepts?: readonly string[];
  readonly range?: Range;
}

/** What SQL needs to know about a column, by its zod schema. */
export const columnMeta = z.registry<ColumnMeta>();

function column<T extends z.ZodType>(schema: T, meta: ColumnMeta): T {
  columnMeta.add(schema, meta);
  return schema;
}

/** `STRING`. A row holds a string. */
export const text = (comment: string, range?: Range) =>
  column(z.string(), { type: "STRING", comment, ...(range && { range }) });

/** `STRING` with a fixed set of values, which the contract's check enforces. */
export const oneOf = <const V extends readonly [string, ...string[]]>(values: V, comment: string) =>
  column(z.enum(values), { type: "STRING", comment, accepts: values });

/** `INT`. A row holds a whole number. */
export const int = (comment: string, range?: Range) =>
  column(z.int32(), { type: "INT", comment, ...(range && { range }) });

/** `BIGINT`. A row holds a whole number in JavaScript's safe range. */
export const bigint = (comment: string, range?: Range) =>
  column(z.int(), { type: "BIGINT", comment, ...(range && { range }) });

/** `DOUBLE`, for rates and seconds, never for money. */
export const double = (comment: string, range?: Range) =>
  column(z.number(), { type: "DOUBLE", comment, ...(range && { range }) });

/** `BOOLEAN`. */
export const boolean = (comment: string) => column(z.boolean(), { type: "BOOLEAN", comment });

/** `DATE`. A row holds an ISO date such as `"2026-03-01"`. */
export const date = (comment: string, range?: Range) =>
  column(z.iso.date(), { type: "DATE", comment, ...(range && { range }) });

/** `TIMESTAMP`, always UTC. A row holds an ISO instant such as `"2026-03-01T12:34:56Z"`, to the microsecond. */
export const timestamp = (comment: string, range?: Range) =>
  column(z.iso.datetime(), { type: "TIMESTAMP", comment, ...(range && { range }) });

/**
 * `DECIMAL(precision, scale)`. A row holds the exact decimal as text, such as `"19.90"`: it never passes through a
 * JavaScript number.
 */
export const decimal = (precision: number, scale: number, comment: string, range?: Range) =>
  column(z.string().regex(new RegExp(`^-?\\d{1,${precision - scale}}${scale ? `\\.\\d{${scale}}` : ""}$`)), {
    type: `DECIMAL(${precision},${scale})`,
    comment,
    ...(range && { range }),
  });

/** `DECIMAL(12,2)`: an amount in the shop's currency, from 0 to 9,999,999,999.99. */
export const money = (comment: string, range: Range = amount) => decimal(12, 2, comment, range);

/** `DECIMAL(18,2)`: a sum of amounts, from 0. */
export const total = (comment: string, range: Range = { from: 0 }) => decimal(18, 2, comment, range);

/** `ARRAY<STRING>`. A row holds an array of strings. */
export const texts = (comment: string) => column(z.array(z.string()), { type: "ARRAY<STRING>", comment });
