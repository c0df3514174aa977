import { existsSync } from "node:fs";
import { openDuckdb } from "shopmetrics/engine";
import { InputError, readSettings } from "shopmetrics/settings";
import { count, nearest, nearPath } from "../text.js";

/**
 * Removes files from bronze and from the ledger, in one transaction, as if they had never landed. Silver and gold hold
 * what they read from them until a full run.
 */
export async function unload(files: string[], options: { quiet?: boolean; json?: boolean }): Promise<void> {
  const settings = readSettings();
  if (!existsSync(settings.warehouse))
    throw new InputError(`There is no warehouse at ${nearPath(settings.warehouse)}: nothing was loaded yet.`);
  const engine = await openDuckdb({
    file: settings.warehouse,
    patience: settings.lockWait * 1000,
    onWait: (message) => console.error(message),
  });
  const connection = await engine.connect();
  try {
    const ledger = await connection.query(
      "select table_name, source_file from ops.loaded_files where reason is null",
    );
    const known = new Map(ledger.rows.map((row) => [String(row["source_file"]), String(row["table_name"])]));
    const unloaded = await connection.transaction(async () => {
      const done = [];
      for (const file of new Set(files)) {
        const table = known.get(file);
        if (table === undefined) throw notLoaded(file, [...known.keys()]);
        const rows = await connection.execute(`delete from ${table} where source_file = $file`, { file });
        await connection.execute("delete from ops.loaded_files where source_file = $file", { file });
        done.push({ file, table, rows });
      }
      return done;
    });
    if (options.json) console.log(JSON.stringify({ unloaded }));
    else if (!options.quiet) {
      for (const { file, table, rows } of unloaded)
        console.log(`Removed the ${count(rows)} rows of ${file} from ${table}`);
      console.log(
        "Correct the file in the landing folder, or remove it from there. Then compute all tables again: npx shopmetrics run --full",
      );
    }
  } finally {
    await connection.close();
    await engine.close();
  }
}

function notLoaded(file: string, known: string[]): InputError {
  const near = known.find((name) => name.endsWith(`/${file}`)) ?? nearest(file, known);
  const hint = near ? `Did you mean ${near}?` : "`npx shopmetrics show ops.loaded_files` lists what was.";
  return new InputError(`No file "${file}" was loaded. ${hint} Nothing was unloaded.`);
}
