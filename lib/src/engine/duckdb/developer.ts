import { constants, existsSync } from "node:fs";
import { copyFile, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { developerFile, type Settings } from "../../settings.js";
import { openDuckdb } from "./engine.js";

/**
 * Makes a notebook in Jupyter work on the developer's own copy of the warehouse, which is made when there is none yet.
 *
 * @param onNote told whose tables these are, and when the copy is older than the warehouse
 */
export async function ownCopy(
  settings: Settings,
  developer: string,
  onNote: (message: string) => void,
): Promise<Settings> {
  const own = developerFile(settings, developer);
  const name = path.basename(own);
  if (existsSync(own)) {
    const isOld = (await changedAt(settings.warehouse)) !== (await copiedFrom(own));
    onNote(`Working in ${name}, your own copy of the warehouse.${isOld ? ` ${startAgain}` : ""}`);
  } else {
    const copied = existsSync(settings.warehouse);
    if (copied) await copyWarehouse(settings, own, onNote);
    const what = copied ? "your own copy of the warehouse" : "your own warehouse, which is new";
    onNote(
      `Working in ${name}, ${what}: runs and others don't see it (SHOPMETRICS_DEV=off for the warehouse itself).`,
    );
  }
  return { ...settings, warehouse: own };
}

const startAgain =
  "The warehouse has changed since: `npx shopmetrics clean --dev`, then restart the kernel: it begins with a new copy.";

/** Copies the file while no other process may write to it; what a killed run left in its log comes with it. */
async function copyWarehouse(
  { warehouse, lockWait }: Settings,
  own: string,
  onNote: (message: string) => void,
): Promise<void> {
  const held = await openDuckdb({
    file: warehouse,
    readOnly: true,
    patience: lockWait * 1000,
    onWait: onNote,
  });
  const draft = `${own}.${process.pid}`;
  try {
    await writeFile(sourceFile(own), (await changedAt(warehouse)) ?? "");
    if (existsSync(`${warehouse}.wal`)) await copyFile(`${warehouse}.wal`, `${own}.wal`);
    await copyFile(warehouse, draft, constants.COPYFILE_FICLONE);
    await rename(draft, own);
  } finally {
    await rm(draft, { force: true });
    await held.close();
  }
}

/** A file next to a copy: when the warehouse had last been changed before it was copied. */
const sourceFile = (own: string) => `${own}.source`;

const copiedFrom = (own: string) => readFile(sourceFile(own), "utf8").catch(() => undefined);

const changedAt = (file: string) =>
  stat(file).then(
    ({ mtime }) => mtime.toISOString(),
    () => undefined,
  );
