import type { Table } from "../contracts/table.js";
import { InputError } from "../errors.js";
import { sql, type Statement } from "../sql/statement.js";
import type { ResultRow } from "../plan/plan.js";
import { theSession } from "../session/session.js";

/**
 * Shows a table's or a select's first rows: in Jupyter below the cell, on the docs page with the last run's rows.
 *
 * A table is shown with its contract's columns.
 *
 * @param options.limit at most so many rows, 20 by default
 * @param options.offset so many rows are passed over, for the next page; say `order by` then
 * @throws InputError when limit or offset is not a whole number from 0
 * @example
 * await show(sql`select status, count(*) as orders from ${silver.orders_clean} group by status`);
 * await show(sql`select * from ${gold.customer_ltv} order by total_revenue desc`, { limit: 50, offset: 50 });
 */
export async function show(
  what: Table | Statement,
  options: { limit?: number; offset?: number } = {},
): Promise<void> {
  const { limit = 20, offset = 0 } = options;
  for (const [name, value] of Object.entries({ limit, offset }))
    if (!Number.isSafeInteger(value) || value < 0)
      throw new InputError(`show: the ${name} ${value} is not a whole number from 0.`);
  const statement = what.kind === "table" ? rowsOf(what) : what;
  await (await theSession()).submit({ kind: "show", what: statement, limit, offset });
}

/**
 * Shows below the cell how a select is answered: its SQL with the selects it is made of, the SQL as the engine gets it, and
 * the engine's plan. Does nothing where the notebook is compiled or run as a step.
 *
 * @example
 * await explain(sql`select status, count(*) as orders from ${silver.orders_clean} group by status`);
 */
export async function explain(what: Table | Statement): Promise<void> {
  await (await theSession()).explain?.(what.kind === "table" ? rowsOf(what) : what);
}

/**
 * The rows of a select, for a step that touches the world and has to know them: `runtime: node`. A step that is only SQL
 * is known before it runs and reads no value.
 *
 * @returns decimals, dates and instants as text, whole numbers as numbers
 * @example
 * const [newest] = await rows(sql`select max(kafka_offset) as kafka_offset from ${bronze.clickstream_raw}`);
 */
export async function rows(what: Statement): Promise<ResultRow[]> {
  const session = await theSession();
  session.world?.("rows()");
  const result = await session.submit({ kind: "rows", what });
  return [...(result?.rows ?? [])];
}

function rowsOf(table: Table): Statement {
  const parts = [`select ${table.columns.map(({ name }) => name).join(", ")} from `, ""];
  return sql(Object.assign(parts, { raw: parts }), table);
}
