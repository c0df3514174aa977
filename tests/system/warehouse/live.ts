import { shop as project } from "#lib/shop/index.js";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Table } from "#lib/contracts/table.js";
import type { Connection } from "#lib/engine/connection.js";
import { openDatabricks } from "#lib/engine/databricks/engine.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compileNodeTask } from "../../../build/src/bundle/node-task.ts";
import { executeNotebooks } from "../../services/jupyter/execute.ts";
import { whyNoJupyter } from "../../services/jupyter/why-not.ts";
import { keys, openLiveShop } from "../../services/postgres/life.ts";
import { whyNoPostgres } from "../../services/postgres/programs.ts";
import { start as startPostgres } from "../../services/postgres/start.ts";
import type { Warehouse } from "../../services/warehouse/start.ts";
import { lakehouse, projectRoot, succeeded, type Lakehouse } from "../cli.ts";

/*
 * What speaks to a warehouse as it goes: `run`, a notebook in Jupyter, a Node task. In CI it goes on where the SQL tasks
 * stopped. By hand, `WAREHOUSE_LIVE=3 npm test -- warehouse -t live` takes all steps and three days from nothing, through
 * `run` and through Jupyter.
 */
const days = Number(process.env["WAREHOUSE_LIVE"] ?? 0);
const steps = days > 0 ? undefined : "+silver.dim_products";
const fixtures = path.join(projectRoot, "tests/fixtures/bundle");
const run = promisify(execFile);

/** @param home holds landed files and the embedded engine's tables, the same as the warehouse's, or nothing */
export function liveTests(given: () => Warehouse, home: string): void {
  let warehouse: Warehouse;
  let env: Record<string, string>;
  let shop: Lakehouse;
  let folder: string;

  beforeAll(async () => {
    warehouse = given();
    env = {
      SHOPMETRICS_ENGINE: "databricks",
      DATABRICKS_HOST: `${warehouse.host}:${warehouse.port}`,
      DATABRICKS_HTTP_PATH: warehouse.path,
      DATABRICKS_TOKEN: warehouse.token,
      NODE_EXTRA_CA_CERTS: warehouse.caFile,
      SHOPMETRICS_DEV: "off",
    };
    shop = await lakehouse({ home });
    folder = await mkdtemp(path.join(tmpdir(), "node-task-"));
    const next = existsSync(shop.landing) ? "--days 1" : "--scale 0.002 --seed 5 --to 2026-03-01";
    succeeded(await shop.shopmetrics(`generate ${next}`));
  });
  afterAll(async () => {
    if (folder) await rm(folder, { recursive: true });
  });

  const query = async <T>(where: "here" | "there", work: (connection: Connection) => Promise<T>) => {
    const engine =
      where === "here"
        ? await openDuckdb({ file: path.join(shop.home, "warehouse.duckdb") })
        : await openDatabricks(warehouse.address);
    try {
      return await work(await engine.connect());
    } finally {
      await engine.close();
    }
  };

  const rowsIn = async (connection: Connection, { name, columns, options }: Table) => {
    const auditColumns = (options.auditColumns ?? []) as readonly string[];
    const names = columns.map((column) => column.name).filter((column) => !auditColumns.includes(column));
    const { rows } = await connection.query(`select ${names.join(", ")} from ${name}`);
    return rows.map((row) => JSON.stringify(row)).toSorted();
  };
  const rowsOf = (where: "here" | "there", name: string) =>
    query(where, (connection) => rowsIn(connection, project.tables.get(name)!));

  /** Every row of the tables that the run keeps, without its audit columns. */
  const contents = (where: "here" | "there") =>
    query(where, async (connection) => {
      const found: Record<string, unknown> = {};
      const kept = [...project.tables.values()].filter(({ name, layer }) =>
        steps ? /_products(_raw)?$/.test(name) : layer !== "ops",
      );
      for (const table of kept) found[table.name] = await rowsIn(connection, table);
      return found;
    });

  const bothRun = async (more = "") => {
    const args = `run --quiet ${more}${steps ? ` --only ${steps}` : ""}`;
    const [there, here] = [await shop.shopmetrics(args, { env }), await shop.shopmetrics(args)];
    expect(there, there.stderr).toMatchObject({ code: 0 });
    expect(here, here.stderr).toMatchObject({ code: 0 });
    return [await contents("there"), await contents("here")] as const;
  };

  it("a run leaves what it leaves on the embedded engine", { timeout: 3_600_000 }, async () => {
    for (let day = 0; day < Math.max(days, 1); day++) {
      if (day > 0) succeeded(await shop.shopmetrics("generate --days 1 --faults 0.05"));
      const [there, here] = await bothRun();
      expect(there).toEqual(here);
    }
    const ran = await query("there", (connection) =>
      connection.query("select engine, status from ops.runs order by started_at desc limit 1"),
    );
    expect(ran.rows).toEqual([{ engine: "databricks", status: "succeeded" }]);
  });

  it("a run with --full makes silver of bronze alone", { timeout: 3_600_000 }, async () => {
    const [there, here] = await bothRun("--full");
    expect(there).toEqual(here);
  });

  it("`show` asks the warehouse", async () => {
    const [asked, counted] = await Promise.all([
      shop.shopmetrics("show silver.dim_products --limit 1 --json", { env }),
      query("there", (connection) => connection.query("select count(*) as n from silver.dim_products")),
    ]);
    const shown = JSON.parse(asked.stdout) as { total: number; rows: unknown[] };
    expect(shown).toMatchObject({ total: Number(counted.rows[0]?.["n"]), rows: [expect.anything()] });
    const elsewhere = await shop.shopmetrics("show", { env: { ...env, SHOPMETRICS_HOME: folder } });
    expect(elsewhere.stdout).toMatch(/silver\.dim_products +│ +[\d,]+ │/);
  });

  it.skipIf(whyNoJupyter())("a notebook in Jupyter leaves them too", { timeout: 3_600_000 }, async () => {
    const before = await contents("there");
    const names = steps
      ? ["bronze/products_raw", "silver/dim_products"]
      : (await shop.json<{ steps: { step: string; notebook: string }[] }>("run --json")).steps.map(
          ({ notebook }) => notebook.replace(/^notebooks\/|\.ipynb$/g, ""),
        );
    const notebooks = names.map((name) => path.join(projectRoot, "notebooks", `${name}.ipynb`));
    const runs = await executeNotebooks(notebooks, {
      root: projectRoot,
      home: shop.home,
      timeout: 300,
      env,
    });
    expect(runs.map(({ failure }) => failure).filter(Boolean)).toEqual([]);
    expect(JSON.stringify(runs)).toContain("nothing to change");
    expect(await contents("there")).toEqual(before);
  });

  const task = async (name: string) => {
    const file = path.join(folder, `ops_${name}.mjs`);
    await writeFile(file, await compileNodeTask(fixtures, `notebooks/ops/${name}.ipynb`));
    return ["--enable-source-maps", "--no-deprecation", file];
  };
  const taskEnv = (more: Record<string, string> = {}) => ({
    env: { PATH: process.env["PATH"], SHOPMETRICS_RUN_ID: "17", ...env, ...more },
  });
  const recorded = async (step: string) =>
    (
      await query("there", (connection) =>
        connection.query(
          "select run_id, status, message from ops.step_runs where step = $step order by started_at desc limit 1",
          { step },
        ),
      )
    ).rows;

  it("a Node task does its step and puts it on record", async () => {
    const program = await task("probe");
    const { stdout } = await run(process.execPath, program, taskEnv());
    expect(stdout).toBe(
      `engine databricks on ${env["DATABRICKS_HOST"]}, ops_probe.mjs\nops.probe: 0 rows in, 0 out, 0 rejected\n`,
    );
    expect(await recorded("ops.probe")).toEqual([{ run_id: "17", status: "succeeded", message: null }]);
  });

  it("a Node task that fails names notebook and cell, and is on record as failed", async () => {
    const failing = run(process.execPath, await task("probe"), taskEnv({ SHOPMETRICS_FULL: "true" }));
    await expect(failing).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^notebooks\/ops\/probe\.ipynb cell 3: Error: as asked\n/),
    });
    const message = "notebooks/ops/probe.ipynb cell 3: as asked";
    expect(await recorded("ops.probe")).toEqual([{ run_id: "17", status: "failed", message }]);
  });

  it("a Node task whose check halts names the check and its figures", async () => {
    const failing = run(process.execPath, await task("halts"), taskEnv());
    await expect(failing).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^notebooks\/ops\/halts\.ipynb cell 2:1: check "at least 1000000 rows" of silver\.dim_products: [\d,]+ rows too few \([\d,]+ rows\); at most 0\n$/,
      ),
    });
    const { rows } = await query("there", (connection) =>
      connection.query("select status, cell from ops.check_results where step = 'ops.halts'"),
    );
    expect(rows).toEqual([{ status: "fail", cell: 2 }]);
  });

  it("SIGTERM cancels the running statement and ends a Node task with 143", async () => {
    const child = spawn(process.execPath, await task("waits"), { ...taskEnv(), stdio: "pipe" });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const began = performance.now();
    child.kill("SIGTERM");
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).toBe(143);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  // Its statements are the same in CI on the embedded engine, and take minutes here.
  const absent = whyNoPostgres() ?? (days > 0 ? undefined : "by hand, with WAREHOUSE_LIVE");
  it.skipIf(absent)(
    `the shop's database comes as to the embedded engine${absent ? ` (skipped: ${absent})` : ""}`,
    { timeout: 3_600_000 },
    async () => {
      const postgres = await startPostgres();
      try {
        const live = await openLiveShop(postgres.owner, {
          folder: postgres.folder,
          scale: 0.002,
          from: "2026-01-01",
          to: "2026-03-01",
        });
        const tables = Object.keys(keys);
        const kept = tables.map((name) => `bronze.${name}_changes`);
        const silver = [
          "silver.dim_products",
          "silver.dim_customers",
          "silver.orders_clean",
          "silver.order_items",
          "silver.payments",
        ];
        const routed = {
          POSTGRES_URL: postgres.reader,
          POSTGRES_ROUTE: tables.map((name) => `${name}=full`).join(", "),
          POSTGRES_COMPARE_HOURS: "0",
        };
        const only = ["bronze.database", ...silver, "ops.data_quality"].join(",");
        for (let day = 0; day < days + 1; day++) {
          if (day > 0) for (let many = 0; many < 6; many++) await live.day();
          const args = `run --quiet --only ${only}`;
          const there = await shop.shopmetrics(args, { env: { ...env, ...routed } });
          expect(there, there.stderr).toMatchObject({ code: 0 });
          succeeded({ ...(await shop.shopmetrics(args, { env: routed })), stderr: "" });
          for (const name of [...kept, ...silver])
            expect([name, await rowsOf("there", name)]).toEqual([name, await rowsOf("here", name)]);
        }
        const changes = await query("there", (connection) =>
          connection.query("select count(*) - count(distinct kafka_key) as n from bronze.orders_changes"),
        );
        expect(Number(changes.rows[0]!["n"])).toBeGreaterThan(0);
        await live.close();
      } finally {
        await postgres.stop();
      }
    },
  );
}
