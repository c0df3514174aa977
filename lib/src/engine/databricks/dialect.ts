import type { Dialect } from "../adapter.js";
import { draft } from "../operation.js";
import { afterImage } from "./after-image.js";
import * as check from "./check.js";
import * as maintain from "./maintain.js";
import * as read from "./read.js";
import * as reject from "./reject.js";
import { addColumn, createTable, incomingTable, stageTable } from "./tables.js";
import { unload } from "./unload.js";
import * as write from "./write.js";

/**
 * How a Databricks SQL warehouse keeps tables. There is no transaction over several tables, so each step's statements
 * have an order in which a repeat after any of them gives the same tables: the changes are computed into a separate
 * table, checked, and only then merged. So exactly the rows that were checked are written.
 */
export const databricksDialect: Dialect = {
  createTable,
  addColumn,
  stored: (table) => table,
  texts: (items) => `cast(array(${items.join(", ")}) as array<string>)`,
  // Each statement costs, and a view would be computed again by each reader just the same.
  inlinesStages: true,
  stage: (name, select, statement) =>
    draft(select, {
      head: `create or replace temporary view ${name} as\n`,
      role: "prepare",
      reads: [statement],
    }),
  storedStage(table, stage, columns) {
    // A name with one of these is none of a column of Delta Lake.
    if (columns.some((column) => /[ ,;{}()\n\t=]/.test(column))) return undefined;
    const name = stageTable(table, stage);
    return {
      head: `create or replace table ${name} using delta as\n`,
      select: `select * from ${name}`,
      drop: `drop table if exists ${name}`,
    };
  },
  afterImage,
  gone: (table) => `(select * from ${incomingTable(table)} where is_gone)`,
  verbs: {
    // Files are read by COPY INTO, which a task and a connection write differently.
    load: () => [],
    ...write,
    ...reject,
    ...check,
    ...read,
    ...maintain,
  },
  unload,
  // Rows that are only marked as deleted stay in their files otherwise. The files that it replaces go by VACUUM, a week later.
  purge: (table) => [`reorg table ${table} apply (purge)`],
};
