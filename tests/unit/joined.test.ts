import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ops, bronze } from "shopmetrics";
import type { Engine } from "#lib/engine/adapter.js";
import type { Connection } from "#lib/engine/connection.js";
import { duckdb } from "#lib/engine/duckdb/adapter.js";
import { duckdbDialect } from "#lib/engine/duckdb/dialect.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { chunksToJoin, nameOfJoined } from "#lib/landing/joined.js";
import type { LandedFile } from "#lib/landing/landing.js";
import { publish, readWindows } from "#lib/run/warehouse.js";
import { noFigures } from "#lib/run/step.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let home: string;
let engine: Engine;
let connection: Connection;
const table = bronze.clickstream_raw;
const columns = table.columns
  .map(({ name }) => name)
  .filter(
    (name) => !["_rescued_data", "source_file", "source_row", "source_load", "ingested_at"].includes(name),
  );
const [monday, tuesday, wednesday] = [2, 3, 4].map((day) => `2026-03-0${day}T12:00:00.000Z`) as [
  string,
  string,
  string,
];

async function open(ownsLanding = true): Promise<void> {
  engine = await openDuckdb({ file: path.join(home, "warehouse.duckdb"), ownsLanding });
  connection = await engine.connect();
}
async function close(): Promise<void> {
  await connection.close();
  await engine.close();
}

beforeEach(async () => {
  home = mkdtempSync(path.join(tmpdir(), "joined-"));
  mkdirSync(path.join(home, "landing", "clickstream"), { recursive: true });
  await open();
  await prepare();
});
afterEach(async () => {
  await close();
  rmSync(home, { recursive: true });
});

async function prepare(): Promise<void> {
  for (const schema of ["ops", "bronze"]) await connection.execute(`create schema if not exists ${schema}`);
  for (const made of [ops.loaded_files, ops.watermarks, table])
    for (const sql of duckdbDialect.createTable(made)) await connection.execute(sql);
}

const nameOf = (from: number, last?: number, partition = 0) =>
  `t-${partition}-${[from, ...(last === undefined ? [] : [last])].map((at) => String(at).padStart(20, "0")).join("-")}.ndjson`;

/** Lands a file of messages, one for each offset. */
function land(from: number, count = 2, partition = 0): void {
  const lines = Array.from({ length: count }, (_, more) =>
    JSON.stringify({
      topic: "t",
      partition,
      offset: from + more,
      timestamp: monday,
      key: null,
      value: `{"event_id":"e${from + more}"}`,
    }),
  );
  writeFileSync(
    path.join(home, "landing", "clickstream", nameOf(from, undefined, partition)),
    `${lines.join("\n")}\n`,
  );
}

/** Loads as a step does: in one transaction with the ledger. */
async function load(now: string, fail = false): Promise<void> {
  const load = { table: table.name, folder: "clickstream", format: "envelopes" as const, columns };
  await connection.transaction(async () => {
    const windows = await readWindows(connection, table.name, {
      changes: [],
      writes: [table.name],
      full: false,
    });
    const figures = noFigures();
    const batch = windows.batches.get(table.name)!;
    const loaded = await connection.load(load, { landing: path.join(home, "landing"), batch, now });
    figures.files.push(...loaded.map((file) => ({ ...file, table: table.name })));
    const context = { runId: "r", now, date: now.slice(0, 10), full: false, landing: "", ...windows };
    await publish(connection, duckdb, table.name, context, figures);
    if (fail) throw new Error("killed");
  });
}

const files = () => readdirSync(path.join(home, "landing", "clickstream")).toSorted();
const texts = async (sql: string) =>
  (await connection.query(sql)).rows.map((row) => Object.values(row).join(" "));
const offsets = () =>
  texts("select kafka_offset from bronze.clickstream_raw order by kafka_partition, kafka_offset");
const ledger = () => texts("select source_file, rows_loaded from ops.loaded_files order by source_file");
const entry = (name: string, rows: number) => `clickstream/${name} ${rows}`;

describe("small files of a partition", () => {
  beforeEach(async () => {
    land(0);
    land(2);
    await load(monday);
    land(4);
    await load(monday);
  });

  it("stay on the day on which they are loaded", async () => {
    await load(monday);
    expect(files()).toEqual([nameOf(0), nameOf(2), nameOf(4)]);
  });

  it("become one file on a later day, which stands in the ledger for them, and no message is loaded again", async () => {
    const content = files()
      .map((name) => readFileSync(path.join(home, "landing", "clickstream", name), "utf8"))
      .join("");
    land(6);
    await load(tuesday);
    await load(tuesday);
    expect(files()).toEqual([nameOf(0, 4), nameOf(6)]);
    expect(readFileSync(path.join(home, "landing", "clickstream", nameOf(0, 4)), "utf8")).toBe(content);
    expect(await ledger()).toEqual([entry(nameOf(0, 4), 6), entry(nameOf(6), 2)]);
    expect(await offsets()).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    const last = await texts("select load_number from ops.loaded_files order by source_file");
    expect(last).toEqual(["3", "4"]);
  });

  it("are joined by day and partition", async () => {
    land(0, 2, 1);
    land(2, 2, 1);
    await load(tuesday);
    land(6);
    land(8);
    await load(tuesday);
    await load(wednesday);
    await load(wednesday);
    expect(files()).toEqual([nameOf(0, 4), nameOf(6, 8), nameOf(0, 2, 1)]);
  });

  it("stay when the transaction that had joined them is not committed, and are joined by the next one", async () => {
    await expect(load(tuesday, true)).rejects.toThrow("killed");
    expect(files()).toEqual([nameOf(0, 4), nameOf(0), nameOf(2), nameOf(4)]);
    land(6);
    await load(monday);
    expect(files()).toEqual([nameOf(0), nameOf(2), nameOf(4), nameOf(6)]);
    expect(await offsets()).toHaveLength(8);
    await load(tuesday);
    await load(tuesday);
    expect(files()).toEqual([nameOf(0, 6)]);
    expect(await offsets()).toHaveLength(8);
  });

  it("load once into a new warehouse, also when a process was killed before the joined ones were removed", async () => {
    await load(tuesday);
    expect(files()).toEqual([nameOf(0, 4), nameOf(0), nameOf(2), nameOf(4)]);
    await close();
    rmSync(path.join(home, "warehouse.duckdb"));
    await open();
    await prepare();
    await load(tuesday);
    expect(files()).toEqual([nameOf(0, 4)]);
    expect(await offsets()).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  it("load to the end into a warehouse that is older than the joined file", async () => {
    await connection.execute("checkpoint");
    await close();
    copyFileSync(path.join(home, "warehouse.duckdb"), path.join(home, "older.duckdb"));
    await open();
    land(6);
    await load(monday);
    await load(tuesday);
    await load(tuesday);
    expect(files()).toEqual([nameOf(0, 6)]);
    await close();
    copyFileSync(path.join(home, "older.duckdb"), path.join(home, "warehouse.duckdb"));
    await open();
    expect(await offsets()).toHaveLength(6);
    await load(wednesday);
    expect(await offsets()).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    expect(await ledger()).toEqual([entry(nameOf(0, 6), 8)]);
    expect(files()).toEqual([nameOf(0, 6)]);
  });

  it("are left alone by a developer's copy of the warehouse", async () => {
    await close();
    await open(false);
    await load(tuesday);
    expect(files()).toEqual([nameOf(0), nameOf(2), nameOf(4)]);
  });

  it("stay when one is not as it was loaded", async () => {
    writeFileSync(path.join(home, "landing", "clickstream", nameOf(2)), "x");
    await expect(load(tuesday)).rejects.toThrow(/t-0-0+2\.ndjson was changed after it was loaded/);
    expect(files()).toEqual([nameOf(0), nameOf(2), nameOf(4)]);
  });
});

describe("which files become one", () => {
  const file = (name: string, size = 10): LandedFile => ({ name, path: name, size, modifiedAt: new Date(0) });
  const today = "2026-03-02";
  const chunks = (files: readonly LandedFile[], day = today) =>
    chunksToJoin(files, () => day, today).map(nameOfJoined);
  const small = (count: number, from = 0) =>
    Array.from({ length: count }, (_, more) => file(nameOf(from + more)));

  it("of today: a thousand at a time, and those that hold others stay as they are", () => {
    expect(chunks(small(999))).toEqual([]);
    expect(chunks(small(2003))).toEqual([nameOf(0, 999), nameOf(1000, 1999)]);
    expect(chunks([file(nameOf(0, 999)), ...small(1000, 1000)])).toEqual([nameOf(1000, 1999)]);
  });

  it("of an earlier day: whenever there are two, also if they hold others", () => {
    expect(chunks(small(1), "2026-03-01")).toEqual([]);
    expect(chunks([file(nameOf(0, 999)), ...small(2, 1000)], "2026-03-01")).toEqual([nameOf(0, 1001)]);
  });

  it("are consecutive: one that is not loaded, or one of another day, is never enclosed", () => {
    const dayOf = (name: string) => (name === nameOf(2) ? undefined : "2026-03-01");
    expect(chunksToJoin(small(5), dayOf, today).map(nameOfJoined)).toEqual([nameOf(0, 1), nameOf(3, 4)]);
    const other = (name: string) => (name === nameOf(2) ? "2026-02-27" : "2026-03-01");
    expect(chunksToJoin(small(5), other, today).map(nameOfJoined)).toEqual([nameOf(0, 1), nameOf(3, 4)]);
  });

  it("are 256 MiB together at most", () => {
    const large = [0, 1, 2].map((from) => file(nameOf(from), 100 << 20));
    expect(chunks(large, "2026-03-01")).toEqual([nameOf(0, 1)]);
  });

  it("have names of messages' files: others are left alone", () => {
    const foreign = ["clickstream/a.ndjson", "clickstream/t-0-12.ndjson", "clickstream/b.ndjson"].map(
      (name) => file(name),
    );
    expect(chunks(foreign, "2026-03-01")).toEqual([]);
  });
});
