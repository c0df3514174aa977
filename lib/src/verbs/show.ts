import type { Table } from "../contracts/table.js";
import { sql, type Statement } from "../sql/statement.js";
import { theSession } from "../session/session.js";

/**
 * Shows a table's or a select's first rows: in Jupyter below the cell, on the docs page with the last run's rows.
 *
 * @param options.limit at most so many rows, 20 by default
 * @example
 * await show(sql`select status, count(*) as orders from ${silver.orders_clean} group by status`);
 */
export async function show(what: Table | Statement, options: { limit?: number } = {}): Promise<void> {
  const statement = what.kind === "table" ? sql`select * from ${what}` : what;
  await (await theSession()).submit({ kind: "show", what: statement, limit: options.limit ?? 20 });
}
