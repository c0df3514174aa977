import { schemasOf, type Table, type Tables } from "shopmetrics/plan";
import { databricks, quoted } from "shopmetrics/engine";
import { wanted } from "shopmetrics/run";
import type { Graph } from "../../compile/graph.js";

/** How many tables may gain columns in one run of the file; if there are more, the task says so and is run again. */
const tablesThatGain = 3;

/**
 * The first task of every job: creates schemas and tables that the catalog lacks, adds columns that contracts have gained,
 * and records the run and the steps.
 */
export function prepareFile(graph: Graph & { readonly tables: Tables }): string {
  const tables = [...graph.tables.values()];
  const statements = [
    "use catalog {{catalog}}",
    ...schemasOf(graph.tables).map((schema) => `create schema if not exists ${schema}`),
    ...tables.flatMap((table) => databricks.dialect.createTable(table)),
    ...gainedColumns(tables),
    `-- the run, which a repair takes up again\n${runOnRecord}`,
    `-- what the pipeline is made of\n${stepsOnRecord(graph)}`,
  ];
  return `-- Schemas, tables, and what runs
-- Compiled from lib/src/shop/ and the notebooks: change those, not this file.

${statements.map((statement) => `${statement};`).join("\n\n")}
`;
}

/**
 * ALTER TABLE has no IF NOT EXISTS for a column, so the statement is composed from what the catalog lacks, a table at a
 * time, and run as text.
 */
function gainedColumns(tables: readonly Table[]): string[] {
  const columns = tables
    .flatMap(wanted)
    .flatMap(({ name, columns: of }) =>
      of.map((column, index) => `  ('${name}', ${index}, '${column.name}', '${column.type}')`),
    );
  const columnsInOrder =
    "transform(array_sort(collect_list(struct(position, wanted.column_name, type))), " +
    "one -> concat(one.column_name, ' ', one.type))";
  const missing = `(
  select wanted.table_name, concat('alter table ', wanted.table_name, ' add columns (',
    array_join(${columnsInOrder}, ', '), ')') as statement
  from wanted left anti join (
    select concat_ws('.', table_schema, table_name) as table_name, column_name
    from information_schema.columns where table_schema in ('bronze', 'silver', 'gold', 'ops')
  ) as present on present.table_name = wanted.table_name and present.column_name = wanted.column_name
  group by wanted.table_name
)`;
  const addMissing = [
    `set variable add_columns = (select coalesce(min_by(statement, table_name), 'select 1') from ${missing})`,
    "execute immediate add_columns",
  ];
  return [
    `-- columns that contracts have gained, of ${tablesThatGain} tables at most\ncreate or replace ` +
      `temporary view wanted as\nselect * from values\n${columns.join(",\n")}\nas wanted (table_name, position, column_name, type)`,
    "declare or replace variable add_columns string",
    ...Array.from({ length: tablesThatGain }, () => addMissing).flat(),
    `select raise_error(concat('more tables lack columns: run the task again, which goes on with ', ` +
      `table_name))\nfrom (select min(table_name) as table_name from ${missing}) where table_name is not null`,
  ];
}

const runOnRecord = `merge into ops.runs as t using (
  select {{run_id}} as run_id, coalesce(max(run_number), count(*)) + 1 as run_number from ops.runs
) as i on t.run_id = i.run_id
when matched then update set t.status = 'running', t.finished_at = null, t.message = null
when not matched then insert (run_id, started_at, status, run_date, is_full, engine, steps_run, steps_skipped, run_number)
  values (i.run_id, current_timestamp(), 'running', {{date}}, cast({{full}} as boolean), 'databricks', 0, 0, i.run_number)`;

function stepsOnRecord({ plans }: Graph): string {
  const names = (tables: readonly string[]) =>
    tables.length ? `array(${tables.map(quoted).join(", ")})` : "cast(array() as array<string>)";
  const rows = plans.map(
    (plan, index) =>
      `  (${quoted(plan.step)}, ${index + 1}, ${quoted(plan.jobs.join(", "))}, ${quoted(plan.notebook)}, ` +
      `${quoted(plan.runtime)}, ${names(plan.reads)}, ${names(plan.writes)}, ${quoted(plan.fingerprint)})`,
  );
  const columns = ["step", "position", "job", "notebook", "runtime", "reads", "writes", "fingerprint"];
  const changed = columns.slice(1).map((name) => `not (t.${name} <=> i.${name})`);
  return `merge into ops.steps as t using (
  select * from values
${rows.join(",\n")}
  as steps (${columns.join(", ")})
) as i on t.step = i.step
when matched and (${changed.join(" or ")}) then update set
  ${columns
    .slice(1)
    .map((name) => `t.${name} = i.${name}`)
    .join(", ")}
when not matched then insert (${columns.join(", ")}, watermark) values (${columns.map((name) => `i.${name}`).join(", ")}, array())
when not matched by source then delete`;
}
