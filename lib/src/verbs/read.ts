import type { Table } from "../contracts/table.js";
import { InputError } from "../errors.js";
import { sqlOf, type Statement } from "../sql/statement.js";
import type { ResultRow, SnapshotOf } from "../plan/plan.js";
import type { Request } from "../plan/session.js";
import type { Verb } from "./verb.js";
import { theSession } from "../plan/session.js";

export interface ShowRequest extends Request {
  readonly kind: "show";
  readonly what: Statement;
  readonly limit: number;
  readonly offset: number;
}

export interface RowsRequest extends Request {
  readonly kind: "rows";
  readonly what: Statement;
  /** Of a page's query: what it is exported as. */
  readonly snapshot?: SnapshotOf;
}

/**
 * Shows a table's or a select's first rows: in Jupyter below the cell, on the docs page with the last run's rows.
 *
 * A table is shown with its contract's columns.
 *
 * @param options.limit the most rows shown, 20 by default
 * @param options.offset the number of rows skipped, for the next page; use it with `order by`
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
  const request: ShowRequest = { kind: "show", what: statement, limit, offset };
  await (await theSession()).submit(request);
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
  const request: RowsRequest = { kind: "rows", what };
  const result = await session.submit(request);
  return [...(result?.rows ?? [])];
}

function rowsOf(table: Table): Statement {
  return sqlOf([`select ${table.columns.map(({ name }) => name).join(", ")} from `, ""], table);
}

const ofWhat = {
  role: "read",
  readers: (request: { readonly what: Statement }) => [[request.what, request]] as const,
  withSelects: <R extends { readonly what: Statement }>(
    request: R,
    replace: (select: Statement) => Statement,
  ): R => ({
    ...request,
    what: replace(request.what),
  }),
  select: ({ what }: { readonly what: Statement }) => what,
} as const;

export const showVerb: Verb<ShowRequest> = { ...ofWhat, isShown: true };

export const rowsVerb: Verb<RowsRequest> = {
  ...ofWhat,
  columns: ({ snapshot }) => snapshot && Object.keys(snapshot.columns),
  title: ({ snapshot }) => snapshot?.name ?? "show",
  item: ({ snapshot }) => (snapshot ? { snapshot } : {}),
};
