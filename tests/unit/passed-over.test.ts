import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Connection } from "#lib/engine/connection.js";
import { duckdbDialect } from "#lib/engine/duckdb/dialect.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { loaded_files } from "#lib/contracts/ops.js";
import { recordPassedOver } from "#lib/run/passed-over.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let engine: Awaited<ReturnType<typeof openDuckdb>>;
let connection: Connection;
let landing: string;

beforeEach(async () => {
  landing = mkdtempSync(path.join(tmpdir(), "volume-"));
  engine = await openDuckdb({ file: ":memory:", threads: 1 });
  connection = await engine.connect();
  await connection.execute("create schema ops");
  for (const sql of duckdbDialect.createTable(loaded_files)) await connection.execute(sql);
});
afterEach(async () => {
  await connection.close();
  await engine.close();
  rmSync(landing, { recursive: true });
});

function land(name: string): void {
  mkdirSync(path.dirname(path.join(landing, name)), { recursive: true });
  writeFileSync(path.join(landing, name), "x");
}

async function told(options: { byTasks?: boolean } = {}): Promise<string[]> {
  const notes: string[] = [];
  await recordPassedOver(connection, new Map([["orders", { format: "csv" }]]), {
    landing,
    runId: "r",
    now: "2026-03-01T00:00:00Z",
    onNote: (message) => notes.push(message),
    ...options,
  });
  return notes;
}

describe("files that no step loads", () => {
  it("are told of once, and leave the record when they are gone", async () => {
    land("orders/a.txt");
    land("orders/a.csv.gz");
    expect(await told()).toEqual([
      "orders/a.txt was not loaded: orders/ takes .csv or .csv.gz: export it as such, or rename it if it is one",
    ]);
    expect(await told()).toEqual([]);
    rmSync(path.join(landing, "orders/a.txt"));
    await told();
    expect((await connection.query("select count(*) as n from ops.loaded_files")).rows).toEqual([{ n: 0 }]);
  });

  it("are more in a volume from which SQL tasks load: compressed ones and those that lie deep, unless a run loaded them", async () => {
    for (const name of ["a.csv.gz", "b.csv.gz", "2026/03/01/a.csv", "2026/03/01/late/a.csv"])
      land(`orders/${name}`);
    await connection.execute(
      `insert into ops.loaded_files (table_name, source_file, rows_loaded, rows_rescued, batch, run_id, loaded_at)
      values ('bronze.orders_raw', 'orders/b.csv.gz', 1, 0, 1, 'r', timestamp '2026-03-01')`,
    );
    expect(await told({ byTasks: true })).toEqual([
      "orders/2026/03/01/late/a.csv was not loaded: it lies more than 3 folders below its entity's: move it up",
      "orders/a.csv.gz was not loaded: a SQL task cannot decompress it: land it as it is without .gz",
    ]);
  });
});
