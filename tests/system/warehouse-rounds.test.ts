import { shop as project } from "#lib/shop/index.js";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { schemasOf } from "#lib/contracts/table.js";
import { openDatabricks, type DatabricksEngine } from "#lib/engine/databricks/engine.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { generate } from "#lib/shop/generator/generate.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, type Compiled } from "../../build/src/compile/compile.ts";
import { landingFolders } from "../../build/src/compile/landing-folders.ts";
import { exportPages, taskKey, tasksBefore } from "../../build/src/bundle/jobs.ts";
import { compileExport, compileNodeTask } from "../../build/src/bundle/node-task.ts";
import { runJob, type JobOptions, type TaskEnd } from "../services/warehouse/run-job.ts";
import { whyNotReady } from "../services/warehouse/install.ts";
import { start as startWarehouse, type Warehouse } from "../services/warehouse/start.ts";
import { lakehouse, projectRoot, succeeded, temporaryFolder, type Lakehouse } from "./cli.ts";
import { besideSales, comparedRows, rowsOf } from "./compared.ts";
import { differences } from "./tables.ts";

/*
 * Days of the shop on a warehouse as the jobs are declared: daily five tasks wide, streaming beside it while events arrive, a
 * second daily run behind the first, runs in full, and tasks that are killed at some statement and repeated. No statement is repeated by
 * the client. Afterwards every table must be what one run of the embedded engine makes of the same files.
 *
 * `WAREHOUSE_ROUNDS=30` runs thirty rounds of all steps; `WAREHOUSE_SEED` begins with other random numbers. Without it, in CI, it is one
 * round of the steps between the files, the events and daily sales.
 */
const rounds = Number(process.env["WAREHOUSE_ROUNDS"] ?? 1);
// The verdict speaks of tables that are left out then.
const isChosen = (step: string) => rounds > 1 || (!besideSales.test(step) && step !== "ops.data_quality");
const seed = Number(process.env["WAREHOUSE_SEED"] ?? 1);
const run = promisify(execFile);
const patience = 600_000 + rounds * 400_000;

// In CI a missing service is a failure, so nothing is asked before.
const absent = process.env["CI"] ? undefined : await whyNotReady();

describe.skipIf(absent)(`jobs on a SQL warehouse${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let warehouse: Warehouse;
  let compiled: Compiled;
  let spark: DatabricksEngine;
  let shop: Lakehouse;
  /** The compiled programs of the Node tasks. */
  let programs: string;
  let volume: string;
  /** Where the generator writes: what it makes lands bit by bit. */
  let source: Lakehouse;

  beforeAll(async () => {
    warehouse = await startWarehouse();
    compiled = await compile(projectRoot, project);
    const { catalog, folder } = warehouse;
    spark = await openDatabricks({ ...warehouse.address, repeatsConflicts: false });
    [shop, source] = [await lakehouse(), await lakehouse()];
    volume = path.join(folder, "volumes", catalog, "bronze/raw_data");
    programs = await temporaryFolder();
    const pages = compiled.plans.filter(({ runtime }) => runtime === "page");
    const before = (page: string) => tasksBefore(compiled, "daily", page);
    const write = (name: string, text: string) => writeFileSync(path.join(programs, `${name}.mjs`), text);
    write(exportPages, await compileExport(projectRoot, pages, landingFolders(compiled), before));
    for (const { step, notebook, runtime } of compiled.plans)
      if (runtime === "node" && step.startsWith("bronze."))
        write(taskKey(step), await compileNodeTask(projectRoot, notebook));
    const connection = await spark.connect();
    for (const schema of schemasOf(project.tables))
      await connection.execute(`create schema if not exists ${schema}`);
    await connection.execute("create volume if not exists gold.snapshots");
    await connection.close();
  });
  afterAll(async () => {
    await spark?.close();
    await warehouse?.stop();
  });

  let random = seed;
  /** Numbers from 0 to below 1, the same for the same seed. */
  const chance = () => {
    random = (random * 1103515245 + 12345) % 2 ** 31;
    return random / 2 ** 31;
  };
  const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  /** Lets a file land here and in the volume. */
  const land = (name: string, content: string) => {
    for (const folder of [shop.landing, volume]) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    }
  };

  const landed = new Set<string>();
  /** The generator's new files: exports land at once; events are given back in pieces. */
  function bring(): (readonly [name: string, content: string])[] {
    const pieces: [string, string][] = [];
    for (const entity of readdirSync(source.landing, { withFileTypes: true })) {
      if (!entity.isDirectory()) continue;
      for (const file of readdirSync(path.join(source.landing, entity.name))) {
        const name = `${entity.name}/${file}`;
        if (landed.has(name)) continue;
        landed.add(name);
        const content = readFileSync(path.join(source.landing, name), "utf8");
        if (entity.name !== "clickstream") {
          land(name, content);
          continue;
        }
        const lines = content.trimEnd().split("\n");
        const size = Math.ceil(lines.length / 2);
        for (let piece = 0; piece * size < lines.length; piece++)
          pieces.push([
            name.replace(".ndjson", `_${piece}.ndjson`),
            `${lines.slice(piece * size, (piece + 1) * size).join("\n")}\n`,
          ]);
      }
    }
    return pieces;
  }

  const ends: TaskEnd[] = [];
  let runs = 0;
  /** One run of a job at a time: the next one waits in the job's queue. */
  const queues = new Map<string, Promise<void>>();
  function start(job: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const before = queues.get(job) ?? Promise.resolve();
    const here = before.catch(() => undefined).then(() => runOnce(job, more, isChosen));
    queues.set(job, here);
    return here;
  }

  async function runOnce(job: string, more: Readonly<Record<string, string>>, only?: JobOptions["only"]) {
    const parameters = {
      catalog: warehouse.catalog,
      date: "2026-03-01",
      full: "false",
      from_date: "",
      to_date: "",
      ...more,
      run_id: `run-${++runs}`,
    };
    const tasks = await runJob(() => spark.connect(), compiled, job, parameters, {
      width: project.mostTasksAtOnce,
      // The first run makes the tables.
      prepared: runs > 1,
      ...(only && { only }),
      killedAfter: () => (chance() < 0.1 ? 1 + Math.floor(chance() * 12) : undefined),
      runJob: (asked, { full = "false", date = "" }) => start(asked, { full, date }),
      async runProgram(task, { states = "" }) {
        await run(process.execPath, ["--no-deprecation", path.join(programs, `${task}.mjs`)], {
          env: {
            PATH: process.env["PATH"],
            SHOPMETRICS_HOME: path.join(programs, "none"),
            SHOPMETRICS_ENGINE: "databricks",
            SHOPMETRICS_RUN_ID: parameters.run_id,
            SHOPMETRICS_DATE: parameters.date,
            SHOPMETRICS_STATES: states,
            DATABRICKS_HOST: `${warehouse.host}:${warehouse.port}`,
            DATABRICKS_HTTP_PATH: warehouse.path,
            DATABRICKS_TOKEN: warehouse.token,
            NODE_EXTRA_CA_CERTS: warehouse.caFile,
          },
        });
      },
    });
    ends.push(...tasks.map((end) => ({ ...end, task: `${parameters.run_id} ${job}: ${end.task}` })));
    const failed = tasks.flatMap(({ task, error }) => (error === undefined ? [] : [`${task}: ${error}`]));
    if (failed.length > 0) throw new Error(failed.join("\n"));
  }

  /** Rows that are on one side only, after one run of the embedded engine. */
  async function differing(date: string): Promise<string[]> {
    // What a person starts by hand is in none of these jobs.
    const chosen = compiled.plans.flatMap(({ step, runtime, jobs }) =>
      runtime !== "page" && (jobs.includes("daily") || jobs.includes("streaming")) && isChosen(step)
        ? step
        : [],
    );
    succeeded(await shop.shopmetrics(`run --quiet --date ${date} --only ${chosen.join()}`));
    const duckdb = await openDuckdb({ file: path.join(shop.home, "warehouse.duckdb") });
    const sides = [await spark.connect(), await duckdb.connect()] as const;
    try {
      return differences(await rowsOf(sides[0], comparedRows), await rowsOf(sides[1], comparedRows));
    } finally {
      for (const side of sides) await side.close();
      await duckdb.close();
    }
  }

  const troubled = () => ends.filter(({ error, tries }) => error !== undefined || tries > 1);

  it(
    "a first run finds no file, and only some of its tasks are asked for: it makes the tables, succeeds and is on record",
    async () => {
      await runOnce("daily", {}, (name) => /^bronze\.(?:customers|orders|products)_raw$/.test(name));
      expect(troubled()).toEqual([]);
      const connection = await spark.connect();
      const steps = await connection.query("select step, status, message from ops.step_runs order by step");
      const message = "nothing new";
      expect(steps.rows).toEqual(
        ["customers", "orders", "products"].map((name) => ({
          step: `bronze.${name}_raw`,
          status: "skipped",
          message,
        })),
      );
      const runs = await connection.query("select status, steps_run, steps_skipped from ops.runs");
      expect(runs.rows).toEqual([{ status: "succeeded", steps_run: 0, steps_skipped: 3 }]);
      await connection.close();
    },
    patience,
  );

  it(
    "daily and streaming beside each other, while events arrive and tasks are killed, leave what one run leaves",
    async () => {
      const shopOf = { landing: source.landing, seed: 5, scale: 0.002, faults: 0.02 };
      await generate({ ...shopOf, from: "2026-01-01", to: "2026-03-01", eventDays: 3 });
      for (let round = 1; round <= rounds; round++) {
        const began = performance.now();
        if (round > 1) await generate({ ...shopOf, days: 1 });
        const date = `2026-03-${String(1 + (round % 30)).padStart(2, "0")}`;
        const pieces = bring();
        pieces.splice(0, pieces.length - 2).forEach(([name, content]) => land(name, content));
        // Every fourth run computes everything again; behind every third one waits a second, as a backfill's does.
        const daily = [start("daily", { date, full: String(round % 4 === 0) })];
        if (round % 3 === 0) daily.push(start("daily", { date }));
        const streaming: Promise<void>[] = [];
        for (const [name, content] of pieces) {
          await pause(chance() * 6);
          land(name, content);
          streaming.push(start("streaming", { date }));
        }
        await Promise.all([...daily, ...streaming]);
        if (rounds > 1)
          console.log(
            `round ${round}: ${((performance.now() - began) / 1000).toFixed(0)} s, ${ends.length} tasks, troubled: ${JSON.stringify(troubled())}`,
          );
        if (round % 5 !== 0 && round !== rounds) continue;
        // What came late is taken in by the next daily run.
        await start("daily", { date });
        expect([round, await differing(date)]).toEqual([round, []]);
      }
      expect(troubled()).toEqual([]);
      // Nothing has come since: one statement says so, and no step begins.
      const before = ends.length;
      await start("streaming");
      const idle = ends.slice(before).map(({ task, state }) => [task.replace(/^.*: /, ""), state]);
      expect(idle.flatMap(([task, state]) => (state === "excluded" ? task : [])).toSorted()).toEqual([
        "gold_conversion_funnel",
        "gold_hourly_traffic_metrics",
        "silver_clickstream_clean",
        "silver_clickstream_sessions",
        "silver_visitor_identities",
      ]);
      expect(idle.at(-1)).toEqual(["finish_streaming", "success"]);
      expect(ends.slice(before).reduce((sum, { statements }) => sum + statements, 0)).toBeLessThan(40);
    },
    patience,
  );
});
