import type { Dialect } from "../adapter.js";
import { draft } from "../operation.js";
import * as check from "./check.js";
import * as maintain from "./maintain.js";
import * as read from "./read.js";
import * as reject from "./reject.js";
import { stored, storedName } from "./stored.js";
import { addColumn, createTable, takeApart } from "./tables.js";
import * as write from "./write.js";

/** How the embedded DuckDB keeps tables. Every step runs in one transaction, so no order of statements can lose rows. */
export const duckdbDialect: Dialect = {
  createTable,
  addColumn,
  stored,
  takeApart,
  texts: (items) => `cast([${items.join(", ")}] as varchar[])`,
  inlinesStages: false,
  stage: (name, select, statement) =>
    draft(`create or replace temp table ${name} as ${select}`, { role: "prepare", reads: [statement] }),
  gone: () => "gone",
  verbs: {
    // Files are read by the connection itself.
    load: () => [],
    ...write,
    ...reject,
    ...check,
    ...read,
    ...maintain,
  },
  unload: {
    freesNames: true,
    files: () => "select table_name, source_file, batch from ops.loaded_files where reason is null",
    statements: (table, format) => [
      `delete from ${storedName(table, format)} where source_file = $file`,
      `delete from ops.loaded_files where table_name = '${table}' and source_file = $file`,
    ],
  },
};
