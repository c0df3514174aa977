import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../../errors.js";

/**
 * The errors of a warehouse that is stopped or starting, and no others: a stopped warehouse accepts a session whose
 * statements then fail, or its gateway answers 503 until the client's own retries give up.
 */
const startUpErrors: readonly (readonly [name: string, RegExp])[] = [
  ["session not initialized yet", /has not been initialized or had already closed/],
  ["HTTP 503", /bad HTTP status code: 503|Hive driver: 503 when connecting/],
  ["TEMPORARILY_UNAVAILABLE", /TEMPORARILY_UNAVAILABLE/],
  [
    "warehouse is starting",
    /(?:warehouse|endpoint|cluster)\b.*\b(?:is (?:starting|stopped|resuming)|in unexpected state Pending)/i,
  ],
];

/** The name of the start-up error, or undefined for any other error. */
export const startUpError = (error: unknown): string | undefined =>
  startUpErrors.find(([, pattern]) => pattern.test(messageOf(error)))?.[0];

/** Two writers changed one Delta table at once. The one that fails has changed nothing, so its statement can be repeated. */
const conflicts = new RegExp(
  String.raw`\b(?:DELTA_CONCURRENT_(?:APPEND|DELETE_READ|DELETE_DELETE|TRANSACTION|WRITE)|DELTA_METADATA_CHANGED|` +
    String.raw`DELTA_PROTOCOL_CHANGED|Concurrent(?:Append|DeleteRead|DeleteDelete|Write|Transaction)Exception)\b`,
);

export const isConflict = (error: unknown): boolean => conflicts.test(messageOf(error));

/** The client's errors are not all instances of Error. */
export const messageOf = (error: unknown): string =>
  String((error as { message?: unknown } | undefined)?.message ?? error);

/**
 * Calls `attempt` until it succeeds. After a start-up error it waits, longer each time, for `patience` milliseconds in total.
 * Any other error is thrown at once.
 */
export async function whenStarted<T>(
  attempt: () => Promise<T>,
  options: {
    patience: number;
    onWait?: ((line: string) => void) | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<T> {
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  for (let wait = 500; ; wait = Math.min(wait * 1.6, 20_000)) {
    try {
      return await attempt();
    } catch (error) {
      const name = startUpError(error);
      if (!name) throw error;
      const left = options.patience - (Date.now() - began);
      if (left <= 0) {
        throw new InputError(
          `The SQL warehouse did not start within ${seconds()} s (${name}). Look at its state in the workspace under ` +
            `SQL Warehouses, start it there, then run again.`,
          { cause: error },
        );
      }
      options.onWait?.(
        `The SQL warehouse is starting (${name}), which takes 1 to 5 minutes: ${seconds()} s so far …`,
      );
      await sleep(Math.min(wait, left), undefined, { signal: options.signal });
    }
  }
}
