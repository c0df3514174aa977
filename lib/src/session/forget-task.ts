import { stat } from "node:fs/promises";
import type { Tables } from "../contracts/table.js";
import { landingVolume } from "../engine/databricks/copy-into.js";
import { engineNamed, openEngine } from "../engine/index.js";
import { InputError } from "../errors.js";
import { beginForgetting, endForgetting, proveForgotten } from "../forget/forget.js";
import { prepareWarehouse } from "../run/warehouse.js";
import { readRun, type Settings } from "../settings.js";

/**
 * Forgets persons on a warehouse, as the tasks of a job: one before all tables are computed anew, and one after it, which proves it.
 *
 * @throws InputError naming the tables and files in which a person is left
 */
export async function forgetOnWarehouse(settings: Settings, tables: Tables): Promise<void> {
  const { dialect, isEmbedded } = engineNamed(settings.engine);
  if (isEmbedded)
    throw new InputError("Here a command does all of it: npx shopmetrics forget customer C000123");
  const { numbers, proves } = readRun().forget;
  const engine = await openEngine(settings, { onWait: (line) => console.error(line) });
  const connection = await engine.connect();
  try {
    await prepareWarehouse(connection, dialect, tables);
    const volume = landingVolume(settings.catalog);
    const landing = (await isFolder(volume)) ? [volume] : [settings.landing];
    const where = { connection, dialect, tables, landing };
    const begun = await beginForgetting(where, numbers);
    for (const { name, rows } of begun.files) console.log(`${name}: ${rows} records rewritten`);
    for (const [table, rows] of [...begun.rows, ...begun.records])
      console.log(`${table}: ${rows} rows rewritten`);
    if (!proves) return;
    if (begun.rows.size > 0)
      throw new InputError(
        "Rows of a forgotten customer arrived while the tables were computed: run the job again.",
      );
    await endForgetting(where, begun);
    const { tables: searched, files, left } = await proveForgotten(where, begun);
    if (left.length > 0)
      throw new InputError(
        `Left in ${left.map(({ place, rows }) => (rows === undefined ? place : `${place} (${rows} rows)`)).join(", ")}: run the job ` +
          "again, or remove it by hand.",
      );
    console.log(`Searched ${searched} tables and ${files} files: nothing is left`);
  } finally {
    await connection.close();
    await engine.close();
  }
}

const isFolder = (name: string) =>
  stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
