import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { InputError } from "./errors.js";

const seconds = z.coerce.number("is not a number of seconds").min(0).max(86_400);

const environment = z.object({
  SHOPMETRICS_HOME: z.string().min(1).default(".shopmetrics"),
  SHOPMETRICS_ENGINE: z.enum(["duckdb", "databricks"]).default("duckdb"),
  SHOPMETRICS_LOCK_WAIT: seconds.default(600),
  SHOPMETRICS_IDLE: seconds.default(2),
});

/** Where things are and which engine is used. */
export interface Settings {
  /** The project's root. */
  readonly root: string;
  /** Everything that runs make: SHOPMETRICS_HOME, by default `.shopmetrics` in the root. */
  readonly home: string;
  /** Where exports land. */
  readonly landing: string;
  /** The embedded engine's one file. */
  readonly warehouse: string;
  readonly engine: "duckdb" | "databricks";
  /** How long a warehouse held by another process is waited for, in seconds. */
  readonly lockWait: number;
  /** After how many idle seconds a notebook gives the warehouse back. */
  readonly idle: number;
}

/** The folder that holds package.json, notebooks/ and lib/. */
export const projectRoot = path.resolve(fileURLToPath(new URL(".", import.meta.url)), "../..");

/**
 * Reads the settings from the environment; what is not set has a default. A relative SHOPMETRICS_HOME is relative to
 * the project's root, wherever the command or the notebook runs.
 *
 * @throws InputError with one line for each setting that is malformed
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env, root = projectRoot): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path: [name], message }) => {
      const value = env[String(name)];
      return `${String(name)}=${value ?? ""}: ${message}`;
    });
    throw new InputError(lines.join("\n"));
  }
  const home = path.resolve(root, parsed.data.SHOPMETRICS_HOME);
  return {
    root,
    home,
    landing: path.join(home, "landing"),
    warehouse: path.join(home, "warehouse.duckdb"),
    engine: parsed.data.SHOPMETRICS_ENGINE,
    lockWait: parsed.data.SHOPMETRICS_LOCK_WAIT,
    idle: parsed.data.SHOPMETRICS_IDLE,
  };
}
