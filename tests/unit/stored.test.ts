/** A table of envelopes on DuckDB: what arrived is stored, and a view of the table's name reads the message's fields from it. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { bronze } from "shopmetrics";
import { bigint, text } from "#lib/contracts/columns.js";
import { table, type Table } from "#lib/contracts/table.js";
import type { Engine } from "#lib/engine/adapter.js";
import type { Connection } from "#lib/engine/connection.js";
import { duckdb } from "#lib/engine/duckdb/adapter.js";
import { duckdbDialect } from "#lib/engine/duckdb/dialect.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { loadColumns } from "#lib/plan/kept-columns.js";
import { noFigures } from "#lib/run/step.js";
import { prepareWarehouse, publish, readWindows } from "#lib/run/warehouse.js";
import { shop } from "#lib/shop/index.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unloadFiles } from "../../build/src/commands/unload.ts";

const events = bronze.clickstream_raw;
let home: string;
let engine: Engine;
let connection: Connection;

beforeEach(async () => {
  home = mkdtempSync(path.join(tmpdir(), "stored-"));
  engine = await openDuckdb({ file: path.join(home, "warehouse.duckdb"), threads: 1 });
  connection = await engine.connect();
  await prepare();
});
afterEach(async () => {
  await connection.close();
  await engine.close();
  rmSync(home, { recursive: true });
});

/** Prepares the warehouse, with another contract of the events if one is given. @returns what a person is told */
async function prepare(contract: Table = events, on = connection): Promise<string[]> {
  const notes: string[] = [];
  const tables = new Map([...shop.tables, [contract.name, contract]]);
  await prepareWarehouse(on, duckdbDialect, tables, (note) => notes.push(note));
  return notes;
}

/** Lands messages as they stand in a file, and loads them as a step does. */
async function load(name: string, ...values: readonly (string | null)[]): Promise<void> {
  const folder = path.join(home, "landing", "clickstream");
  mkdirSync(folder, { recursive: true });
  const lines = values.map((value, offset) =>
    JSON.stringify({ topic: "t", partition: 0, offset, timestamp: "2026-03-01T10:00:00Z", key: null, value }),
  );
  writeFileSync(path.join(folder, name), `${lines.join("\n")}\ntorn\n`);
  const columns = events.columns.map((column) => column.name).filter((column) => !loadColumns.has(column));
  const now = "2026-03-01T12:00:00.000Z";
  await connection.transaction(async () => {
    const windows = await readWindows(connection, "s", { changes: [], writes: [events.name], full: false });
    const figures = noFigures();
    const loaded = await connection.load(
      { table: events.name, folder: "clickstream", format: "envelopes", columns },
      { landing: path.join(home, "landing"), batch: windows.batches.get(events.name)!, now },
    );
    figures.files.push(...loaded.map((file) => ({ ...file, table: events.name })));
    const context = { runId: "r", now, date: now.slice(0, 10), full: false, landing: "", ...windows };
    await publish(connection, duckdb, "s", context, figures);
  });
}

const rows = async (what = "*", on = connection) =>
  (await on.query(`select ${what} from bronze.clickstream_raw order by source_file, source_row`)).rows;

const kinds = async (on = connection) =>
  Object.fromEntries(
    (
      await on.query(
        "select table_name, table_type from information_schema.tables where table_name like 'clickstream_raw%' order by all",
      )
    ).rows.map((row) => [row["table_name"], row["table_type"]]),
  );

const present = { clickstream_raw: "VIEW", clickstream_raw_messages: "BASE TABLE" };
const before = { clickstream_raw: "BASE TABLE" };

/** Texts of messages whose fields are easily read wrongly. */
const messages = [
  '{"event_id":"E1","price":19.90,"device":"m\\u00f6bile","page":{"a":[1, 2]},"customer_id":true,"order_id":null}',
  '{"event_id":"E1","event_id":"E2"}',
  ' \t{ "event_id" : "E3" }\n',
  '\ufeff{"event_id":"E4"}',
  '{"event_id":"E5",}',
  '{"event_id":"E6","page":"a,]"}',
  '{"event_id":"E7","price":1e400,"quantity":NaN}',
  '{"event_id":"\\u0000","page":"\\ud83d\\uded2"}',
  '{"event_id":"\\ud800"}',
  '{"event_id":"\0"}',
  '["event_id"]',
  "null",
  "7",
  '"text"',
  "click",
  "",
  " ",
  null,
];

/** The table as versions before this one made it: every column stored. */
async function asBefore(without: readonly string[] = []): Promise<void> {
  const columns = events.columns.filter(({ name }) => !without.includes(name));
  const typed = columns.map(({ name, type }) => `${name} ${type === "STRING" ? "varchar" : type}`);
  const names = [...columns.map(({ name }) => name), "_batch"].join(", ");
  for (const sql of [
    `create table bronze.as_before (${[...typed, "_batch bigint"].join(", ")})`,
    `insert into bronze.as_before select ${names} from bronze.clickstream_raw`,
    "drop view bronze.clickstream_raw",
    "drop table bronze.clickstream_raw_messages",
    "alter table bronze.as_before rename to clickstream_raw",
    "checkpoint",
  ])
    await connection.execute(sql);
}

/** A contract of events with other columns. */
const contractOf = (shape: Parameters<typeof table>[2]) =>
  table("bronze.clickstream_raw", "Events.", shape, { files: "envelopes" });

describe("a table of envelopes", () => {
  it("stores what arrived once, and has the contract's columns in their order", async () => {
    await load("a.ndjson", '{"event_id":"E1"}');
    expect(await kinds()).toEqual(present);
    expect(Object.keys((await rows())[0]!)).toEqual([...events.columns.map(({ name }) => name), "_batch"]);
    const { columns } = await connection.query("select * from bronze.clickstream_raw_messages");
    expect(columns.map(({ name }) => name)).toEqual([
      "value",
      "kafka_topic",
      "kafka_partition",
      "kafka_offset",
      "kafka_timestamp",
      "kafka_key",
      "kafka_schema_id",
      ...loadColumns,
      "_batch",
    ]);
    expect(await prepare()).toEqual([]);
  });

  it("reads the fields of a message as one statement over its text does, whatever the text is", async () => {
    await load("a.ndjson", ...messages);
    const field = (name: string) =>
      `(case when is_json(value) then json_transform(value, '{"${name}": "varchar"}').${name} end) is distinct from ${name} as ${name}`;
    const fields = ["event_id", "page", "price", "quantity", "device", "customer_id", "order_id"];
    const differing = await rows(fields.map(field).join(", "));
    expect(differing).toHaveLength(messages.length + 1);
    expect(differing.flatMap((row) => Object.values(row)).filter(Boolean)).toEqual([]);
    const found = await rows("value, event_id, price, device, page, customer_id, _rescued_data");
    expect(found[0]).toMatchObject({
      event_id: "E1",
      price: "19.9",
      device: "möbile",
      page: '{"a":[1,2]}',
      customer_id: "true",
    });
    // DuckDB's client takes a byte order mark away.
    expect(found.map(({ value }) => value)).toEqual([
      ...messages.map((value) => value?.replace(/^\ufeff/, "") ?? null),
      null,
    ]);
    expect(found.map((row) => row["event_id"]).slice(1, 6)).toEqual(["E1", "E3", null, null, "E6"]);
    expect(found.at(-1)).toMatchObject({ event_id: null, _rescued_data: "torn" });
  });

  it("shows a field that joins the contract, also of messages that were there before", async () => {
    await load("a.ndjson", '{"event_id":"E1","colour":"red"}');
    const { order_id, ...others } = events.row.shape;
    const gained = contractOf({ colour: text("The colour.").nullable(), ...others });
    expect(await prepare(gained)).toEqual([]);
    expect(await rows("event_id, colour")).toEqual([
      { event_id: "E1", colour: "red" },
      { event_id: null, colour: null },
    ]);
    expect(Object.keys((await rows())[0]!)).toEqual([...gained.columns.map(({ name }) => name), "_batch"]);
    await prepare();
    expect(Object.keys((await rows())[0]!)).toContain("order_id");
    expect(order_id).toBeDefined();
  });

  it("may have no field of the message at all", async () => {
    const shape = Object.entries(events.row.shape).filter(
      ([name]) => name === "value" || name.startsWith("kafka_") || loadColumns.has(name),
    );
    await prepare(contractOf(Object.fromEntries(shape)));
    await load("a.ndjson", "{}");
    expect(await rows("value, kafka_offset")).toEqual([
      { value: "{}", kafka_offset: 0 },
      { value: null, kafka_offset: null },
    ]);
  });

  it("takes over no former column", () => {
    expect(() =>
      table(
        "bronze.hits_raw",
        "Hits.",
        { value: text("Text.").nullable(), a: text("A.").nullable(), n: bigint("N.").nullable() },
        { files: "envelopes", formerly: { a: "value" } },
      ),
    ).toThrow("bronze.hits_raw: a table of envelopes has no `formerly`");
  });

  it("is read by a DuckDB that knows no function of ours", async () => {
    await load("a.ndjson", '{"event_id":"E1"}');
    await connection.execute("checkpoint");
    copyFileSync(path.join(home, "warehouse.duckdb"), path.join(home, "copy.duckdb"));
    const plain = await DuckDBInstance.create(":memory:", { threads: "1" });
    const reader = await plain.connect();
    await reader.run(`attach '${path.join(home, "copy.duckdb")}' as shop (read_only)`);
    const found = await reader.runAndReadAll("select event_id from shop.bronze.clickstream_raw");
    expect(found.getRows()).toEqual([["E1"], [null]]);
    reader.closeSync();
    plain.closeSync();
  });

  it("reads no message whose batch is not asked for, and each once", async () => {
    await load("a.ndjson", "{}");
    await load("b.ndjson", "{}");
    const { rows: plan } = await connection.query(
      "explain select event_id, page, price from bronze.clickstream_raw where _batch > 1",
    );
    const text = Object.values(plan[0]!).join("\n");
    expect(text).toMatch(/SEQ_SCAN[\s\S]*Filters:\s+_batch>1/);
    expect(text).not.toMatch(/FILTER\s/);
    expect(text).toMatch(/Projections: value\s/);
    expect(text.match(/│ +message +│/g)).toHaveLength(1);
  });
});

describe("a warehouse whose events had all columns stored", () => {
  beforeEach(async () => {
    await load("a.ndjson", ...messages);
    await load("b.ndjson", '{"event_id":"E9","page":"/"}');
  });

  it("is taken over once, with a word, and has the same rows", async () => {
    const stored = await rows();
    await asBefore();
    expect(await kinds()).toEqual(before);
    expect(await prepare()).toEqual([expect.stringMatching(/^bronze\.clickstream_raw no longer stores/)]);
    expect(await kinds()).toEqual(present);
    expect(await rows()).toEqual(stored);
    expect(await prepare()).toEqual([]);
    expect((await connection.query("select * from bronze.clickstream_raw_messages")).columns).toHaveLength(
      13,
    );
  });

  it("goes on: files are loaded once, and one is taken back", async () => {
    await asBefore();
    await prepare();
    await load("c.ndjson", '{"event_id":"E10"}');
    expect((await rows("event_id, source_load, _batch")).slice(-4)).toEqual([
      { event_id: "E9", source_load: 2, _batch: 2 },
      { event_id: null, source_load: 2, _batch: 2 },
      { event_id: "E10", source_load: 3, _batch: 3 },
      { event_id: null, source_load: 3, _batch: 3 },
    ]);
    expect(await unloadFiles(engine, duckdbDialect, ["clickstream/b.ndjson"])).toMatchObject([{ rows: 2 }]);
    expect((await rows("event_id")).map((row) => row["event_id"])).not.toContain("E9");
  });

  it("gets at once what its contract has gained, of older versions too", async () => {
    const stored = await rows();
    await asBefore(["source_load", "visitor_id", "order_id"]);
    await prepare();
    expect(await rows()).toEqual(stored.map((row) => ({ ...row, source_load: null })));
  });

  it("is whole in its old or its new form, whenever a run is killed", async () => {
    const stored = await rows();
    await asBefore();
    const found: (typeof before | typeof present)[] = [];
    const file = path.join(home, "warehouse.duckdb");
    const killed = async () => {
      const copy = path.join(home, `killed-${found.length}.duckdb`);
      copyFileSync(file, copy);
      if (existsSync(`${file}.wal`)) copyFileSync(`${file}.wal`, `${copy}.wal`);
      const left = await openDuckdb({ file: copy, threads: 1 });
      const opened = await left.connect();
      found.push((await kinds(opened)) as typeof before);
      expect(await rows("*", opened)).toEqual(stored);
      await prepare(events, opened);
      expect(await kinds(opened)).toEqual(present);
      expect(await rows("*", opened)).toEqual(stored);
      await opened.close();
      await left.close();
    };
    await prepare(events, {
      ...connection,
      execute: async (sql, params) => {
        await killed();
        return connection.execute(sql, params);
      },
    });
    await killed();
    expect(found.length).toBeGreaterThan(events.columns.length / 2);
    expect(found.map((one) => "clickstream_raw_messages" in one)).toEqual(
      found.map((_, n) => n === found.length - 1),
    );
  });
});
