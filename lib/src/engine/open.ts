import { InputError } from "../errors.js";
import type { DialectName } from "../plan/plan.js";
import type { Settings } from "../settings.js";
import { databricksDialect } from "./databricks/dialect.js";
import type { Dialect } from "./dialect.js";
import { duckdbDialect } from "./duckdb/dialect.js";
import type { Engine } from "./engine.js";

/**
 * Opens the engine that the settings choose. Only that one's client is loaded.
 *
 * @param options.onWait told when the warehouse is held by another process, starts up, or meets another writer
 * @param options.signal cancels what runs on a warehouse
 */
export async function openEngine(
  settings: Settings,
  options: { onWait: (message: string) => void; signal?: AbortSignal },
): Promise<Engine> {
  if (settings.engine === "duckdb") {
    const { openDuckdb } = await import("./duckdb/engine.js");
    const { warehouse: file, lockWait } = settings;
    return openDuckdb({ file, patience: lockWait * 1000, onWait: options.onWait });
  }
  const { workspace, catalog } = settings;
  if (!workspace) throw new InputError("SHOPMETRICS_ENGINE=databricks: DATABRICKS_HOST is not set.");
  const { openDatabricks } = await import("./databricks/engine.js");
  return openDatabricks({ ...workspace, catalog, ...options });
}

/** How an engine writes the verbs. */
export const dialectOf = (engine: DialectName): Dialect =>
  engine === "duckdb" ? duckdbDialect : databricksDialect;
