import { InputError } from "../errors.js";
import type { Result } from "../plan/plan.js";
import { theSession } from "../plan/session.js";
import type { Statement } from "../sql/statement.js";
import type { RowsRequest } from "../verbs/read.js";
import { toValue, type Columns, type RowOf } from "./snapshot-columns.js";
import { openSnapshot, type Snapshot } from "./snapshot.js";
import { thePageSurface } from "./page-surface.js";

/**
 * Declares what a page draws from. The daily job runs the select and exports its rows as a snapshot of these columns;
 * the page reads the snapshot and never connects to a database. In Jupyter the select runs immediately.
 *
 * @param name names the snapshot on its page, such as `daily_sales`
 * @param columns all columns of the select, with what each holds
 * @param options `onDemand`: a page loads the rows when a drawing first reads them, and not before; for many rows of which few
 *   readers ask
 * @example
 * const daily = await query("daily_sales", { date: "date", revenue: "decimal" }, sql`
 *   select date, sum(revenue) as revenue from ${gold.daily_sales_summary} group by date order by date`);
 *
 * @throws InputError when the name is not valid, or when a column does not hold what it is declared to hold
 */
export async function query<const C extends Columns>(
  name: string,
  columns: C,
  select: Statement,
  // The page's script reads it.
  _options: { readonly onDemand?: boolean } = {},
): Promise<Snapshot<C>> {
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(name))
    throw new InputError(`query "${name}": name it with small letters, digits and _, such as "daily_sales".`);
  const surface = thePageSurface();
  if (surface?.query) return surface.query(name, columns);
  const snapshot = openSnapshot(name, columns);
  const request: RowsRequest = { kind: "rows", what: select, snapshot: { name, columns } };
  const result = await (await theSession()).submit(request);
  if (result) snapshot.set(rowsOf(name, columns, result));
  return snapshot;
}

/** An engine's rows as a page sees them. */
function rowsOf<C extends Columns>(name: string, columns: C, result: Result): RowOf<C>[] {
  return result.rows.map((row, index) => {
    const values = Object.entries(columns).map(([column, declared]) => {
      try {
        return [column, toValue(row[column], declared)];
      } catch (error) {
        throw new InputError(`query "${name}", row ${index + 1}: ${column} ${(error as Error).message}.`);
      }
    });
    return Object.fromEntries(values) as RowOf<C>;
  });
}
