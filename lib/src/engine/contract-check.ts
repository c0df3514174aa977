import type { Table } from "../contracts/table.js";
import { boundsOf } from "../contracts/ranges.js";
import { marker } from "../sql/param.js";
import { isAuditColumn } from "../plan/kept-columns.js";
import type { Severity } from "../plan/plan.js";

interface Rule {
  readonly name: string;
  readonly severity: Severity;
  readonly failed: string;
  /** Up to three of the rows that break it, as text. */
  readonly sample?: string;
}

/** One rule's outcome within the pass over all rows. */
export interface RuleResult {
  readonly name: string;
  readonly severity: Severity;
  readonly figure: string;
}

/**
 * The contract's checks of a table as one select over `rows`, one result row for each rule: not null, accepted values,
 * a unique key, references, ranges and relations. Columns: check_name, severity, failed_rows, total_rows, figure, threshold.
 * With `samples` there is a second select, for when a rule is broken: check_name, and up to three of the rows as text.
 *
 * A range only warns: rows beyond it are refused before, so what it finds was kept under an older contract, and must not stop
 * every run from then on.
 */
export function contractCheck(
  table: Table,
  rows: string,
  options: {
    keyIsUnique: boolean;
    /** Whether a value stands in a column of another table: for an engine that does this better than by a join. */
    isKnown?: (value: string, table: string, column: string) => string;
    /** Joins up to three of a text's values, without nulls: an aggregate of the engine. */
    samples?: (text: string) => string;
    /**
     * Makes rows of one row's figures: a select of position, check_name, severity, failed_rows and total_rows
     * from measured.
     */
    unpivot?: (results: readonly RuleResult[]) => string;
  },
): { sql: string; severity: Severity; samples?: string } {
  const rules: Rule[] = [];
  const { samples } = options;
  const key = table.options.key;
  const keyText =
    key && `concat(${key.map((name) => `coalesce(cast(${name} as string), 'null')`).join(", ' ', ")})`;
  /** Of broken rows: the key, and what these columns hold. */
  const sampleOf = (isBroken: string, columns: readonly string[]): { sample?: string } => {
    if (!samples || !keyText) return {};
    const values = columns
      .filter((name) => !key.includes(name))
      .map(
        (name, index) =>
          `'${index ? "," : ":"} ${name} ', coalesce(left(cast(${name} as string), 100), 'null')`,
      );
    return { sample: samples(`case when ${isBroken} then concat(${[keyText, ...values].join(", ")}) end`) };
  };
  const required = table.columns.filter(({ nullable, name }) => !nullable && !isAuditColumn(table, name));
  for (const { name } of required) {
    const isBroken = `${name} is null`;
    rules.push({
      name: `${name} is not null`,
      severity: "halt",
      failed: `count(case when ${isBroken} then 1 end)`,
      ...sampleOf(isBroken, []),
    });
  }
  for (const { name, accepts } of table.columns) {
    if (!accepts) continue;
    const list = accepts.map((value) => `'${value}'`).join(", ");
    const isBroken = `${name} not in (${list})`;
    rules.push({
      name: `${name} is one of ${accepts.join(", ")}`,
      severity: "halt",
      failed: `count(case when ${isBroken} then 1 end)`,
      ...sampleOf(isBroken, [name]),
    });
  }
  for (const { column, words, isBeyond } of boundsOf(table)) {
    const isBroken = isBeyond(column.name, marker("now"));
    rules.push({
      name: `no ${column.name} ${words}`,
      severity: "warn",
      failed: `count(case when ${isBroken} then 1 end)`,
      ...sampleOf(isBroken, [column.name]),
    });
  }
  for (const { name, holds } of table.options.relations ?? []) {
    const shown = table.columns.filter((column) => new RegExp(`\\b${column.name}\\b`).test(holds));
    rules.push({
      name,
      severity: "warn",
      failed: `count(case when not (${holds}) then 1 end)`,
      ...sampleOf(
        `not (${holds})`,
        shown.map((column) => column.name),
      ),
    });
  }
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
      const isBroken = options.isKnown
        ? `(${options.isKnown(column, `${schema}.${name}`, targetColumn!)}) is not true`
        : `r${index}._key is null`;
      if (!options.isKnown)
        joins.push(
          `left join (select distinct ${targetColumn} as _key from ${schema}.${name}) as r${index} on ` +
            `rows_written.${column} = r${index}._key`,
        );
      rules.push({
        name: `${column} is known in ${schema}.${name}`,
        severity: "warn",
        failed: `count(case when ${isBroken} then 1 end)`,
        ...sampleOf(isBroken, [column]),
      });
    },
  );
  const from = `from rows_written ${joins.join("\n  ")}`;
  const results = rules.map(({ name, severity }, index) => ({ name, severity, figure: `f${index}` }));
  const unpivot = options.unpivot ?? unionAll;
  const severity = rules.some((rule) => rule.severity === "halt") ? "halt" : "warn";
  const sql = `with rows_written as (${rows}),
measured as (
  select count(*) as total_rows,
    ${rules.map(({ failed }, index) => `${failed} as f${index}`).join(",\n    ")}
  ${from}
)
select check_name, severity, failed_rows, total_rows, cast(failed_rows as double) as figure, cast(0 as double) as threshold
from (
  ${unpivot(results)}
) as results order by position`;
  const named = rules.flatMap(({ name, sample }, index) =>
    sample ? [{ name, sample, as: `s${index}` }] : [],
  );
  if (named.length === 0) return { sql, severity };
  const broken = `with rows_written as (${rows}),
broken as (
  select ${named.map(({ sample, as }) => `${sample} as ${as}`).join(",\n    ")}
  ${from}
)
${named.map(({ name, as }) => `select '${name}' as check_name, ${as} as sample from broken`).join("\nunion all ")}`;
  return { sql, severity, samples: broken };
}

const unionAll = (results: readonly RuleResult[]) =>
  results
    .map(
      ({ name, severity, figure }, position) =>
        `select ${position} as position, '${name}' as check_name, '${severity}' as severity, ${figure} as ` +
        `failed_rows, total_rows from measured`,
    )
    .join("\n  union all ");
