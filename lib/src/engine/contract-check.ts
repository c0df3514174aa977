import type { Table } from "../contracts/table.js";
import { isAuditColumn } from "../plan/kept-columns.js";
import type { Severity } from "../plan/plan.js";

interface Rule {
  readonly name: string;
  readonly severity: Severity;
  readonly failed: string;
}

/** One rule's outcome within the pass over all rows. */
export interface RuleResult {
  readonly name: string;
  readonly severity: Severity;
  readonly figure: string;
}

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
    unpivot?: (results: readonly RuleResult[]) => string;
  },
): { sql: string; severity: Severity } {
  const rules: Rule[] = [];
  const required = table.columns.filter(({ nullable, name }) => !nullable && !isAuditColumn(table, name));
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
        `left join (select distinct ${targetColumn} as _key from ${schema}.${name}) as r${index} on ` +
          `rows_written.${column} = r${index}._key`,
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
  const severity = rules.some((rule) => rule.severity === "halt") ? "halt" : "warn";
  const sql = `with rows_written as (${rows}),
measured as (
  select count(*) as total_rows,
    ${measured}
  from rows_written ${joins.join("\n  ")}
)
select check_name, severity, failed_rows, total_rows, cast(failed_rows as double) as figure, cast(0 as double) as threshold
from (
  ${unpivot(results)}
) as results order by position`;
  return { sql, severity };
}

const unionAll = (results: readonly RuleResult[]) =>
  results
    .map(
      ({ name, severity, figure }, position) =>
        `select ${position} as position, '${name}' as check_name, '${severity}' as severity, ${figure} as ` +
        `failed_rows, total_rows from measured`,
    )
    .join("\n  union all ");
