import { InputError } from "../errors.js";
import { stopSignal } from "../plan/session.js";

/**
 * Works with a connection to a database, and closes it after that, or when the step is stopped.
 *
 * @param problemOf says an error of the database in words for the person who can correct it
 */
export async function whileOpen<Client, Result>(
  client: Client,
  close: (client: Client) => Promise<unknown>,
  problemOf: (error: unknown) => Error,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const signal = stopSignal();
  const end = () => close(client).catch(() => undefined);
  const abort = () => void end();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof InputError ? error : problemOf(error);
  } finally {
    signal.removeEventListener("abort", abort);
    await end();
  }
}
