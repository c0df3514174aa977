import type { z } from "zod";
import { InputError } from "../errors.js";
import type { ColumnOf, Table } from "../contracts/table.js";
import { theSession } from "../session/session.js";
import type { Statement } from "../sql/statement.js";

type Named<T extends { row: z.ZodType }> = readonly [ColumnOf<T>, ...ColumnOf<T>[]];

/**
 * Appends the files of a landing folder that the table does not hold yet, each exactly once, as text with their audit
 * columns. The contract says what the files are: exports (CSV), or envelopes of Kafka messages (NDJSON).
 *
 * @param options.from folder below the landing folder, such as `orders`
 * @throws InputError when a file lacks a column, is not UTF-8 or was changed after it was loaded
 * @example
 * await load(bronze.orders_raw, { from: "orders" });
 */
export async function load(table: Table, options: { from: string }): Promise<void> {
  await (await theSession()).submit({ kind: "load", table, folder: options.from });
}

/**
 * Appends rows. A step that is repeated appends them once.
 *
 * @param rows gives every column of the contract but its stamps
 */
export async function append(table: Table, rows: Statement): Promise<void> {
  await (await theSession()).submit({ kind: "append", table, rows });
}

/**
 * Keeps one row per key, the newest by the contract's `newest` columns: SCD type 1. A row that is the same as the one
 * kept is not written.
 *
 * @param rows gives every column of the contract but its stamps; may hold a key more than once
 * @example
 * await merge(silver.dim_products, sql`select product_id, … from ${changes(bronze.products_raw)}`);
 */
export async function merge(table: Table, rows: Statement): Promise<void> {
  needsKey(table, "merge");
  await (await theSession()).submit({ kind: "merge", table, rows });
}

/**
 * Keeps every version of what `of` names, with its validity: SCD type 2. The verb works out surrogate_key,
 * effective_end_date and is_current; a change that alters nothing makes no version, and one that arrives late lands in
 * its place.
 *
 * @param rows gives all known changes of each `of` that has a new one: the tracked columns, effective_start_date,
 *   source_file and source_row (of two changes at one instant, the later file and row wins)
 * @example
 * await history(silver.dim_customers, changesOfTouchedCustomers, { of: "customer_id" });
 */
export async function history<T extends Table>(
  table: T,
  rows: Statement,
  options: { of: ColumnOf<T> },
): Promise<void> {
  needsKey(table, "history");
  await (await theSession()).submit({ kind: "history", table, rows, of: options.of });
}

/**
 * Keeps an aggregate: rows of the scope are computed anew, those outside stay as they are. Without a scope the whole
 * table is computed anew.
 *
 * @param rows gives every column of the contract but its stamps, for the scope
 * @param options.by the columns that name the scope
 * @param options.of a select of the values of these columns that have to be computed anew
 * @example
 * await refresh(gold.daily_sales_summary, sales, { by: ["date"], of: days });
 */
export async function refresh<T extends Table>(
  table: T,
  rows: Statement,
  options?: { by: Named<T>; of: Statement },
): Promise<void> {
  needsKey(table, "refresh");
  const of = options && { columns: options.by, select: options.of };
  await (await theSession()).submit({ kind: "refresh", table, rows, of });
}

/**
 * Puts refused rows into the quarantine, `silver.rejected_rows`, whole and with their reasons.
 *
 * @param table the table that refuses them
 * @param rows gives reasons (ARRAY<STRING>), source_file and source_row
 * @param options.raw the bronze table they came from, of which the raw row is kept as JSON
 * @example
 * await reject(silver.orders_clean, sql`select * from ${judged} where size(reasons) > 0`, { raw: bronze.orders_raw });
 */
export async function reject(table: Table, rows: Statement, options: { raw: Table }): Promise<void> {
  await (await theSession()).submit({ kind: "reject", table, rows, raw: options.raw });
}

/**
 * Cares for a table where the engine has files and a catalog: its comments and tags as the contract says, then clustering,
 * OPTIMIZE or ZORDER, and VACUUM with 7 days' retention. Elsewhere it does nothing, and a run says so.
 */
export async function maintain(table: Table): Promise<void> {
  await (await theSession()).submit({ kind: "maintain", table });
}

function needsKey(table: Table, verb: string): void {
  if (table.options.key?.length) return;
  throw new InputError(
    `${verb}(${table.name}): its contract names no key. Add { key: [...] } to the contract.`,
  );
}
