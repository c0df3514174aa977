import type { Column, Table } from "../contracts/table.js";
import type { DialectName, Operation } from "../plan/plan.js";

/** Rows to be written to a table: a select in the engine's dialect, parameters still as identifiers. */
export interface Write {
  readonly table: Table;
  readonly rows: string;
}

/**
 * How an engine writes each verb: pure functions from a verb to statements. `rows` and other selects are already in
 * the engine's dialect.
 */
export interface Dialect {
  readonly name: DialectName;
  /** DDL for a table and, if it tracks columns, for the log of what they were. */
  createTable(table: Table): string[];
  /** @param type in Databricks' dialect */
  addColumn(table: string, column: { readonly name: string; readonly type: string }): string;
  /** An array of texts made of the given expressions. */
  texts(items: readonly string[]): string;
  stage(name: string, select: string): Operation[];
  append(write: Write): Operation[];
  merge(write: Write): Operation[];
  /** @param of the column that names what has a history */
  history(write: Write & { readonly of: string }): Operation[];
  /** @param scope rows of the table that are computed anew: its columns and a select of their values */
  refresh(
    write: Write & { readonly scope: { columns: readonly string[]; select: string } | undefined },
  ): Operation[];
  reject(write: Write & { readonly raw: Table }): Operation[];
  check(check: { measure: string; name: string; severity: string; max: string }): Operation[];
  show(select: string, limit: number, offset?: number): Operation[];
  maintain(table: Table): Operation[];
}

/** Columns that every table kept by a verb has beside its contract's: the batch that wrote a row, and the first one. */
export const batchColumns = (table: Table): readonly string[] =>
  table.layer === "ops"
    ? []
    : table.layer === "bronze" || table.name === "silver.rejected_rows"
      ? ["_batch"]
      : ["_batch", "_first_batch"];

/** The key and the tracked columns: what the log of earlier values holds of a table. */
export const loggedColumns = (table: Table): Column[] => {
  const kept = new Set<string>([...keyOf(table), ...(table.options.tracks ?? [])]);
  return table.columns.filter(({ name }) => kept.has(name));
};

/** What a file brought of a raw row, without the audit columns that say where it came from. */
export const arrivedColumns = (raw: Table): Column[] =>
  raw.columns.filter(({ name }) => !["source_file", "source_row", "ingested_at"].includes(name));

/** A column of what arrived as it stands in the quarantine's JSON. Engines write instants differently there: as ISO text. */
export const inJson = ({ name, type }: Column, of: string): string =>
  type === "TIMESTAMP" ? `replace(cast(${of}.${name} as string), ' ', 'T') || 'Z'` : `${of}.${name}`;

/** The contract's columns that the notebook's select must give: all but those that the verb fills in. */
export const givenColumns = (table: Table, filled: readonly string[] = []): Column[] =>
  table.columns.filter(({ name }) => !isStamp(table, name) && !filled.includes(name));

export const isStamp = (table: Table, column: string) =>
  ((table.options.stamps ?? []) as readonly string[]).includes(column);

export const names = (columns: readonly { name: string }[], prefix = "") =>
  columns.map(({ name }) => prefix + name).join(", ");

export const keyOf = (table: Table): readonly string[] => {
  const key = table.options.key;
  if (!key?.length) throw new Error(`${table.name}: its contract names no key, which this verb needs.`);
  return key;
};

/** How `merge` chooses between rows of one key: by these columns, the newest or the oldest; undefined where it cannot. */
export function preference(
  table: Table,
): { columns: readonly string[]; order: string; isBetter: "<=" | ">=" } | undefined {
  const { newest, oldest } = table.options;
  const columns: readonly string[] = newest ?? oldest ?? [];
  if (columns.length === 0) return undefined;
  const order = columns.map((column) => (newest ? `${column} desc` : column)).join(", ");
  return { columns, order, isBetter: newest ? ">=" : "<=" };
}

/** Columns that `history` fills in. */
export const historyColumns = ["surrogate_key", "effective_end_date", "is_current"] as const;

/** What the notebook's select gives beside: of two changes at one instant, the later file wins, then the later row. */
export const originColumns = ["source_file", "source_row"] as const;

/** What must differ between two rows of a history for the later to be a version of its own. */
export const versionColumns = (table: Table, of: string) =>
  table.columns
    .map(({ name }) => name)
    .filter((name) => ![...historyColumns, "effective_start_date", of].includes(name));

/**
 * The contract's checks of a table as one select over `rows`, one result row for each rule: not null, accepted values,
 * a unique key, references. Columns: check_name, severity, failed_rows, total_rows, figure, threshold.
 */
export function contractCheck(
  table: Table,
  rows: string,
  options: {
    keyIsUnique: boolean;
    /**
     * Makes rows of one row's figures: a select of position, check_name, severity, failed_rows and total_rows
     * from measured.
     */
    unpivot?: (results: readonly { name: string; severity: string; figure: string }[]) => string;
  },
): string {
  const rules: { name: string; severity: "halt" | "warn"; failed: string }[] = [];
  const required = table.columns.filter(({ nullable, name }) => !nullable && !isStamp(table, name));
  for (const { name } of required) {
    rules.push({
      name: `${name} is not null`,
      severity: "halt",
      failed: `count(case when ${name} is null then 1 end)`,
    });
  }
  for (const { name, accepts } of table.columns) {
    if (!accepts) continue;
    const list = accepts.map((value) => `'${value}'`).join(", ");
    rules.push({
      name: `${name} is one of ${accepts.join(", ")}`,
      severity: "halt",
      failed: `count(case when ${name} not in (${list}) then 1 end)`,
    });
  }
  const key = table.options.key;
  if (key && !options.keyIsUnique) {
    rules.push({
      name: `${key.join(", ")} is unique`,
      severity: "halt",
      failed: `count(*) - (select count(*) from (select distinct ${key.join(", ")} from rows_written) as keys)`,
    });
  }
  const joins: string[] = [];
  Object.entries((table.options.references ?? {}) as Record<string, string>).forEach(
    ([column, target], index) => {
      const [schema, name, targetColumn] = target.split(".");
      joins.push(
        `left join (select distinct ${targetColumn} as _key from ${schema}.${name}) as r${index} on rows_written.${column} = r${index}._key`,
      );
      rules.push({
        name: `${column} is known in ${schema}.${name}`,
        severity: "warn",
        failed: `count(case when r${index}._key is null then 1 end)`,
      });
    },
  );
  const measured = rules.map(({ failed }, index) => `${failed} as f${index}`).join(",\n    ");
  const results = rules.map(({ name, severity }, index) => ({ name, severity, figure: `f${index}` }));
  const unpivot = options.unpivot ?? unionAll;
  return `with rows_written as (${rows}),
measured as (
  select count(*) as total_rows,
    ${measured}
  from rows_written ${joins.join("\n  ")}
)
select check_name, severity, failed_rows, total_rows, cast(failed_rows as double) as figure, cast(0 as double) as threshold
from (
  ${unpivot(results)}
) as results order by position`;
}

const unionAll = (results: readonly { name: string; severity: string; figure: string }[]) =>
  results
    .map(
      ({ name, severity, figure }, position) =>
        `select ${position} as position, '${name}' as check_name, '${severity}' as severity, ${figure} as failed_rows, total_rows from measured`,
    )
    .join("\n  union all ");
