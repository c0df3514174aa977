import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { openDuckdb, WarehouseHeld } from "shopmetrics/engine";
import { developerFile, InputError, readSettings, type Settings } from "shopmetrics/settings";
import { counted, nearPath } from "../text.js";

export async function clean(options: {
  landing?: boolean;
  dev?: boolean;
  yes?: boolean;
  quiet?: boolean;
}): Promise<void> {
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
  if (options.landing && !options.dev && !options.yes && !(await mayRemoveLanded(landing))) {
    console.log("Nothing was removed.");
    return;
  }
  const there = gone.filter((file) => existsSync(file) && !/[.](?:wal|source)$/.test(file));
  await whileFree(options.dev ? ownFile : warehouse, settings, async () => {
    for (const file of gone) await rm(file, { recursive: true, force: true });
  });
  // Closing the file may have written it a last time.
  for (const file of gone.filter((name) => name.endsWith(".wal"))) await rm(file, { force: true });
  if (!options.quiet)
    console.log(
      there.length > 0 ? `Removed ${there.map(nearPath).join(", ")}` : "There was nothing to remove.",
    );
}

/**
 * Asks before the exports themselves go: no run brings them back.
 *
 * @throws InputError where nobody can be asked
 */
async function mayRemoveLanded(landing: string): Promise<boolean> {
  const entries = await readdir(landing, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).length;
  if (files === 0) return true;
  const what = `${counted(files, "landed file")} in ${nearPath(landing)}`;
  if (!process.stdin.isTTY)
    throw new InputError(`--landing removes ${what}, which no run brings back: add --yes if that is meant.`);
  const line = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await line.question(`Remove ${what}? No run brings them back. [y/N] `);
  line.close();
  return /^y(?:es)?$/i.test(answer.trim());
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
