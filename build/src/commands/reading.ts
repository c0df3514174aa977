import { engineNamed, type Connection, type Engine } from "shopmetrics/engine";
import { InputError, readSettings } from "shopmetrics/settings";

/**
 * Does something with the warehouse that the settings name, which it only reads.
 *
 * @param work gets a connection and the engine's name
 * @throws InputError where there is no warehouse yet
 */
export const reading = <T>(work: (connection: Connection, engine: string) => Promise<T>): Promise<T> =>
  readingIfThere((warehouse) => {
    if ("missing" in warehouse) throw new InputError(warehouse.missing);
    return work(warehouse.connection, warehouse.engine.name);
  });

/** The same where there may be no warehouse yet: then `missing` says so. */
export async function readingIfThere<T>(
  work: (
    warehouse: { readonly engine: Engine; readonly connection: Connection } | { readonly missing: string },
  ) => Promise<T>,
): Promise<T> {
  const settings = readSettings();
  const engine = await engineNamed(settings.engine).openReadOnly(settings, {
    onWait: (message) => console.error(message),
  });
  if (typeof engine === "string") return work({ missing: engine });
  const connection = await engine.connect();
  try {
    return await work({ engine, connection });
  } finally {
    await connection.close();
    await engine.close();
  }
}
