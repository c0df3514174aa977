import { existsSync } from "node:fs";
import { openDuckdb, openEngine, type Engine } from "shopmetrics/engine";
import { InputError, type Settings } from "shopmetrics/settings";
import { nearPath } from "../text.js";

/**
 * Opens the engine of the settings to read its tables. The embedded one is opened read-only, so that others may read at
 * the same time; a process that writes is waited for.
 *
 * @throws InputError when nothing has been written yet, or the warehouse does not become free within `lockWait`
 */
export async function openReadOnly(
  settings: Settings,
  { onWait }: { readonly onWait: (message: string) => void },
): Promise<Engine> {
  if (settings.engine !== "duckdb") return openEngine(settings, { onWait });
  const { warehouse: file, lockWait } = settings;
  if (!existsSync(file))
    throw new InputError(`There is no warehouse at ${nearPath(file)} yet: run \`npm start\` first.`);
  return openDuckdb({ file, readOnly: true, patience: lockWait * 1000, onWait });
}
