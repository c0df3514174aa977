import type { Column, Table } from "../contracts/table.js";
import { boundsOf } from "../contracts/ranges.js";
import { marker } from "../sql/param.js";
import { isAuditColumn } from "../plan/kept-columns.js";
import type { Severity } from "../plan/plan.js";
import { rowText } from "../verbs/row-text.js";
import { checkMessage, type NumberWords } from "./check-message.js";

/** One rule of a contract, for rows that are named `rows_written`. */
export interface Rule {
  readonly name: string;
  readonly severity: Severity;
  /** The number of rows that break it: an aggregate. */
  readonly failed: string;
  /** Whether a row breaks it, and a text that names the row. */
  readonly broken?: { readonly holds: string; readonly row: string };
  /** A select of the one column `row`: texts that name the rows that break it, where a row alone does not say so. */
  readonly rows?: string;
}

/** How an engine measures a contract. */
export interface ContractParts extends NumberWords {
  /** Whether rows are named by a second select, which runs only where a rule is broken: for an engine whose runs can ask twice. */
  readonly namesWhenBroken?: boolean;
  /** Whether a value stands in a column of another table: for an engine that does this better than by a join. */
  isKnown?(value: string, table: string, column: string): string;
  /** A column's value as text, the same on each engine. */
  text(column: Pick<Column, "name" | "type">): string;
  /**
   * The common table expressions that measure the rules over `from`, and a select of position, check_name, severity, failed_rows,
   * total_rows and sample from these.
   *
   * @param isNamed whether broken rows are named; otherwise sample is null
   */
  measured(
    rules: readonly Rule[],
    from: string,
    isNamed: boolean,
  ): { readonly expressions: readonly string[]; readonly select: string };
}

/**
 * The contract's checks of a table as one select over `rows`, one result row for each rule: not null, accepted values,
 * a unique key, references, ranges and relations. Columns: check_name, severity, failed_rows, total_rows, figure, threshold, sample and
 * message. The sample names up to three of the broken rows; `samples` is the same select with them where the first one has none.
 *
 * A range only warns: rows beyond it are refused before, so what it finds was kept under an older contract, and must not stop
 * every run from then on.
 */
export function contractCheck(
  table: Table,
  rows: string,
  { keyIsUnique, parts }: { keyIsUnique: boolean; parts: ContractParts },
): { sql: string; severity: Severity; samples?: string } {
  const rules: Rule[] = [];
  const key = table.options.key ?? [];
  /** What names a row: its key, and what these columns hold. */
  const row = (...names: readonly string[]) =>
    rowText(
      table,
      table.columns
        .filter(({ name }) => key.includes(name) || names.includes(name))
        .map((column) => ({ ...column, sql: column.name })),
      parts.text,
    );
  const add = (name: string, severity: Severity, holds: string, ...columns: readonly string[]) => {
    const text = key.length > 0 ? row(...columns) : undefined;
    rules.push({
      name,
      severity,
      failed: `count(case when ${holds} then 1 end)`,
      ...(text && { broken: { holds, row: text } }),
    });
  };
  for (const { name, nullable } of table.columns)
    if (!nullable && !isAuditColumn(table, name)) add(`${name} is not null`, "halt", `${name} is null`);
  for (const { name, accepts } of table.columns) {
    if (!accepts) continue;
    const list = accepts.map((value) => `'${value}'`).join(", ");
    add(`${name} is one of ${accepts.join(", ")}`, "halt", `${name} not in (${list})`, name);
  }
  for (const { column, words, isBeyond } of boundsOf(table))
    add(`no ${column.name} ${words}`, "warn", isBeyond(column.name, marker("now")), column.name);
  for (const { name, holds } of table.options.relations ?? []) {
    const judged = table.columns.filter((column) => new RegExp(`\\b${column.name}\\b`).test(holds));
    add(name, "warn", `not (${holds})`, ...judged.map((column) => column.name));
  }
  if (key.length > 0 && !keyIsUnique) {
    const columns = key.join(", ");
    rules.push({
      name: `${columns} is unique`,
      severity: "halt",
      failed: `count(*) - (select count(*) from (select distinct ${columns} from rows_written) as keys)`,
      rows: `select ${row()!} as row from rows_written group by ${columns} having count(*) > 1`,
    });
  }
  const joins: string[] = [];
  Object.entries((table.options.references ?? {}) as Record<string, string>).forEach(
    ([column, target], index) => {
      const [schema, name, targetColumn] = target.split(".");
      const known = parts.isKnown?.(column, `${schema}.${name}`, targetColumn!);
      const isUnknown = known ? `(${known}) is not true` : `r${index}._key is null`;
      const isBroken = table.options.optionalReferences?.includes(column)
        ? `${known ? column : `rows_written.${column}`} is not null and ${isUnknown}`
        : isUnknown;
      if (!known)
        joins.push(
          `left join (select distinct ${targetColumn} as _key from ${schema}.${name}) as r${index} on ` +
            `rows_written.${column} = r${index}._key`,
        );
      add(`${column} is known in ${schema}.${name}`, "warn", isBroken, column);
    },
  );
  const severity = rules.some((rule) => rule.severity === "halt") ? "halt" : "warn";
  const measuring = (isNamed: boolean) => {
    const { expressions, select } = parts.measured(rules, ["rows_written", ...joins].join("\n  "), isNamed);
    return `with rows_written as (${rows}),
${expressions.join(",\n")}
select check_name, severity, failed_rows, total_rows, figure, threshold, sample,
  ${checkMessage("rows", parts, noText)} as message
from (
select *, cast(failed_rows as double) as figure, cast(0 as double) as threshold
from (
  ${select}
) as results
) as judged order by position`;
  };
  return parts.namesWhenBroken
    ? { sql: measuring(false), severity, samples: measuring(true) }
    : { sql: measuring(true), severity };
}

const noText = (): never => {
  throw new Error("Counts of rows bind no text.");
};
