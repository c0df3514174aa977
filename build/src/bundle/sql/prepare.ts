import type { Table, Tables } from "shopmetrics/plan";
import { databricks } from "shopmetrics/engine";
import { takeOver, wanted } from "shopmetrics/run";

/** The most tables to which one run of the file adds columns. If there are more, the task says so and is repeated. */
const tablesThatGain = 3;

/**
 * The first task of a job: makes the tables that the catalog lacks and adds columns that contracts have gained, with the values
 * that they take over. The schemas are the bundle's: who may not create one gets an error from `create schema if not exists` also
 * where it exists.
 */
export function prepareFile(graph: { readonly tables: Tables }): string {
  const tables = [...graph.tables.values()];
  const statements = [
    "use catalog {{catalog}}",
    "set time zone 'UTC'",
    ...tables.flatMap((table) => databricks.dialect.createTable(table)),
    ...gainedColumns(tables),
    ...tables.flatMap(takeOver),
  ];
  return `-- Tables
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
