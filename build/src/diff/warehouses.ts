import path from "node:path";
import { existsSync, realpathSync, statSync } from "node:fs";
import { openDuckdb, type Connection } from "shopmetrics/engine";
import { InputError, warehouseFile } from "shopmetrics/settings";
import { nearPath } from "../text.js";

/**
 * Opens two warehouses side by side, read-only, as the databases `before` and `after`.
 *
 * @param files each a warehouse's file, or the SHOPMETRICS_HOME that holds one
 * @throws InputError when one of them is not there, or is being written
 */
export async function withWarehouses<T>(
  files: { readonly before: string; readonly after: string },
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const found = { before: warehouseOf(files.before), after: warehouseOf(files.after) };
  if (realpathSync(found.before) === realpathSync(found.after))
    throw new InputError(
      `${nearPath(found.after)} can't be compared with itself: --against names another warehouse.`,
    );
  const engine = await openDuckdb({ file: ":memory:" });
  const connection = await engine.connect();
  try {
    for (const [name, file] of Object.entries(found)) {
      await connection
        .execute(`attach '${file.replaceAll("'", "''")}' as ${name} (read_only, type duckdb)`)
        .catch((error: unknown) => {
          throw refused(file, error as Error);
        });
    }
    return await work(connection);
  } finally {
    await connection.close();
    await engine.close();
  }
}

function warehouseOf(given: string): string {
  const file = existsSync(given) && statSync(given).isDirectory() ? warehouseFile({ home: given }) : given;
  if (existsSync(file)) return path.resolve(file);
  const next =
    given === file ? "Give a SHOPMETRICS_HOME or a warehouse.duckdb." : "Run the pipeline there first.";
  throw new InputError(`There is no warehouse at ${nearPath(file)}. ${next}`);
}

function refused(file: string, error: Error): Error {
  const holder = /Conflicting lock is held in (.+?)(?:\s+by user .*)?\.(?:\s|$)/.exec(error.message)?.[1];
  if (holder)
    return new InputError(
      `${nearPath(file)} is being written by ${holder}: wait for it to end, then compare again.`,
    );
  return new InputError(`${nearPath(file)} cannot be opened: ${error.message}`, { cause: error });
}
