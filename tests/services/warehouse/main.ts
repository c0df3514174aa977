/** `npm run warehouse`: a warehouse for a person, until Ctrl-C. `--verbose` prints the statements. */
import { endAtCtrlC } from "../command.ts";
import { whatIsMissing } from "./install.ts";
import { start } from "./start.ts";

const missing = await whatIsMissing();
if (missing) {
  console.error(`The warehouse cannot start: ${missing}`);
  process.exit(1);
}
const catalog = process.env["SHOPMETRICS_CATALOG"];
const warehouse = await start({
  say: console.error,
  ...(catalog && { catalog }),
  ...(process.argv.includes("--verbose") && {
    onStatement: (sql, milliseconds, error) =>
      console.error(
        `${milliseconds.toFixed(0).padStart(6)} ms  ${error ? `FAILED ${error}\n${sql}` : sql.slice(0, 100)}`,
      ),
  }),
});
console.log(`export SHOPMETRICS_ENGINE=databricks
export SHOPMETRICS_CATALOG=${warehouse.catalog}
export DATABRICKS_HOST=${warehouse.host}:${warehouse.port}
export DATABRICKS_HTTP_PATH=${warehouse.path}
export DATABRICKS_TOKEN=$(cat ${warehouse.tokenFile})
export NODE_EXTRA_CA_CERTS=${warehouse.caFile}`);
console.error(`Tables, volumes and Spark's log are in ${warehouse.folder} until Ctrl-C.`);
endAtCtrlC(() => warehouse.stop());
