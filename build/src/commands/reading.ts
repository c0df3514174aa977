import { engineNamed, type Connection } from "shopmetrics/engine";
import { InputError, readSettings } from "shopmetrics/settings";

/**
 * Does something with the warehouse that the settings name, which it only reads.
 *
 * @param work gets a connection and the engine's name
 * @throws InputError where there is no warehouse yet
 */
export async function reading<T>(work: (connection: Connection, engine: string) => Promise<T>): Promise<T> {
  const settings = readSettings();
  const engine = await engineNamed(settings.engine).openReadOnly(settings, {
    onWait: (message) => console.error(message),
  });
  if (typeof engine === "string") throw new InputError(engine);
  const connection = await engine.connect();
  try {
    return await work(connection, settings.engine);
  } finally {
    await connection.close();
    await engine.close();
  }
}
