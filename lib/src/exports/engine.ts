/** Where tables are kept: engines, and how their dialects write. */
export {
  copyInto,
  dropLanded,
  insertRecords,
  keepLedger,
  refuseFiles,
} from "../engine/databricks/copy-into.js";
export { afterImage, databricksDialect } from "../engine/databricks/dialect.js";
export { quoted, raw } from "../engine/databricks/literals.js";
export { arrivedColumns, batchColumns, isStamp, loggedColumns, type Dialect } from "../engine/dialect.js";
export { duckdbDialect } from "../engine/duckdb/dialect.js";
export { openDuckdb } from "../engine/duckdb/engine.js";
export { macros } from "../engine/duckdb/functions.js";
export { SqlError, translate } from "../engine/duckdb/translate.js";
export type { Connection, Engine } from "../engine/engine.js";
export { dialectOf, openEngine } from "../engine/open.js";
export { operation } from "../engine/operation.js";
