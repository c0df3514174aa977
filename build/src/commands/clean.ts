import { rm } from "node:fs/promises";
import path from "node:path";
import { readSettings } from "shopmetrics/internal/settings";
import { nearPath } from "../text.js";

export async function clean(options: { landing?: boolean; quiet?: boolean }): Promise<void> {
  const { home, warehouse, landing } = readSettings();
  const gone = [warehouse, `${warehouse}.wal`, path.join(home, "snapshots"), path.join(home, "lineage")];
  if (options.landing) gone.push(landing);
  for (const file of gone) await rm(file, { recursive: true, force: true });
  if (!options.quiet) console.log(`Removed ${gone.map(nearPath).join(", ")}`);
}
