import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { shop } from "#lib/shop/index.js";
import type { Connection } from "#lib/engine/connection.js";
import type { Engine } from "#lib/engine/adapter.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { readSettings, useSettings } from "#lib/settings.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, type Compiled } from "../../build/src/compile/compile.ts";
import { selectSteps } from "../../build/src/compile/select.ts";
import { recordLineage } from "../../build/src/run/openlineage/record-run.ts";
import { runGraph } from "../../build/src/run/run.ts";
import { leaveYear, runsOfYear } from "../year.ts";

const home = mkdtempSync(path.join(tmpdir(), "years-"));
const settings = readSettings({ SHOPMETRICS_HOME: home });
let restore: () => void;
let compiled: Compiled;
let engine: Engine;
let connection: Connection;

beforeAll(async () => {
  restore = useSettings(settings);
  compiled = await compile(settings.root, shop);
  engine = await openDuckdb({ file: settings.warehouse });
  connection = await engine.connect();
  const folder = path.join(settings.landing, "clickstream");
  mkdirSync(folder, { recursive: true });
  const value = JSON.stringify({
    event_id: "e",
    event_type: "page_view",
    event_timestamp: "2026-03-01T00:00:00Z",
    visitor_id: "v",
  });
  const envelope = {
    topic: "t",
    partition: 0,
    offset: 0,
    timestamp: "2026-03-01T00:00:01.000Z",
    key: null,
    value,
  };
  writeFileSync(path.join(folder, "t-0-0.ndjson"), `${JSON.stringify(envelope)}\n`);
});
afterAll(async () => {
  await connection.close();
  await engine.close();
  restore();
  rmSync(home, { recursive: true });
});

/** What a run asks of the warehouse. */
interface Cost {
  readonly statements: number;
  /** Rows that came into this process. */
  readonly rows: number;
  /** The steps that had work. */
  readonly ran: readonly string[];
}

/** Runs a job and counts what it costs. */
async function run(job: string): Promise<Cost> {
  let [statements, rows] = [0, 0];
  const counted = async (): Promise<Connection> => {
    const inner = await engine.connect();
    return {
      ...inner,
      async query(sql, params) {
        statements++;
        const result = await inner.query(sql, params);
        rows += result.rows.length;
        return result;
      },
      async execute(sql, params) {
        statements++;
        return inner.execute(sql, params);
      },
    };
  };
  const report = await runGraph({
    engine: { ...engine, connect: counted },
    graph: compiled,
    steps: selectSteps(compiled, { job }),
    landing: settings.landing,
    snapshots: settings.snapshots,
    date: "2026-03-02",
    full: false,
    cares: true,
  });
  expect(report.steps.filter(({ status }) => status === "failed")).toEqual([]);
  return {
    statements,
    rows,
    ran: report.steps.flatMap(({ step, status }) => (status === "succeeded" ? [step] : [])),
  };
}

async function rowsOf(...tables: string[]): Promise<number[]> {
  const counts = tables.map(async (table) => {
    const { rows } = await connection.query(`select count(*) as n from ${table}`);
    return Number(rows[0]!["n"]);
  });
  return Promise.all(counts);
}

const cost = ({ statements, rows }: Cost) => ({ statements, rows });

describe("after a year of a run every five minutes", () => {
  let [daily, streaming]: Cost[] = [];
  let measured: readonly unknown[];
  const stepsMeasured = async () =>
    (await connection.query("select distinct step from ops.check_results order by step")).rows;
  beforeAll(async () => {
    await run("daily");
    [daily, streaming] = [await run("daily"), await run("streaming")];
    measured = await stepsMeasured();
    await leaveYear(connection, ["gold.conversion_funnel"]);
  }, 120_000);

  it("a run asks no more of the warehouse than on the first day, also before anything is deleted", async () => {
    const restoreThen = useSettings({ ...settings, keepDays: 3650 });
    try {
      // Pages are exported once more, since the year's last round wrote their tables.
      expect((await run("daily")).ran).toContain("ops.optimise");
      expect((await rowsOf("ops.runs"))[0]).toBeGreaterThan(runsOfYear);
      for (const [job, before] of [
        ["streaming", streaming],
        ["daily", daily],
      ] as const) {
        const { statements, rows, ran } = await run(job);
        expect(ran).not.toContain("ops.optimise");
        expect(ran).toEqual(before!.ran);
        expect(statements).toBe(before!.statements);
        // The page about the pipeline lists up to 30 runs.
        expect(rows).toBeLessThanOrEqual(before!.rows + 30);
      }
    } finally {
      restoreThen();
    }
  });

  it("the next care leaves a month of records, and of each step its last ones", async () => {
    await connection.execute(
      "update ops.step_runs set started_at = started_at - interval 2 day where step = 'ops.optimise'",
    );
    const { ran } = await run("daily");
    expect(ran).toContain("ops.optimise");
    const [runs, stepRuns, checkResults, watermarks] = await rowsOf(
      "ops.runs",
      "ops.step_runs",
      "ops.check_results",
      "ops.watermarks",
    );
    const month = 30 * 288;
    expect(runs).toBeGreaterThanOrEqual(month);
    expect(runs).toBeLessThan(month + 40);
    expect(stepRuns).toBeGreaterThanOrEqual(6 * month);
    expect(stepRuns).toBeLessThan(6 * month + 100);
    expect(checkResults! / month).toBeLessThan(100);
    expect(watermarks).toBeLessThan(100);
    expect(measured.length).toBeGreaterThan(1);
    expect(await stepsMeasured()).toEqual(measured);
  });

  it("a run then asks the same as on the first day, and cares again only the next", async () => {
    const after = await run("streaming");
    expect(after.ran).not.toContain("ops.optimise");
    expect(cost(after)).toEqual(cost(streaming!));
  });

  it("no batch is read again", async () => {
    const { rows } = await connection.query(
      "select step from ops.step_runs where run_id = (select max_by(run_id, run_number) from ops.runs) and rows_in > 0 and step not like 'dashboard.%'",
    );
    expect(rows).toEqual([]);
  });
});

describe("lineage", () => {
  it("of runs older than a month is deleted when the next run records its own", async () => {
    const folder = path.join(home, "lineage");
    mkdirSync(folder, { recursive: true });
    const name = (age: number) =>
      `${new Date(Date.now() - age * 86_400_000).toISOString().slice(0, 19).replaceAll(":", "")}Z-abc123.ndjson`;
    const [old, young] = [name(31), name(29)];
    for (const file of [old, young, "notes.ndjson"]) writeFileSync(path.join(folder, file), "");
    const record = await recordLineage(settings, compiled, {
      job: "daily",
      onNote: (message) => expect.fail(message),
    });
    record.step({ kind: "started", runId: "now", step: compiled.plans[0]!.step });
    expect(readdirSync(folder).toSorted()).toEqual([young, "notes.ndjson", "now.ndjson"].toSorted());
  });
});
