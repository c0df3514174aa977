import path from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { InputError } from "./errors.js";

const seconds = z.coerce.number("is not a number of seconds").min(0).max(86_400);

const environment = z.object({
  SHOPMETRICS_HOME: z.string().min(1).default(".shopmetrics"),
  SHOPMETRICS_ENGINE: z.enum(["duckdb", "databricks"]).default("duckdb"),
  SHOPMETRICS_LOCK_WAIT: seconds.default(600),
  SHOPMETRICS_IDLE: seconds.default(2),
  SHOPMETRICS_CATALOG: z
    .string()
    .regex(/^\w+$/, "is not a catalog's name: letters, digits and _")
    .default("ecommerce"),
});

const host = z
  .string("is not set: the workspace's host, such as adb-1234.5.azuredatabricks.net")
  .transform((value) => value.replace(/^https:\/\//, "").replace(/\/$/, ""))
  .refine(
    (value) => /^[\w.-]+(?::\d{1,5})?$/.test(value),
    "is not a host, such as adb-1234.5.azuredatabricks.net",
  );

/** Needed only for the databricks engine. */
const workspace = z.object({
  DATABRICKS_HOST: host,
  DATABRICKS_TOKEN: z
    .string("is not set: an access token of the workspace")
    .regex(/^[\x21-\x7e]+$/, "holds characters that no token has"),
  DATABRICKS_HTTP_PATH: z
    .string("is not set: the HTTP path from the SQL warehouse's Connection details")
    .regex(
      /^\/?sql\/[\w./-]+(?:\?o=\d+)?$/,
      "is not the HTTP path of a SQL warehouse, such as /sql/1.0/warehouses/1a2b3c",
    ),
});

/** A SQL warehouse of a Databricks workspace. */
export interface Workspace {
  /** May carry a port. */
  readonly host: string;
  /** Never to be printed. */
  readonly token: string;
  readonly httpPath: string;
}

/** Where things are and which engine is used. */
export interface Settings {
  /** The project's root. */
  readonly root: string;
  /** Everything that runs make: SHOPMETRICS_HOME, by default `.shopmetrics` in the root. */
  readonly home: string;
  /** Where exports land. */
  readonly landing: string;
  /** Where pages of the dashboard export what they draw. */
  readonly snapshots: string;
  /** The embedded engine's one file. */
  readonly warehouse: string;
  readonly engine: "duckdb" | "databricks";
  /** Unity Catalog's catalog that holds the schemas bronze, silver, gold and ops. */
  readonly catalog: string;
  /** Set when the engine is databricks. */
  readonly workspace?: Workspace;
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
  const parsed = parse(environment, given);
  const home = path.resolve(root, parsed.SHOPMETRICS_HOME);
  return {
    root,
    home,
    landing: path.join(home, "landing"),
    snapshots: path.join(home, "snapshots"),
    warehouse: path.join(home, "warehouse.duckdb"),
    engine: parsed.SHOPMETRICS_ENGINE,
    lockWait: parsed.SHOPMETRICS_LOCK_WAIT,
    idle: parsed.SHOPMETRICS_IDLE,
    catalog: parsed.SHOPMETRICS_CATALOG,
    ...(parsed.SHOPMETRICS_ENGINE === "databricks" && { workspace: readWorkspace(given) }),
  };
}

const run = z.object({
  SHOPMETRICS_RUN_ID: z.string().optional(),
  SHOPMETRICS_DATE: z.iso.date("is not a date, such as 2026-03-01").optional(),
});

/**
 * The run that a job's task belongs to, as the job hands it over; by itself a task is a run of its own, today.
 *
 * @throws InputError with one line for each setting that is malformed
 */
export function readRun(env: NodeJS.ProcessEnv = process.env): { runId: string; date: string } {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const { SHOPMETRICS_RUN_ID: id, SHOPMETRICS_DATE: date } = parse(run, given);
  const now = new Date().toISOString();
  return { runId: id ?? `task-${now.slice(0, 19).replaceAll(":", "")}Z`, date: date ?? now.slice(0, 10) };
}

function readWorkspace(given: Readonly<Record<string, string | undefined>>): Workspace {
  const parsed = parse(workspace, given);
  return {
    host: parsed.DATABRICKS_HOST,
    token: parsed.DATABRICKS_TOKEN,
    httpPath: parsed.DATABRICKS_HTTP_PATH.replace(/^(?!\/)/, "/"),
  };
}

function parse<Shape extends z.ZodType>(
  shape: Shape,
  given: Readonly<Record<string, string | undefined>>,
): z.output<Shape> {
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path: [name], message }) => {
    const value = given[String(name)];
    const shown = value === undefined ? "" : name === "DATABRICKS_TOKEN" ? "=…" : `=${value}`;
    return `${String(name)}${shown}: ${message}`;
  });
  throw new InputError(lines.join("\n"));
}
