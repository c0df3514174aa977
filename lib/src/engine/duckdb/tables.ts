import type { Table } from "../../contracts/table.js";
import { batchColumns, loggedColumns } from "../../plan/kept-columns.js";
import { beforeTable } from "../../sql/render.js";

/** DDL for a table and, if it tracks columns, for the log of what they were. */
export const createTable = (table: Table): string[] => [
  `create table if not exists ${table.name} (${[
    ...table.columns.map(({ name, type }) => `${name} ${sqlType(type)}`),
    ...batchColumns(table).map((name) => `${name} bigint`),
  ].join(", ")})`,
  ...(table.options.tracks ? [createBefore(table)] : []),
];

export const addColumn = (table: string, { name, type }: { readonly name: string; readonly type: string }) =>
  `alter table ${table} add column ${name} ${sqlType(type)}`;

/** DuckDB's name for a type of Databricks' dialect. */
function sqlType(type: string): string {
  if (type.startsWith("ARRAY<")) return `${sqlType(type.slice(6, -1))}[]`;
  return type === "STRING" ? "varchar" : type.toLowerCase();
}

const createBefore = (table: Table) => {
  const columns = loggedColumns(table);
  return `create table if not exists ${beforeTable(table)} (${columns
    .map(({ name, type }) => `${name} ${sqlType(type)}`)
    .join(", ")}, _batch bigint)`;
};
