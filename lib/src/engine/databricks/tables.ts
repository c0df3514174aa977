import type { Table } from "../../contracts/table.js";
import { batchColumns, latestColumns, loggedColumns } from "../../plan/kept-columns.js";
import { flat } from "../../sql/param.js";
import { beforeTable, latestTable } from "../../sql/render.js";
import { createLanded } from "./copy-into.js";
import { quoted } from "./literals.js";

/** DDL for a table, for what is kept beside it of earlier rows, and for the files that land there. */
export const createTable = (table: Table): string[] => [
  `create table if not exists ${table.name} (\n${[
    ...table.columns.map(({ name, type, comment }) => `  ${name} ${type} comment ${quoted(comment)}`),
    ...batchColumns(table).map((name) => `  ${name} BIGINT`),
  ].join(",\n")}\n) using delta comment ${quoted(table.comment)}${layoutOf(table)}`,
  ...(table.options.tracks ? [createBefore(table)] : []),
  ...(table.order.length > 0 ? [createLatest(table)] : []),
  ...(table.layer === "bronze" ? [createLanded(table.name)] : []),
];

function layoutOf({ options: { clusterBy, partitionBy } }: Table): string {
  if (clusterBy) return ` cluster by (${clusterBy.join(", ")})`;
  return partitionBy ? ` partitioned by (${partitionBy.join(", ")})` : "";
}

export const addColumn = (table: string, { name, type }: { readonly name: string; readonly type: string }) =>
  `alter table ${table} add column ${name} ${type}`;

/** What a verb is about to write to a table: new and different rows, and those that are gone. */
export const incomingTable = (table: string) => `ops.incoming_${flat(table)}`;

/** What a step computes once for several of its statements. It goes with the step. */
export const stageTable = (table: string, stage: string) => `ops.stage_${flat(table)}_${stage}`;

/** The changes that a verb is about to do, in the contract's `order`. */
export const newsTable = (table: string) => `ops.news_${flat(table)}`;

const createLatest = (table: Table) =>
  `create table if not exists ${latestTable(table)} (${latestColumns(table)
    .map(({ name, type }) => `${name} ${type}`)
    .join(", ")}) using delta`;

const createBefore = (table: Table) => {
  const columns = loggedColumns(table);
  return `create table if not exists ${beforeTable(table)} (${columns
    .map(({ name, type }) => `${name} ${type}`)
    .join(", ")}, _batch BIGINT) using delta`;
};
