import type { ColumnOf, Table } from "../contracts/table.js";
import type { Severity } from "../plan/plan.js";
import { theSession } from "../plan/session.js";
import { run, sql, type Statement } from "../sql/statement.js";
import type { TableRequest, Verb } from "./verb.js";

export interface CheckRequest extends TableRequest<"check"> {
  readonly name: string;
  readonly severity: Severity;
  /** A select of one row: failed_rows, total_rows, figure. */
  readonly measure: Statement;
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
 * Checks of data. Each records its figure in `ops.check_results`, passed or not; the contract's own checks (types,
 * not null, keys, accepted values, references) run with every write and need no word here.
 */
export const check = {
  /**
   * The share of rows for which a condition holds, between 0 and 1.
   *
   * @param broken a select of one BOOLEAN column
   * @example
   * await check.rate(silver.orders_clean, "null order_id", sql`select order_id is null from ${typed}`, { max: 0.01 });
   */
  async rate(table: Table, name: string, broken: Statement, options: CheckOptions = {}): Promise<void> {
    await submit(
      table,
      name,
      options,
      sql`
      select count(case when broken then 1 end) as failed_rows, count(*) as total_rows,
        try_divide(count(case when broken then 1 end), count(*)) as figure
      from ${broken} as judged_rows (broken)`,
    );
  },

  /**
   * The number of rows a select gives: rows that should not be there.
   *
   * @example
   * await check.none(silver.orders_clean, "dated in the future", sql`select * from ${judged} where order_date > ${run.now}`);
   */
  async none(table: Table, name: string, rows: Statement, options: CheckOptions = {}): Promise<void> {
    await submit(
      table,
      name,
      options,
      sql`
      select count(*) as failed_rows, cast(null as bigint) as total_rows, count(*) as figure from ${rows} as found`,
    );
  },

  /**
   * How far two sums are apart, relative to the expected one; absolute where that is zero.
   *
   * @param sides two selects of one value each
   * @example
   * await check.reconcile(gold.daily_sales_summary, "revenue", { actual, expected }, { max: 0.0001 });
   */
  async reconcile(
    table: Table,
    name: string,
    sides: { actual: Statement; expected: Statement },
    options: CheckOptions = {},
  ): Promise<void> {
    await submit(
      table,
      name,
      options,
      sql`
      select cast(null as bigint) as failed_rows, cast(null as bigint) as total_rows,
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
      sql`
      select cast(null as bigint) as failed_rows, count(*) as total_rows,
        cast(unix_seconds(${run.now}) - unix_seconds(max(${newest})) as double) / 3600 as figure
      from ${table}`,
    );
    await submit(
      table,
      `hours by which the newest ${column} lies in the future`,
      { ...(options.severity && { severity: options.severity }), max: 1 },
      sql`
      select cast(null as bigint) as failed_rows, count(*) as total_rows,
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
      sql`
      select cast(null as bigint) as failed_rows, count(*) as total_rows, greatest(${min} - count(*), 0) as figure from ${table}`,
    );
  },
};

async function submit(table: Table, name: string, options: CheckOptions, measure: Statement): Promise<void> {
  const { max = 0, severity = "halt" } = options;
  const request: CheckRequest = { kind: "check", table, name, severity, measure, max };
  await (await theSession()).submit(request);
}

export const checkVerb: Verb<CheckRequest> = {
  role: "check",
  readers: (request) => [[request.measure, request]],
  withSelects: (request, replace) => ({ ...request, measure: replace(request.measure) }),
  title: ({ name }) => name,
};

/** A column's name, known to be one by its type, as a piece of SQL. */
const identifier = (name: string): Statement => sql(Object.assign([name], { raw: [name] }));
