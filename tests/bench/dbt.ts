import { copyFile, mkdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { InputError } from "shopmetrics/settings";
import { nearPath } from "../../build/src/text.ts";
import { type Measured, measurePython } from "./measure.ts";

/** A Python that has dbt and its adapter for DuckDB. */
export interface Dbt {
  readonly python: string;
  /** As in `dbt-core 1.11.16, dbt-duckdb 1.11.1, DuckDB 1.5.6`. */
  readonly versions: string;
}

/** The dbt project, which makes the same tables as the pipeline. */
export const dbtProject = fileURLToPath(new URL("dbt", import.meta.url));

/** The exchange rates that the repository keeps. */
const rates = fileURLToPath(new URL("../../notebooks/silver/currency_rates.csv", import.meta.url));

const versions =
  "import dbt.cli.main, dbt.adapters.duckdb\n" +
  "from importlib.metadata import version as v\n" +
  "print(f\"dbt-core {v('dbt-core')}, dbt-duckdb {v('dbt-duckdb')}, DuckDB {v('duckdb')}\")";

/**
 * dbt of the data folder, otherwise of the `python3` on the path.
 *
 * @param home the data folder: dbt has a virtual environment of its own there, as its packages do not suit Jupyter's
 */
export async function findDbt(home: string): Promise<Dbt | undefined> {
  for (const python of [path.join(home, "dbt/bin/python"), "python3"])
    try {
      const { stdout } = await promisify(execFile)(python, ["-c", versions]);
      return { python, versions: stdout.trim() };
    } catch {
      // This Python is not there, or has no dbt.
    }
  return undefined;
}

/** @throws InputError saying what to install */
export async function needDbt(home: string): Promise<Dbt> {
  const dbt = await findDbt(home);
  if (dbt) return dbt;
  const venv = nearPath(path.join(home, "dbt"));
  const list = nearPath(path.join(dbtProject, "requirements.txt"));
  throw new InputError(
    `No dbt with dbt-duckdb was found: python3 -m venv ${venv} && ${venv}/bin/pip install -r ${list}`,
  );
}

/** Where dbt runs: its profile, what it remembers of the project between runs, and its warehouse of the moment. */
export interface DbtHome {
  readonly dbt: Dbt;
  readonly folder: string;
}

/** Two threads: models that do not need each other run at the same time, as two cores allow. */
const profile = (warehouse: string) => `shopmetrics:
  target: bench
  outputs:
    bench:
      type: duckdb
      path: ${JSON.stringify(warehouse)}
      schema: main
      threads: 2
`;

const warehouseOf = (home: DbtHome) => path.join(home.folder, "dbt.duckdb");
const landingOf = (home: DbtHome) => path.join(home.folder, "landing");
const targetOf = (home: DbtHome) => path.join(home.folder, "target");

/** @param folder made anew */
export async function openDbt(dbt: Dbt, folder: string): Promise<DbtHome> {
  const home = { dbt, folder };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "profiles.yml"), profile(warehouseOf(home)));
  return home;
}

const environment = (home: DbtHome) => ({
  DBT_PROJECT_DIR: dbtProject,
  DBT_PROFILES_DIR: home.folder,
  DBT_TARGET_PATH: targetOf(home),
  DBT_LOG_PATH: path.join(home.folder, "logs"),
  SHOPMETRICS_LANDING: landingOf(home),
  SHOPMETRICS_RATES: rates,
});

/**
 * One `dbt run` on the files of `landing`, measured.
 *
 * @param before the warehouse it continues, which stays as it is; without one it begins with an empty one, and parses the project
 *   for the first time
 * @param after where the warehouse is copied to afterwards
 */
export async function runDbt(
  home: DbtHome,
  files: { landing: string; before: string | undefined; after: string },
): Promise<Measured & { readonly bytes: number }> {
  const warehouse = warehouseOf(home);
  await rm(warehouse, { force: true });
  if (files.before) await copyFile(files.before, warehouse);
  else await rm(targetOf(home), { recursive: true, force: true });
  // dbt parses anew what a changed profile or variable touches, so the path of the landed files stays the same.
  await rm(landingOf(home), { force: true });
  await symlink(files.landing, landingOf(home));
  const measured = await measurePython(home.dbt.python, ["dbt.cli.main", "run", "--no-version-check"], {
    env: environment(home),
    usage: path.join(home.folder, "usage.json"),
  });
  await copyFile(warehouse, files.after);
  return { ...measured, bytes: (await stat(warehouse)).size };
}

/** What dbt knows of the project's models: the name of each, with its schema, as dbt names them in the warehouse. */
export async function listDbt(home: DbtHome): Promise<string[]> {
  const args = ["-m", "dbt.cli.main", "--quiet", "ls", "--resource-type", "model", "--output", "json"];
  const { stdout } = await promisify(execFile)(home.dbt.python, args, {
    env: { ...process.env, ...environment(home) },
  });
  const models = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { name: string; config: { schema: string } });
  return models.map(({ name, config }) => `${config.schema}.${name}`).toSorted();
}
