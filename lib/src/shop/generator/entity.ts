import type { Day } from "./calendar.js";

/** The shop's exports, in the order in which a day's are written. */
export const entityNames = [
  "customers",
  "products",
  "orders",
  "order_items",
  "payments",
  "campaigns",
  "marketing_spend",
  "stripe_charges",
  "stripe_refunds",
  "stripe_disputes",
  "stripe_balance_transactions",
] as const;
export type EntityName = (typeof entityNames)[number];

export const faultKinds = [
  "duplicate",
  "null_order_id",
  "null_customer_id",
  "null_quantity",
  "unknown_status",
  "untidy_status",
  "malformed",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/**
 * How one entity is exported. A pick selects the rows of one file, in file order: the row's number n, the day it was
 * created, and what else `render` needs. `render` turns the table `picked` into the columns as they were at the end of a
 * day, ordered by `position`, the row's place in the file. DuckDB does not keep the order of rows in a join: so a render
 * without joins needs no sort, and a render with joins ends with an `order by`.
 */
export interface Entity {
  readonly name: EntityName;
  readonly columns: readonly string[];
  /** Whether its picks read the tables of `salesTables`, which have to be there for the file first. */
  readonly isOfSales?: boolean;
  /** Every row that exists at the end of `to`. */
  pickHistory(to: Day): string;
  /** The rows that appear or change on `day`. */
  pickDay(day: Day): string;
  render(asOf: Day): string;
  /** The kinds of faults, in the order in which rows get them; a kind may occur several times. */
  readonly faults: readonly FaultKind[];
}

/** An id such as C000123. lpad() cuts longer text, so the width grows with large numbers. */
export function id(prefix: string, n: string, width: number): string {
  return `'${prefix}' || lpad(${n}::varchar, greatest(${width}, length(${n}::varchar))::integer, '0')`;
}

/** Whole cents as a decimal with two digits after the point. */
export function money(cents: string): string {
  return `(${cents})::decimal(12, 0) * 0.01`;
}

/** An ISO instant from seconds since 1970. */
export function instant(seconds: string): string {
  return `strftime(make_timestamp((${seconds})::bigint * 1000000), '%Y-%m-%dT%H:%M:%SZ')`;
}

/** An ISO instant from a day and a second of that day. */
export function instantOf(day: string, second: string): string {
  return instant(`${day}::bigint * 86400 + ${second}`);
}
