import { rm } from "node:fs/promises";
import path from "node:path";
import { developerFile, readSettings } from "shopmetrics/settings";
import { nearPath } from "../text.js";

export async function clean(options: { landing?: boolean; dev?: boolean; quiet?: boolean }): Promise<void> {
  const { home, warehouse, landing, developer } = readSettings();
  const own =
    developer === undefined
      ? []
      : ["", ".wal", ".source"].map((end) => developerFile({ home }, developer) + end);
  const all = [warehouse, `${warehouse}.wal`, path.join(home, "snapshots"), path.join(home, "lineage")];
  const gone = options.dev ? own : options.landing ? [...all, landing] : all;
  for (const file of gone) await rm(file, { recursive: true, force: true });
  if (!options.quiet) console.log(`Removed ${gone.map(nearPath).join(", ")}`);
}
