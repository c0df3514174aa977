import type { ColumnOf, Table } from "../contracts/table.js";
import type { Severity } from "../plan/plan.js";
import { theSession } from "../plan/session.js";
import { columnsOf } from "../sql/columns.js";
import { run, sql, sqlOf, type Statement } from "../sql/statement.js";
import { rowText } from "./row-text.js";
import type { TableRequest, Verb } from "./verb.js";

/** What a check's figure is a number of; of two sums that should be equal, how far they are apart. */
export type CheckUnit = "rows" | "share" | "hours" | "rows too few" | { readonly sumsOf: string };

/** What sums are of where nothing else is said. */
export const inCurrency = "in the shop's currency";

export interface CheckRequest extends TableRequest<"check"> {
  readonly name: string;
  readonly severity: Severity;
  readonly unit: CheckUnit;
  /**
   * Of rows and shares the judged rows: broken, and example, a text that names the row. Otherwise one row: total_rows and
   * figure, and of sums actual and expected.
   */
  readonly select: Statement;
  /** The greatest figure allowed. */
  readonly max: number;
}

interface CheckOptions {
  /** The greatest figure that passes. Default 0. */
  max?: number;
  /** `halt` (default) stops the run before anything of this step is kept; `warn` only says so. */
  severity?: Severity;
}

/**
 * Checks of data. Each records its figure in `ops.check_results`, passed or not, and a message that gives the figure with its
 * unit, up to three of the rows, and the limit; the contract's own checks (types, not null, keys, accepted values, ranges,
 * references) run with every write and need no word here.
 */
export const check = {
  /**
   * The share of rows for which a condition holds, between 0 and 1.
   *
   * @param broken a select of a BOOLEAN column, and of columns that name the row in the message, such as its key
   * @example
   * await check.rate(silver.orders_clean, "null order_id", sql`
   *   select order_id is null, source_file, source_row from ${typed}`, { max: 0.01 });
   */
  async rate(table: Table, name: string, broken: Statement, options: CheckOptions = {}): Promise<void> {
    await submit(table, name, options, "share", judgedRows(table, broken, { hasCondition: true }));
  },

  /**
   * The number of rows a select gives: rows that should not be there.
   *
   * @param rows its columns name the rows in the message, the table's key first; of `select *` the message names none
   * @example
   * await check.none(silver.orders_clean, "dated in the future", sql`
   *   select order_id, order_date from ${judged} where order_date > ${run.now}`);
   */
  async none(table: Table, name: string, rows: Statement, options: CheckOptions = {}): Promise<void> {
    await submit(table, name, options, "rows", judgedRows(table, rows, { hasCondition: false }));
  },

  /**
   * How far two sums are apart, relative to the expected one; absolute where that is zero.
   *
   * @param sides two selects of one value each
   * @param options.sumsOf what the sums are of, such as "events"; amounts in the shop's currency where nothing is said
   * @example
   * await check.reconcile(gold.daily_sales_summary, "revenue", { actual, expected }, { max: 0.0001 });
   */
  async reconcile(
    table: Table,
    name: string,
    sides: { actual: Statement; expected: Statement },
    options: CheckOptions & { sumsOf?: string } = {},
  ): Promise<void> {
    const { sumsOf = inCurrency, ...rest } = options;
    await submit(
      table,
      name,
      rest,
      { sumsOf },
      sql`
      select cast(null as bigint) as total_rows, actual, expected,
        case when expected = 0 then cast(abs(actual) as double)
          else cast(abs(actual - expected) as double) / cast(abs(expected) as double) end as figure
      from (
        select coalesce(cast((select * from ${sides.actual}) as decimal(38,2)), 0) as actual,
          coalesce(cast((select * from ${sides.expected}) as decimal(38,2)), 0) as expected
      ) as sides`,
    );
  },

  /**
   * How old the newest value of a TIMESTAMP column is, in hours before the step's start. An empty table is not judged. A newest
   * value that lies in the future says nothing about age, so how far ahead it is, in hours, is a check of its own: at most one,
   * since clocks differ.
   *
   * @example
   * await check.fresh(silver.orders_clean, "updated_at", { maxHours: 48, severity: "warn" });
   */
  async fresh<T extends Table>(
    table: T,
    column: ColumnOf<T>,
    options: { maxHours: number; severity?: Severity },
  ): Promise<void> {
    const newest = identifier(column);
    await submit(
      table,
      `${column} is fresh`,
      { ...options, max: options.maxHours },
      "hours",
      sql`
      select count(*) as total_rows, cast(unix_seconds(${run.now}) - unix_seconds(max(${newest})) as double) / 3600 as figure
      from ${table}`,
    );
    await submit(
      table,
      `hours by which the newest ${column} lies in the future`,
      { ...(options.severity && { severity: options.severity }), max: 1 },
      "hours",
      sql`
      select count(*) as total_rows,
        greatest(cast(unix_seconds(max(${newest})) - unix_seconds(${run.now}) as double) / 3600, 0) as figure
      from ${table}`,
    );
  },

  /**
   * How many rows a table lacks to hold at least `min`.
   *
   * @example
   * await check.rows(gold.customer_ltv, { min: 1 });
   */
  async rows(table: Table, options: { min: number; severity?: Severity }): Promise<void> {
    const { min, ...rest } = options;
    await submit(
      table,
      `at least ${min} rows`,
      rest,
      "rows too few",
      sql`select count(*) as total_rows, greatest(${min} - count(*), 0) as figure from ${table}`,
    );
  },
};

async function submit(
  table: Table,
  name: string,
  options: CheckOptions,
  unit: CheckUnit,
  select: Statement,
): Promise<void> {
  const { max = 0, severity = "halt" } = options;
  const request: CheckRequest = { kind: "check", table, name, severity, unit, select, max };
  await (await theSession()).submit(request);
}

/** The rows of a notebook's select, with what is broken about them and a text that names each. */
function judgedRows(table: Table, rows: Statement, { hasCondition }: { hasCondition: boolean }): Statement {
  const columns = columnsOf(rows) ?? (hasCondition ? [""] : []);
  const given = columns.map((name, index) => ({
    name,
    sql: index === 0 && hasCondition ? "broken" : `c${index}`,
  }));
  const example = rowText(
    table,
    given.slice(hasCondition ? 1 : 0),
    ({ sql: column }) => `cast(${column} as string)`,
  );
  const broken = hasCondition ? "case when broken then true else false end" : "true";
  const texts = [
    `select ${broken} as broken, ${example ?? "cast(null as string)"} as example from `,
    ` as judged_rows${given.length > 0 ? ` (${given.map(({ sql: column }) => column).join(", ")})` : ""}`,
  ];
  return sqlOf(texts, rows);
}

export const checkVerb: Verb<CheckRequest> = {
  role: "check",
  readers: (request) => [[request.select, request]],
  withSelects: (request, replace) => ({ ...request, select: replace(request.select) }),
  title: ({ name }) => name,
};

/** A column's name, known to be one by its type, as a piece of SQL. */
const identifier = (name: string): Statement => sqlOf([name]);
