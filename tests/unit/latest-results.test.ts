import { check_results, runs, step_runs } from "#lib/contracts/ops.js";
import type { Connection } from "#lib/engine/connection.js";
import { duckdbDialect } from "#lib/engine/duckdb/dialect.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { countChecks, latestResults } from "#lib/run/latest-results.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let engine: Awaited<ReturnType<typeof openDuckdb>>;
let connection: Connection;

beforeEach(async () => {
  engine = await openDuckdb({ file: ":memory:", threads: 1 });
  connection = await engine.connect();
  await connection.execute("create schema ops");
  for (const table of [runs, step_runs, check_results])
    for (const sql of duckdbDialect.createTable(table)) await connection.execute(sql);
});
afterEach(async () => {
  await connection.close();
  await engine.close();
});

/** A run of the step silver.x that measured checks, as `name=status`; its clock shows `at`. */
async function ran(number: number, status: "succeeded" | "failed", at: string, ...checks: string[]) {
  const run = `r${number}`;
  await connection.execute(
    `insert into ops.runs (run_id, run_number, started_at, status) values ('${run}', ${number}, timestamp '${at}', '${status}')`,
  );
  await connection.execute(
    `insert into ops.step_runs (run_id, step, status, started_at, statement_ids) values ('${run}', 'silver.x', '${status}',
  timestamp '${at}', [])`,
  );
  await measured(run, at, ...checks);
}

async function measured(run: string, at: string, ...checks: string[]) {
  for (const [name, result] of checks.map((text) => text.split("=")))
    await connection.execute(
      `insert into ops.check_results (run_id, step, table_name, check_name, status, checked_at)
values ('${run}', 'silver.x', 'silver.x', '${name}', '${result}', timestamp '${at}')`,
    );
}

async function latest(until?: string): Promise<string[]> {
  const { rows } = await connection.query(
    `with ${latestResults(until === undefined ? {} : { until: `'${until}'` })} select run_id, check_name, status from latest_results order by check_name`,
  );
  return rows.map(
    (row) => `${String(row["check_name"])}=${String(row["status"])} of ${String(row["run_id"])}`,
  );
}

describe("the latest result of each check", () => {
  it("is that of the last run of its step", async () => {
    await ran(1, "succeeded", "2026-03-01", "a=warn", "b=pass");
    await ran(2, "succeeded", "2026-03-02", "a=pass", "b=pass");
    expect(await latest()).toEqual(["a=pass of r2", "b=pass of r2"]);
  });

  it("is an earlier one for a check that a halted run did not come to", async () => {
    await ran(1, "succeeded", "2026-03-01", "a=pass", "b=warn");
    await ran(2, "failed", "2026-03-02", "a=fail");
    await ran(3, "failed", "2026-03-03", "a=fail");
    expect(await latest()).toEqual(["a=fail of r3", "b=warn of r1"]);
  });

  it("is what it was after an earlier run, if that is the last that counts", async () => {
    await ran(1, "succeeded", "2026-03-01", "a=warn", "b=pass");
    await ran(2, "succeeded", "2026-03-02", "a=pass", "b=warn");
    await ran(3, "failed", "2026-03-03", "a=fail");
    expect(await latest("r1")).toEqual(["a=warn of r1", "b=pass of r1"]);
    expect(await latest("r2")).toEqual(["a=pass of r2", "b=warn of r2"]);
    expect(await latest("r3")).toEqual(await latest());
  });

  it("goes by the number of the run and not by its clock", async () => {
    await ran(1, "succeeded", "2027-03-01", "a=warn");
    await ran(2, "failed", "2026-03-02", "a=fail");
    expect(await latest()).toEqual(["a=fail of r2"]);
  });

  it("counts what a run at work has measured of a step that is not on record", async () => {
    await ran(1, "succeeded", "2026-03-01", "a=pass", "b=pass");
    await measured("r2", "2026-03-02", "a=fail");
    expect(await countChecks(connection, "r2")).toEqual({ pass: 1, warn: 0, fail: 1 });
    expect(await countChecks(connection, "r1")).toEqual({ pass: 2, warn: 0, fail: 0 });
  });
});
