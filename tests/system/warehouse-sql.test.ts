import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Connection } from "shopmetrics/internal/engine/engine";
import { openDatabricks, type DatabricksEngine } from "shopmetrics/internal/engine/databricks/engine";
import { openDuckdb } from "shopmetrics/internal/engine/duckdb/engine";
import type { Engine } from "shopmetrics/internal/engine/engine";
import { generate } from "shopmetrics/internal/generator/generate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, type Compiled } from "../../build/src/compile.js";
import { runGraph, type RunReport } from "../../build/src/run.js";
import { whyNotReady } from "../services/warehouse/install.ts";
import { runJob, type TaskEnd } from "../services/warehouse/run-job.ts";
import { start, type Warehouse } from "../services/warehouse/start.ts";
import { compared, rowsOf } from "./compared.ts";
import { differences } from "./tables.ts";

const absent = process.env["CI"] ? undefined : await whyNotReady();
const root = path.resolve(import.meta.dirname, "../..");

/**
 * Three days of the shop's life, taken in by the embedded engine's run and by the SQL tasks of the daily job, as the bundle
 * deploys them, on Spark. Every table must be the same after each day.
 */
describe.skipIf(absent)(`SQL tasks on a warehouse${absent ? ` (skipped: ${absent})` : ""}`, () => {
  const home = mkdtempSync(path.join(tmpdir(), "shopmetrics-days-"));
  const landing = path.join(home, "landing");
  let warehouse: Warehouse;
  let compiled: Compiled;
  let duckdb: Engine;
  let spark: DatabricksEngine;
  const sqlSteps = () =>
    new Set(
      compiled.plans
        .filter(({ runtime, jobs }) => runtime === "sql" && jobs.includes("daily"))
        .map(({ step }) => step),
    );

  beforeAll(async () => {
    [warehouse, compiled] = await Promise.all([start(), compile(root)]);
    const { host, port, path: httpPath, token, ca, catalog } = warehouse;
    spark = await openDatabricks({ host: `${host}:${port}`, httpPath, token, ca, catalog });
    duckdb = await openDuckdb({ file: path.join(home, "warehouse.duckdb"), threads: 1 });
  });

  afterAll(async () => {
    await duckdb?.close();
    await spark?.close();
    await warehouse?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const land = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(landing, name)), { recursive: true });
    writeFileSync(path.join(landing, name), text);
  };

  async function runBoth(date: string, full = false): Promise<{ report: RunReport; tasks: TaskEnd[] }> {
    const volume = path.join(warehouse.folder, "volumes", warehouse.catalog, "bronze/raw_data");
    cpSync(landing, volume, { recursive: true, preserveTimestamps: true });
    const report = await runGraph({
      engine: duckdb,
      graph: compiled,
      steps: sqlSteps(),
      landing,
      snapshots: path.join(home, "snapshots"),
      date,
      full,
    });
    const parameters = {
      catalog: warehouse.catalog,
      run_id: `run-${date}${full ? "-full" : ""}`,
      date,
      full: String(full),
    };
    const began = performance.now();
    const tasks = await runJob(() => spark.connect(), compiled, "daily", parameters);
    if (process.env["SHOW_TIMES"])
      console.log(
        date,
        `${((performance.now() - began) / 1000).toFixed(0)} s`,
        tasks.map(({ task, seconds }) => `${task} ${seconds.toFixed(1)}`).join(", "),
      );
    return { report, tasks };
  }

  async function bothSides() {
    const read = async (engine: Engine) => {
      const connection: Connection = await engine.connect();
      const rows = await rowsOf(connection, compared);
      await connection.close();
      return rows;
    };
    return { embedded: await read(duckdb), warehouse: await read(spark) };
  }

  const failures = (tasks: readonly TaskEnd[]) =>
    tasks.flatMap(({ task, error }) => (error ? `${task}: ${error}` : []));

  const shop = {
    landing,
    seed: 7,
    scale: Number(process.env["DAYS_SCALE"] ?? 0.005),
    faults: 0.02,
    from: "2026-01-01",
    to: "2026-03-01",
  };

  it("make the tables of a first load", async () => {
    await generate(shop);
    land("customers/none.csv", "");
    const { report, tasks } = await runBoth("2026-03-01");
    expect(report.status).toBe("succeeded");
    expect(failures(tasks)).toEqual([]);
    const { embedded, warehouse: there } = await bothSides();
    expect(differences(there, embedded)).toEqual([]);
  });

  it("take in a day's changes", async () => {
    await generate({ ...shop, days: 1 });
    const { report, tasks } = await runBoth("2026-03-02");
    expect(report.status).toBe("succeeded");
    expect(failures(tasks)).toEqual([]);
    const { embedded, warehouse: there } = await bothSides();
    expect(differences(there, embedded)).toEqual([]);
  });
});
