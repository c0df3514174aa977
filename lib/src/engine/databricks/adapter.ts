import { workspaceOf, type Settings } from "../../settings.js";
import { marker } from "../../sql/param.js";
import type { EngineAdapter, OpenOptions } from "../adapter.js";
import { databricksDialect } from "./dialect.js";
import { inPhases } from "./phases.js";

/** A SQL warehouse of a Databricks workspace. */
export const databricks: EngineAdapter = {
  name: "databricks",
  title: "Databricks",
  dialect: databricksDialect,
  translates: false,
  translate: async (sql) => ({ sql }),
  // Parameters stay identifiers: a SQL file declares variables of these names, a client binds them.
  mark: marker,
  open: openWarehouse,
  openReadOnly: openWarehouse,
  developerSettings: async (settings, developer, onNote) => {
    const catalog = `dev_${developer}`;
    onNote(
      `Working in the catalog ${catalog}, not in ${settings.catalog} (SHOPMETRICS_DEV=off for that). ` +
        `It has to be there: once, \`create catalog if not exists ${catalog}\`.`,
    );
    return { ...settings, catalog };
  },
  dataset: (settings, table) => ({
    namespace: `unitycatalog://${settings.workspace?.host ?? ""}`,
    name: `${settings.catalog}.${table}`,
  }),
  hasTransactions: false,
  ordered: inPhases,
  isEmbedded: false,
};

/** Opens the settings' warehouse. Only then is the client loaded, which has hundreds of modules. */
export async function openWarehouse(settings: Settings, options: OpenOptions) {
  const { openDatabricks } = await import("./engine.js");
  return openDatabricks({ ...workspaceOf(settings), catalog: settings.catalog, ...options });
}
