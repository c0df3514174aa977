import type { Table } from "../../contracts/table.js";
import { batchColumns, latestColumns, loggedColumns } from "../../plan/kept-columns.js";
import { beforeTable, latestTable } from "../../sql/render.js";
import { stored, withFields } from "./stored.js";

/** DDL for a table, for the view that reads more from its rows than is stored, and for what is kept beside it of earlier rows. */
export function createTable(table: Table): string[] {
  const rows = stored(table);
  return [
    `create table if not exists ${rows.name} (${[
      ...rows.columns.map(({ name, type }) => `${name} ${sqlType(type)}`),
      ...batchColumns(table).map((name) => `${name} bigint`),
    ].join(", ")})`,
    ...(rows === table ? [] : [`create or replace view ${table.name} as\n${withFields(table, rows.name)}`]),
    ...(table.options.tracks ? [createBefore(table)] : []),
    ...(table.order.length > 0 ? [createLatest(table)] : []),
  ];
}

/** A table that holds columns of its own for what is now read from `value`: their blocks are free for later rows. */
export function takeApart(table: Table, present: ReadonlySet<string>): string[] {
  const rows = stored(table);
  const kept = new Set(rows.columns.map(({ name }) => name));
  const surplus = table.columns.filter(({ name }) => present.has(name) && !kept.has(name));
  return [
    `alter table ${table.name} rename to ${rows.name.slice(rows.name.indexOf(".") + 1)}`,
    ...surplus.map(({ name }) => `alter table ${rows.name} drop column ${name}`),
  ];
}

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

const createLatest = (table: Table) =>
  `create table if not exists ${latestTable(table)} (${latestColumns(table)
    .map(({ name, type }) => `${name} ${sqlType(type)}`)
    .join(", ")})`;
