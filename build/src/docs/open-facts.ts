import { existsSync } from "node:fs";
import { allTables } from "shopmetrics/internal/contracts/declare";
import "shopmetrics/internal/contracts/index";
import { openDuckdb } from "shopmetrics/internal/engine/duckdb/engine";
import { openEngine } from "shopmetrics/internal/engine/open";
import { InputError } from "shopmetrics/internal/errors";
import type { Plan } from "shopmetrics/internal/plan";
import type { Settings } from "shopmetrics/internal/settings";
import { noFacts, readFacts, type Facts } from "./facts.js";

/** How long a warehouse held by another process is waited for: pages without figures are better than none. */
const patience = 3000;

/**
 * Reads what the pages show from the warehouse that the settings name; the embedded one is opened read-only.
 *
 * @returns facts that say why there are none, where there is no warehouse or another process holds it
 */
export async function openFacts(settings: Settings, plans: readonly Plan[]): Promise<Facts> {
  if (settings.engine === "duckdb" && !existsSync(settings.warehouse))
    return noFacts("There was no warehouse when these pages were made, so they show no figures.");
  try {
    const engine =
      settings.engine === "duckdb"
        ? await openDuckdb({ file: settings.warehouse, readOnly: true, patience })
        : await openEngine(settings, { onWait: (message) => console.error(message) });
    try {
      const connection = await engine.connect();
      try {
        return await readFacts(connection, engine.name, { plans, tables: allTables() });
      } finally {
        await connection.close();
      }
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return noFacts(
      "The warehouse could not be opened when these pages were made (another process may have held it), so they show no figures.",
    );
  }
}
