import { constants, existsSync } from "node:fs";
import { copyFile, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { openDuckdb } from "../engine/duckdb/engine.js";
import { developerFile, type Settings } from "../settings.js";

/**
 * The settings of a notebook in Jupyter: it works on tables of the developer's own, so that trying something out never
 * changes what runs keep or what others see. On the embedded engine that is a copy of the warehouse, made when there is
 * none yet; on Databricks a catalog `dev_<name>`.
 *
 * @param onNote told whose tables these are, and when the copy is older than the warehouse
 */
export async function developerSettings(
  settings: Settings,
  onNote: (message: string) => void,
): Promise<Settings> {
  const { developer } = settings;
  if (developer === undefined) return settings;
  if (settings.engine === "databricks") {
    const catalog = `dev_${developer}`;
    onNote(
      `Working in the catalog ${catalog}, not in ${settings.catalog} (SHOPMETRICS_DEV=off for that). ` +
        `It has to be there: once, \`create catalog if not exists ${catalog}\`.`,
    );
    return { ...settings, catalog };
  }
  const own = developerFile(settings, developer);
  const name = path.basename(own);
  if (existsSync(own)) {
    const isOld = (await changedAt(settings.warehouse)) !== (await copiedFrom(own));
    onNote(`Working in ${name}, your own copy of the warehouse.${isOld ? ` ${anew}` : ""}`);
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

const anew =
  "The warehouse has changed since: `npx shopmetrics clean --dev`, then a restarted kernel, begin anew with it.";

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

/** Beside a copy stands when the warehouse had last been changed that it was made of. */
const sourceFile = (own: string) => `${own}.source`;

const copiedFrom = (own: string) => readFile(sourceFile(own), "utf8").catch(() => undefined);

const changedAt = (file: string) =>
  stat(file).then(
    ({ mtime }) => mtime.toISOString(),
    () => undefined,
  );
