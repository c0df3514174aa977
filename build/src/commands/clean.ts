import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { openDuckdb, WarehouseHeld } from "shopmetrics/engine";
import { developerFile, readSettings, type Settings } from "shopmetrics/settings";
import { nearPath } from "../text.js";

export async function clean(options: { landing?: boolean; dev?: boolean; quiet?: boolean }): Promise<void> {
  const settings = readSettings();
  const { home, warehouse, landing, developer } = settings;
  const ownFile = developer === undefined ? undefined : developerFile({ home }, developer);
  const own = ownFile === undefined ? [] : ["", ".wal", ".source"].map((end) => ownFile + end);
  const all = [
    warehouse,
    `${warehouse}.wal`,
    `${warehouse}.tmp`,
    path.join(home, "snapshots"),
    path.join(home, "lineage"),
  ];
  const gone = options.dev ? own : options.landing ? [...all, landing] : all;
  await whileFree(options.dev ? ownFile : warehouse, settings, async () => {
    for (const file of gone) await rm(file, { recursive: true, force: true });
  });
  // Closing the file may have written it a last time.
  for (const file of gone.filter((name) => name.endsWith(".wal"))) await rm(file, { force: true });
  if (!options.quiet) console.log(`Removed ${gone.map(nearPath).join(", ")}`);
}

/**
 * Holds a warehouse's file while `work` removes it, so that no run works on a file that is gone. A file that is no warehouse
 * any more is removed all the same.
 *
 * @throws WarehouseHeld when another process does not release it within SHOPMETRICS_LOCK_WAIT
 */
async function whileFree(
  file: string | undefined,
  settings: Settings,
  work: () => Promise<void>,
): Promise<void> {
  if (file === undefined || !existsSync(file)) return work();
  const engine = await openDuckdb({
    file,
    patience: settings.lockWait * 1000,
    onWait: (message) => console.error(message),
  }).catch((error: unknown) => {
    if (error instanceof WarehouseHeld) throw error;
    return undefined;
  });
  try {
    await work();
  } finally {
    await engine?.close();
  }
}
