import { shop as project } from "#lib/shop/index.js";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bronze, gold, ops, silver } from "shopmetrics";
import { schemasOf } from "#lib/contracts/table.js";
import type { Writing } from "#lib/engine/adapter.js";
import { databricksDialect } from "#lib/engine/databricks/dialect.js";
import { openDatabricks, type DatabricksEngine } from "#lib/engine/databricks/engine.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { duckdbDialect } from "#lib/engine/duckdb/dialect.js";
import type { Engine } from "#lib/engine/adapter.js";
import { selectBackfilled } from "../../../build/src/compile/select.ts";
import { generate } from "#lib/shop/generator/generate.js";
import { tableChanges } from "#lib/run/table-changes.js";
import { prepareWarehouse } from "#lib/run/warehouse.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compile, type Compiled } from "../../../build/src/compile/compile.ts";
import { prepareFile } from "../../../build/src/bundle/sql/prepare.ts";
import { unloadFiles } from "../../../build/src/commands/unload.ts";
import { runGraph } from "../../../build/src/run/run.ts";
import type { RunReport } from "../../../build/src/run/run-report.ts";
import { runFile } from "../../services/warehouse/run-file.ts";
import { runJob, type JobOptions, type TaskEnd } from "../../services/warehouse/run-job.ts";
import type { Warehouse } from "../../services/warehouse/start.ts";
import { lakehouse } from "../cli.ts";
import { besideSales, compared as all, comparedRows, rowsOf } from "../compared.ts";
import { differences } from "../tables.ts";
import { stepCases, type StepCases } from "./step-cases.ts";

/*
 * Days of the shop's life and the cases of the step tests, taken in by the embedded engine's run and, on Spark, by the SQL
 * tasks of the daily job as the bundle deploys them. Every table must be the same after each.
 *
 * Spark is slow per statement, so CI takes the cases' first rounds, and the second day's way from the files to daily sales.
 * The verdict refuses rows that no file brought, so it is left out. By hand, WAREHOUSE_SQL=cases takes three rounds,
 * WAREHOUSE_SQL=all three days of all SQL steps without the cases, and WAREHOUSE_SQL=kill a day for each statement, after
 * which every task is killed once and repeated.
 */
const mode = process.env["WAREHOUSE_SQL"] ?? "ci";
const withCases = mode === "ci" || mode === "cases";
const streamed = /clickstream|visitor|traffic|funnel/;
const leftOut = { all: /^$/, kill: streamed }[mode] ?? /data_quality/;
/** The clickstream's steps run twice a day here and once there, so how they came to their rows is not compared. */
const clickstream = `(${streamed.source
  .split("|")
  .map((word) => `step like '%${word}%'`)
  .join(" or ")})`;
const compared: Readonly<Record<string, string>> = {
  ...all,
  ...Object.fromEntries(
    Object.entries(comparedRows).filter(([name]) => streamed.test(name) || name.includes("rejected")),
  ),
  "ops.check_results": `${all["ops.check_results"]} where not ${clickstream}`,
  "ops.step_runs": `${all["ops.step_runs"]} and not ${clickstream}`,
  // What a step's own table is up to says nothing where a test writes into it too.
  "ops.watermarks": `select step, table_name, max(batch) as batch from ops.watermarks where not ${clickstream}
    and not ${clickstream.replaceAll("step like", "table_name like")}
    group by step, table_name${withCases ? " having step <> table_name" : ""}`,
  "ops.steps": "select step, position, job, notebook, runtime, reads, writes, fingerprint from ops.steps",
};
const isChosen = (step: string) => !leftOut.test(step);
const onTheWayToSales = (step: string) =>
  isChosen(step) && !streamed.test(step) && !besideSales.test(step) && step !== gold.dim_date.name;

const goldTables = [...project.tables.keys()].filter((name) => name.startsWith("gold.")).toSorted();

/** How a job of the bundle is run; the daily one unless told otherwise. */
interface BundleRun extends JobOptions {
  readonly job?: string;
  /** What the job is told in addition to the run's own parameters. */
  readonly told?: Readonly<Record<string, string>>;
}

const root = path.resolve(import.meta.dirname, "../../..");
const patience = mode === "ci" ? 1_800_000 : 7_200_000;

/** @param home holds the landed files and the embedded engine's tables */
export function sqlTaskTests(given: () => Warehouse, home: string): void {
  const landing = path.join(home, "landing");
  const shop = { landing, seed: 7, scale: 0.005, from: "2026-01-01", to: "2026-03-01", eventDays: 3 };
  let warehouse: Warehouse;
  let compiled: Compiled;
  let cases: StepCases | undefined;
  let duckdb: Engine;
  let spark: DatabricksEngine;

  beforeAll(async () => {
    warehouse = given();
    compiled = await compile(root, project);
    if (withCases) cases = await stepCases(compiled, mode === "ci" ? ["property"] : []);
    spark = await openDatabricks({ ...warehouse.address, repeatsConflicts: false });
    duckdb = await openDuckdb({ file: path.join(home, "warehouse.duckdb"), threads: 1 });
    await makeTables();
  });

  afterAll(async () => {
    await duckdb?.close();
    await spark?.close();
  });

  const land = (name: string, lines: readonly string[]) => {
    mkdirSync(path.dirname(path.join(landing, name)), { recursive: true });
    writeFileSync(path.join(landing, name), lines.map((line) => `${line}\n`).join(""));
  };

  /** The lines of the first file of an entity, the header first. */
  const firstFile = (entity: string) => {
    const [name] = readdirSync(path.join(landing, entity)).toSorted();
    return readFileSync(path.join(landing, entity, name!), "utf8")
      .trimEnd()
      .split("\n");
  };

  const parametersOf = (date: string) => ({
    catalog: warehouse.catalog,
    run_id: `run-${date}`,
    date,
    full: "false",
    from_date: "",
    to_date: "",
  });

  /** What the sessions of an earlier version hold once the first task of a job has run. */
  let sessionsOfBefore: unknown;

  /** How tables that the first task made differ from their contracts, as `plan` compares them. */
  let changesOfNew: unknown;

  /** As a deployment and the first task of a job do: rows can be given then. One table is there already, in an earlier form. */
  async function makeTables() {
    const connections = [await spark.connect(), await duckdb.connect()] as const;
    for (const schema of schemasOf(project.tables))
      await connections[0].execute(`create schema if not exists ${schema}`);
    const sessions = silver.clickstream_sessions;
    await connections[0].execute(
      `create table ${sessions.name} using delta as select 'C1' as customer_id, timestamp'2026-03-01' as session_start`,
    );
    await runFile(connections[0], prepareFile(compiled), parametersOf("2026-03-01"));
    sessionsOfBefore = (
      await connections[0].query(`select visitor_id, customer_id, landing_page from ${sessions.name}`)
    ).rows;
    await connections[0].execute(`drop table ${sessions.name}`);
    await connections[0].execute(databricksDialect.createTable(sessions)[0]!);
    const several = [silver.rejected_rows, silver.orders_clean, gold.hourly_traffic_metrics, ops.runs];
    changesOfNew = await tableChanges(connections[0], new Map(several.map((table) => [table.name, table])));
    await prepareWarehouse(connections[1], duckdbDialect, project.tables);
    for (const connection of connections) await connection.close();
  }

  const bring = async (day: number) => {
    if (cases && day < cases.days) await cases.bring(day, landing, [spark, duckdb]);
  };

  async function runBoth(date: string, options: JobOptions = {}) {
    const { only = isChosen } = options;
    const volume = path.join(warehouse.folder, "volumes", warehouse.catalog, "bronze/raw_data");
    cpSync(landing, volume, { recursive: true, preserveTimestamps: true });
    const daily = compiled.plans.filter(({ runtime, jobs }) => runtime === "sql" && jobs.includes("daily"));
    const report = await runGraph({
      engine: duckdb,
      graph: compiled,
      steps: new Set(daily.map(({ step }) => step).filter(only)),
      landing,
      snapshots: path.join(home, "snapshots"),
      date,
      full: false,
    });
    const began = performance.now();
    const tasks = await dailyJob(date, { ...options, only });
    if (mode !== "ci")
      console.log(`${date}: ${((performance.now() - began) / 1000).toFixed(0)} s`, JSON.stringify(tasks));
    return { report, tasks };
  }

  let hasPrepared = false;

  /** The daily job as it is declared: five tasks at once, and the job that it asks for. No statement is repeated on a conflict. */
  async function dailyJob(date: string, options: BundleRun): Promise<TaskEnd[]> {
    const connect = () => spark.connect();
    const tasks: TaskEnd[] = [];
    let asked = 0;
    // Over a hundred statements that change nothing: the first job shows that they do not.
    const prepared = hasPrepared;
    hasPrepared = true;
    const run = async (job: string, parameters: Readonly<Record<string, string>>) => {
      const ends = await runJob(connect, compiled, job, parameters, {
        ...options,
        prepared,
        width: project.mostTasksAtOnce,
        async runJob(other, told) {
          const failed = await run(other, {
            ...parametersOf(date),
            ...told,
            run_id: `run-${date}-${++asked}`,
          });
          if (failed) throw new Error(failed.error);
        },
      });
      tasks.push(...ends);
      return ends.find(({ error }) => error !== undefined);
    };
    await run(options.job ?? "daily", { ...parametersOf(date), ...options.told });
    return tasks;
  }

  const good = { errors: [], status: "succeeded", differing: [] };

  /** How both ended, and which rows are on one side only. */
  const outcome = async ({ report, tasks }: { report: RunReport; tasks: readonly TaskEnd[] }) => ({
    errors: tasks.filter(({ error }) => error),
    status: report.status,
    differing: await differing(),
  });

  async function differing(selects = compared) {
    const [there, here] = await Promise.all(
      [spark, duckdb].map(async (engine) => {
        const connection = await engine.connect();
        const rows = await rowsOf(connection, selects);
        await connection.close();
        return rows;
      }),
    );
    const found = differences(there!, here!);
    return [...found, ...(cases?.namesIn(found) ?? [])];
  }

  it(
    "make the tables of a first load, of files with faults, of one without a record, and of the step tests' cases",
    async () => {
      await generate({ ...shop, faults: 0.02 });
      land("customers/customers_none.csv", [firstFile("customers")[0]!]);
      await bring(0);
      expect(await outcome(await runBoth("2026-03-01"))).toEqual(good);
    },
    patience,
  );

  it(
    "take in a day's changes, and what comes late, torn, or in another order of columns",
    async () => {
      await generate({ ...shop, days: 1 });
      const customers = firstFile("customers");
      const late = customers[1]!.split(",").with(5, "Elsewhere").with(9, "2025-06-01T00:00:00Z");
      land("customers/customers_2026-03-02_late.csv", [
        customers[0]!,
        late.join(","),
        "torn",
        '"never closed,x',
      ]);
      const orders = firstFile("orders");
      const reversed = (line: string) => line.split(",").toReversed().join(",");
      const unknown = orders[1]!.split(",").with(0, "late-1").with(1, "nobody");
      land("orders/orders_2026-03-02_late.csv", [
        `${reversed(orders[0]!)},channel`,
        `${reversed(unknown.join(","))},web`,
        `${reversed(orders[2]!)},`,
      ]);
      if (mode === "cases") await bring(1);
      const only = mode === "ci" ? onTheWayToSales : isChosen;
      expect(await outcome(await runBoth("2026-03-02", { only }))).toEqual(good);
    },
    patience,
  );

  it("make tables whose columns have the types of the contracts, as plan compares them", () => {
    expect(changesOfNew).toEqual([]);
  });

  it("add the columns that a contract has gained, with the values that they take over", () => {
    expect(sessionsOfBefore).toEqual([{ visitor_id: "C1", customer_id: "C1", landing_page: null }]);
  });

  it(
    "compute business dates anew by the job backfill, whose last task says which rows changed, and refuse dates that make no sense",
    async () => {
      const [from, to] = ["2026-02-10", "2026-02-20"] as const;
      const within = `between date'${from}' and date'${to}'`;
      const connections = await Promise.all([spark, duckdb].map((engine) => engine.connect()));
      const [there] = connections;
      const damage = [
        `update gold.daily_sales_summary set revenue = revenue + 1 where date ${within}`,
        `delete from gold.daily_sales_summary where date = date'${to}'`,
        `update gold.daily_sales_summary set revenue = revenue + 1 where date = date'2026-02-21'`,
        `update gold.product_performance set units_sold = 0 where month = date'2026-02-01' and category_rank = 1`,
        `delete from gold.customer_ltv where last_order_date ${within}`,
        `update gold.customer_cohorts set active_customers = 0 where cohort_month = date'2026-02-01'`,
        `delete from gold.hourly_traffic_metrics where date >= date'2026-02-20'`,
        `insert into gold.conversion_funnel (date, category, visitors, page_views, add_to_carts, purchases, revenue, revenue_per_visitor,
updated_at) values (date'${from}', 'Ghost', 1, 1, 0, 0, 0, 0, timestamp'2026-03-02 00:00:00')`,
      ];
      for (const connection of connections)
        for (const statement of damage) await connection.execute(statement);
      const dates = { from_date: from, to_date: to };
      const backfill = async (date: string, tables: readonly string[]) => {
        const only = (name: string) =>
          tables.includes(name) || /^(?:daily|streaming|check_dates)$/.test(name);
        const report = await runGraph({
          engine: duckdb,
          graph: compiled,
          steps: selectBackfilled(compiled, { only: tables.join(), job: "daily" }),
          landing,
          snapshots: path.join(home, "snapshots"),
          date,
          full: false,
          backfill: { from, to },
        });
        return { report, tasks: await dailyJob(date, { job: "backfill", told: dates, only }) };
      };
      const ofGold = Object.fromEntries(
        Object.entries(compared).filter(([name]) => name.startsWith("gold.")),
      );
      const saidBy = async (date: string) =>
        Promise.all(
          connections.map(async (connection) => {
            const { rows } =
              await connection.query(`select step, rows_added, rows_changed, rows_removed, changed_keys
from ops.step_runs join ops.runs using (run_id) where run_date = '${date}' and from_date = date'${from}' and to_date = date'${to}'
and rows_added is not null order by step`);
            return rows;
          }),
        );

      // Those that are damaged above. By hand all are computed anew, also those that are right.
      const dated =
        mode === "ci" ? goldTables.filter((name) => damage.some((sql) => sql.includes(name))) : goldTables;
      const first = await backfill("2026-03-11", dated);
      expect(first.tasks.filter(({ error }) => error)).toEqual([]);
      expect(first.report.status).toBe("succeeded");
      expect(await differing(ofGold)).toEqual([]);
      const [onSpark, here] = await saidBy("2026-03-11");
      expect(onSpark).toEqual(here);
      expect(onSpark!.map(({ step }) => step)).toEqual(dated);
      const sales = onSpark!.find(({ step }) => step === "gold.daily_sales_summary")!;
      expect(
        [sales["rows_added"], sales["rows_changed"], sales["rows_removed"]].map((n) => Number(n) > 0),
      ).toEqual([true, true, false]);
      expect(sales["changed_keys"]).toMatch(/^added: 2026-02-20 .* \/ changed: 2026-02-10 /);
      const outside = "where date = date'2026-02-21'";
      const { rows } = await there!
        .query(`select sum(revenue) as revenue from gold.daily_sales_summary ${outside}
union all select sum(total_amount) from silver.orders_clean where status = 'completed' and cast(order_date as date) = date'2026-02-21'`);
      expect(Number(rows[0]!["revenue"])).toBeGreaterThan(Number(rows[1]!["revenue"]));

      const few = ["gold.daily_sales_summary", "gold.hourly_traffic_metrics"];
      const again = await backfill("2026-03-12", few);
      expect(again.tasks.filter(({ error }) => error)).toEqual([]);
      const none = few.map((step) => ({
        step,
        rows_added: 0,
        rows_changed: 0,
        rows_removed: 0,
        changed_keys: null,
      }));
      expect(await saidBy("2026-03-12")).toEqual([none, none]);

      const turned = { from_date: to, to_date: from };
      const refused = await dailyJob("2026-03-13", { job: "backfill", told: turned });
      expect(refused.map(({ task, state }) => [task, state])).toEqual([
        ["check_dates", "failed"],
        ["daily", "upstream_failed"],
        ["finish_backfill", "failed"],
      ]);
      expect(refused[0]!.error).toContain(
        'from_date is "2026-02-20" and to_date is "2026-02-10": give two dates such as 2026-03-01',
      );
      const lonely = await dailyJob("2026-03-13", {
        told: { from_date: from },
        only: (name) => name === "gold.daily_sales_summary",
      });
      expect(lonely.flatMap(({ task, state }) => (state === "failed" ? [task] : []))).toEqual([
        "gold_daily_sales_summary",
        "finish_daily",
      ]);
      const why = lonely.find(({ error }) => error)?.error;
      expect(why).toContain('from_date is "2026-02-10" and to_date is ""');
      expect(why).toContain("The step has changed nothing.");

      for (const connection of connections) {
        // Only one of the two has this run on record.
        for (const table of ["ops.step_runs", "ops.runs"])
          await connection.execute(`delete from ${table} where run_id = 'run-2026-03-13'`);
        await connection.execute(`update gold.daily_sales_summary set revenue = revenue - 1 ${outside}`);
        await connection.close();
      }
    },
    patience,
  );

  it(
    "care for a table: comments, tags, clustering, compacting, and removal of old files",
    async () => {
      const connection = await spark.connect();
      await connection.execute("comment on table gold.daily_sales_summary is 'other'");
      await connection.execute("alter table gold.daily_sales_summary alter column revenue comment 'other'");
      const asked = {} as Writing; // this verb asks for no select
      const care = async () => {
        for (const table of [gold.daily_sales_summary, silver.dim_customers, bronze.orders_raw, ops.runs])
          for (const { body } of databricksDialect.verbs.maintain({ kind: "maintain", table }, asked))
            await connection.execute(body);
      };
      const versions = async () =>
        (await connection.query("describe history gold.daily_sales_summary")).rows.filter(({ operation }) =>
          /COMMENT|COLUMN|CLUSTER|PROPERTIES/.test(String(operation)),
        ).length;
      await care();
      const before = await versions();
      await care();
      // The second time the catalog is as the contract says, so nothing is set again.
      expect([before > 0, await versions()]).toEqual([true, before]);
      const { rows } = await connection.query("describe table extended gold.daily_sales_summary");
      const commentOf = (name: string) => rows.find((row) => row["col_name"] === name)?.["comment"];
      const valueOf = (name: string) => rows.find((row) => row["col_name"] === name)?.["data_type"];
      expect(commentOf("revenue")).toBe("Sum of the lines' amounts, in the reporting currency.");
      expect(valueOf("Comment")).toBe(gold.daily_sales_summary.comment);
      await connection.close();
      expect(await differing()).toEqual([]);
    },
    patience,
  );

  it.runIf(mode === "all" || mode === "cases")(
    "take in a third day",
    async () => {
      await generate({ ...shop, days: 1 });
      await bring(2);
      expect(await outcome(await runBoth("2026-03-03"))).toEqual(good);
    },
    patience,
  );

  it.runIf(mode === "kill")(
    "leave the same tables when they are killed after any of their statements and repeated",
    async () => {
      for (let statement = 1; statement <= 12; statement++) {
        await generate({ ...shop, days: 1 });
        const date = `2026-03-${String(statement + 2).padStart(2, "0")}`;
        const { tasks } = await runBoth(date, { killedAfter: () => statement });
        expect(tasks.filter(({ error }) => error)).toEqual([]);
        const {
          "ops.check_results": _checks,
          "ops.step_runs": _steps,
          "ops.runs": _runs,
          ...kept
        } = compared;
        expect([statement, await differing(kept)]).toEqual([statement, []]);
      }
    },
    patience,
  );

  /** Takes a file back on both, there by the command as a person gives it, and out of the landing folder. */
  async function unloadBoth(name: string) {
    const { host, port, path: httpPath, token, caFile, catalog } = warehouse;
    const { shopmetrics } = await lakehouse({ home });
    const { stdout, stderr } = await shopmetrics(`unload ${name} --json`, {
      env: {
        SHOPMETRICS_ENGINE: "databricks",
        SHOPMETRICS_CATALOG: catalog,
        DATABRICKS_HOST: `${host}:${port}`,
        DATABRICKS_HTTP_PATH: httpPath,
        DATABRICKS_TOKEN: token,
        NODE_EXTRA_CA_CERTS: caFile,
      },
    });
    expect(stderr).toBe("");
    const here = await unloadFiles(duckdb, duckdbDialect, [name]);
    rmSync(path.join(landing, name));
    return [(JSON.parse(stdout) as { unloaded: typeof here }).unloaded, here];
  }

  /** What is compared, of the books only what the runs of one date left. */
  const comparedOf = (date: string) => {
    const runs = `run_id in (select run_id from ops.runs where run_date = date'${date}')`;
    return {
      ...compared,
      "ops.check_results": `${compared["ops.check_results"]} and ${runs}`,
      "ops.step_runs": `${compared["ops.step_runs"]} and ${runs}`,
      "ops.runs": `${compared["ops.runs"]} where run_date = date'${date}'`,
    };
  };

  it(
    "stop at a check that halts: nothing is written, the log says where, the run is on record, and unloading is the way out",
    async () => {
      const before = await spark.connect();
      const { "silver.orders_clean": orders, "silver.rejected_rows": rejected, ...others } = compared;
      const kept = { orders: orders!, rejected: rejected!, sales: others["gold.daily_sales_summary"]! };
      const expected = await rowsOf(before, kept);
      const [header, line] = firstFile("orders");
      land("orders/orders_2026-04-01.csv", [header!, line!.split(",").with(0, "").join(",")]);
      const only = (step: string) => /orders|order_items|daily_sales/.test(step);
      const { report, tasks } = await runBoth("2026-04-01", { only });
      expect(report.status).toBe("failed");
      const errors = Object.fromEntries(tasks.map(({ task, error }) => [task, error]));
      // The log of the task, that of the last task and the books say what the terminal says, to the letter.
      const said = report.steps.find(({ step }) => step === "silver.orders_clean")!.message!;
      expect(errors["silver_orders_clean"]).toContain(said);
      expect(errors["finish_daily"]).toContain(`silver.orders_clean: ${said}`);
      expect(errors["silver_orders_clean"]).toMatch(
        /notebooks\/silver\/orders_clean\.ipynb cell 4:1: check "null order_id" of silver\.orders_clean: 100 % \(1 of 1 row\), such as \S+ row 1; at most 1 %/,
      );
      expect(tasks.find(({ task }) => task === "gold_daily_sales_summary")?.state).toBe("upstream_failed");
      expect(errors["finish_daily"]).toMatch(/silver\.orders_clean: .* check "null order_id"/);
      expect(await rowsOf(before, kept)).toEqual(expected);
      const run = "run_id = 'run-2026-04-01'";
      const record = await before.query(
        `select step, status, message from ops.step_runs where ${run} and step in ('silver.orders_clean', 'gold.daily_sales_summary') order by step`,
      );
      expect(record.rows).toEqual([
        {
          step: "gold.daily_sales_summary",
          status: "skipped",
          message: "gold.fct_order_items did not succeed",
        },
        {
          step: "silver.orders_clean",
          status: "failed",
          message: expect.stringContaining('check "null order_id" of silver.orders_clean'),
        },
      ]);
      expect((await before.query(`select status from ops.runs where ${run}`)).rows).toEqual([
        { status: "failed" },
      ]);

      const unloaded = {
        file: "orders/orders_2026-04-01.csv",
        table: "bronze.orders_raw",
        rows: 1,
        readBy: [],
      };
      expect(await unloadBoth(unloaded.file)).toEqual([[unloaded], [unloaded]]);
      land("orders/orders_2026-04-01_mended.csv", [header!, line!.split(",").with(0, "mended-1").join(",")]);
      const next = await runBoth("2026-04-02", { only });
      expect(next.tasks.filter(({ error }) => error)).toEqual([]);
      expect(next.report.status).toBe("succeeded");
      expect(await differing(comparedOf("2026-04-02"))).toEqual([]);
      expect((await rowsOf(before, kept))["orders"]).toHaveLength(expected["orders"]!.length + 1);
      await before.close();
    },
    patience,
  );
}
