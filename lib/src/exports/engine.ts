/** Where tables are kept: engines, and how their dialects write. */
export type { Dialect, Engine, EngineAdapter } from "../engine/adapter.js";
export { changedRows, rowChanges } from "../engine/changed-rows.js";
export type { Connection } from "../engine/connection.js";
export {
  copyInto,
  dropLanded,
  insertRecords,
  recordLoadedFiles,
  refuseFiles,
} from "../engine/databricks/copy-into.js";
export { quoted, raw } from "../engine/databricks/literals.js";
export { phases, type PhaseStatement } from "../engine/databricks/phases.js";
export { openDuckdb, WarehouseHeld } from "../engine/duckdb/engine.js";
export { macros } from "../engine/duckdb/functions.js";
export { isJoined } from "../landing/joined.js";
export { SqlError } from "../sql/sql-error.js";
export { allEngines, databricks, dialectOf, duckdb, engineNamed, openEngine } from "../engine/index.js";
