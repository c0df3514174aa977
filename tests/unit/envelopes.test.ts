import { shop } from "#lib/shop/index.js";
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bronze } from "shopmetrics";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { duckdbDialect } from "#lib/engine/duckdb/dialect.js";
import type { Engine } from "#lib/engine/adapter.js";
import type { Connection } from "#lib/engine/connection.js";
import { prepareWarehouse } from "#lib/run/warehouse.js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const landing = mkdtempSync(join(tmpdir(), "envelopes-"));
let engine: Engine;
let connection: Connection;

beforeAll(async () => {
  engine = await openDuckdb({ file: ":memory:", threads: 1 });
  connection = await engine.connect();
  await prepareWarehouse(connection, duckdbDialect, shop.tables);
});
afterEach(async () => {
  await connection.execute("truncate bronze.clickstream_raw_messages");
  rmSync(join(landing, "clickstream"), { recursive: true, force: true });
});
afterAll(async () => {
  await connection.close();
  await engine.close();
  rmSync(landing, { recursive: true, force: true });
});

const audit = new Set(["_rescued_data", "source_file", "source_row", "source_load", "ingested_at"]);
const columns = bronze.clickstream_raw.columns.map(({ name }) => name).filter((name) => !audit.has(name));

function land(content: string | Buffer, name = "a.ndjson"): string {
  const path = join(landing, "clickstream", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const loadAll = () =>
  connection.transaction(() =>
    connection.load(
      { table: "bronze.clickstream_raw", folder: "clickstream", format: "envelopes", columns },
      { landing, batch: 1, now: "2026-03-01T12:00:00Z" },
    ),
  );

const rows = async () =>
  (await connection.query("select * from bronze.clickstream_raw order by source_file, source_row")).rows;

const envelope = (value: string | null | undefined, more: object = {}) =>
  JSON.stringify({
    topic: "clickstream-events",
    partition: 0,
    offset: 12,
    timestamp: "2026-03-01T10:00:00.123Z",
    key: "C1",
    value,
    ...more,
  });

describe("an envelope becomes a row", () => {
  it("with its place in Kafka, the message's text and its fields", async () => {
    const value =
      '{"event_id": "E1", "visitor_id": "v-1", "referrer": "https://search.example/?q=lamp", "utm_campaign": "spring", "price": 19.90, "quantity": 2, "product_id": null, "device": "m\\u00f6bile"}';
    land(`${envelope(value)}\n`);
    expect(await loadAll()).toMatchObject([
      { name: "clickstream/a.ndjson", rows: 1, rescued: 0, warnings: [] },
    ]);
    expect(await rows()).toEqual([
      {
        value,
        kafka_topic: "clickstream-events",
        kafka_partition: 0,
        kafka_offset: 12,
        kafka_timestamp: "2026-03-01T10:00:00.123Z",
        kafka_key: "C1",
        kafka_schema_id: null,
        event_id: "E1",
        visitor_id: "v-1",
        customer_id: null,
        product_id: null,
        event_type: null,
        session_id: null,
        page: null,
        event_ts: null,
        quantity: "2",
        price: "19.9",
        device: "möbile",
        country: null,
        referrer: "https://search.example/?q=lamp",
        utm_source: null,
        utm_medium: null,
        utm_campaign: "spring",
        order_id: null,
        _rescued_data: null,
        source_file: "clickstream/a.ndjson",
        source_row: 1,
        source_load: 1,
        ingested_at: "2026-03-01T12:00:00Z",
        _batch: 1,
      },
    ]);
  });

  it.for([
    ["not JSON", "click!"],
    ["empty", ""],
    ["blank", "   "],
    ["line breaks of all kinds", "a\nb\r\nc\u2028d\u2029e\u0085f\vg"],
    ["NUL and other control characters", "\0\u0001\u001f\u007f"],
    ["NUL escaped", '{"event_id":"\\u0000"}'],
    ["half a character, escaped", '{"event_id":"\\ud800"}'],
    ["a field given twice", '{"event_id":"E1","event_id":"E2"}'],
    ["a list", "[1,2]"],
    ["a text", '"E1"'],
    ["a number", "7"],
    ["deep nesting", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
    ["deep nesting of objects", `${'{"event_id":'.repeat(10_000)}1${"}".repeat(10_000)}`],
    ["a megabyte", JSON.stringify({ event_id: "E1", page: "x".repeat(1 << 20) })],
    ["emoji and backslashes", '\\"{"a": "🛒\\\\"}'],
    ["an envelope", envelope("{}")],
    ["quotes, commas and dollars", `"',$1;--`],
  ])("whatever the message is, its text is exact: %s", async ([, value]) => {
    land(`${envelope(value)}\n${envelope("next")}\n`);
    await loadAll();
    const [first, second] = await rows();
    expect(first).toMatchObject({ value, kafka_offset: 12, _rescued_data: null });
    expect(second).toMatchObject({ value: "next" });
  });

  it("a message without a value or a key is one too", async () => {
    land(`${envelope(null, { key: null })}\n`);
    await loadAll();
    expect(await rows()).toMatchObject([
      { value: null, kafka_key: null, kafka_offset: 12, _rescued_data: null },
    ]);
  });

  it("fields are null where the message is no JSON object", async () => {
    land(
      ['["event_id"]', '{"event_id":"E1",}', '{"event_id":"E1"', "{'event_id':'E1'}"]
        .map((v) => envelope(v))
        .join("\n"),
    );
    await loadAll();
    expect((await rows()).map(({ event_id }) => event_id)).toEqual([null, null, null, null]);
  });

  it("an object in a field is its JSON", async () => {
    land(envelope('{"event_id":{"a":[1]},"page":",}","customer_id":true}'));
    await loadAll();
    expect(await rows()).toMatchObject([{ event_id: '{"a":[1]}', page: ",}", customer_id: "true" }]);
  });
});

describe("nothing is lost", () => {
  it.for([
    ["torn", envelope("{}").slice(0, 60)],
    ["no JSON", "hello"],
    ["another object", '{"event_id":"E1"}'],
    ["no offset", envelope("{}", { offset: undefined })],
    ["a negative offset", envelope("{}", { offset: -1 })],
    ["a partition that is no number", envelope("{}", { partition: "first" })],
    ["a list", "[]"],
    ["null", "null"],
    ["half a character in the message", envelope("\ud800")],
  ])("a line that is no envelope is kept whole: %s", async ([, line]) => {
    land(`${envelope("before")}\n${line}\n${envelope("after")}\n`);
    expect(await loadAll()).toMatchObject([{ rows: 2, rescued: 1 }]);
    const [before, found, after] = await rows();
    expect([before!["value"], after!["value"]]).toEqual(["before", "after"]);
    expect(found).toMatchObject({ _rescued_data: line, value: null, kafka_offset: null, source_row: 2 });
  });

  it("a message that is no UTF-8 keeps its place, and its line whole", async () => {
    const line = envelope(null, { value: undefined, value_base64: "/w==" });
    land(line);
    expect(await loadAll()).toMatchObject([{ rows: 0, rescued: 1 }]);
    expect(await rows()).toMatchObject([
      { kafka_offset: 12, kafka_key: "C1", value: null, _rescued_data: line },
    ]);
  });

  it.for<[string, string]>([
    ["a field that an envelope does not have", envelope("{}", { headers: {} })],
    ["a field twice", envelope("{}").replace(/}$/, ',"key":"C2"}')],
    ["the size of a message", envelope(null, { value_bytes: 70_000_000 })],
    ["a time that is none", envelope("{}", { timestamp: "yesterday" })],
  ])("a message keeps its place, and its line whole, with %s", async ([, line]) => {
    land(line);
    expect(await loadAll()).toMatchObject([{ rows: 0, rescued: 1 }]);
    expect(await rows()).toMatchObject([{ kafka_offset: 12, _rescued_data: line }]);
  });

  it.for<[string, string]>([
    ["without a key", envelope("{}", { key: undefined })],
    ["without a time", envelope("{}", { timestamp: undefined })],
    ["with spaces", ` ${envelope("{}").replaceAll(",", " , ")} `],
    [
      "with its fields in another order",
      JSON.stringify({ value: "{}", offset: 12, key: null, timestamp: null, partition: 0, topic: "t" }),
    ],
  ])("an envelope is one %s", async ([, line]) => {
    land(line);
    expect(await loadAll()).toMatchObject([{ rows: 1, rescued: 0 }]);
    expect(await rows()).toMatchObject([{ kafka_offset: 12, value: "{}", _rescued_data: null }]);
  });

  it("lines end at LF or CRLF, blank ones are none, the last needs no end, a byte order mark is passed over", async () => {
    land(`\ufeff${envelope("1")}\r\n\n\r\n${envelope("2")}\n${envelope("3")}`);
    expect(await loadAll()).toMatchObject([{ rows: 3, rescued: 0 }]);
    expect((await rows()).map(({ value, source_row }) => [value, source_row])).toEqual([
      ["1", 1],
      ["2", 2],
      ["3", 3],
    ]);
  });

  it("many lines across the reader's windows come out in their order", async () => {
    const values = Array.from({ length: 20_000 }, (_, index) => `${index} ${"ü🛒".repeat(index % 97)}`);
    values[777] = "x".repeat(3 << 20);
    land(values.map((value, offset) => envelope(value, { offset })).join("\n"));
    await loadAll();
    expect((await rows()).map(({ value }) => value)).toEqual(values);
  });

  it("an empty file is loaded as one", async () => {
    land("");
    expect(await loadAll()).toMatchObject([{ rows: 0, rescued: 0, size: 0 }]);
  });
});

describe("what cannot be loaded is said, with its place", () => {
  it("a file that is not UTF-8", async () => {
    land(Buffer.concat([Buffer.from(`${envelope("1")}\n`), Buffer.from([0xff, 0x0a])]));
    await expect(loadAll()).rejects.toThrow(
      /clickstream\/a\.ndjson is not UTF-8 .* line 2, byte \d+ \(0xff\)/,
    );
    expect(await rows()).toEqual([]);
  });
});

it.each([
  ["ends the file", "x".repeat(65 << 20), ""],
  ["stands between others, in characters of two bytes", "ä".repeat(40 << 20), `\n${envelope("3")}\n`],
])("a line longer than 64 MiB that %s is a row with its size", async (_, line, rest) => {
  land(`${envelope("1")}\n${line}${rest}`);
  expect(await loadAll()).toMatchObject([{ rescued: 1 }]);
  const loaded = await rows();
  expect(loaded.map(({ value }) => value)).toEqual(rest ? ["1", null, "3"] : ["1", null]);
  expect(JSON.parse(loaded[1]!["_rescued_data"] as string)).toEqual({
    line_bytes: Buffer.byteLength(line),
    line_start: line.slice(0, 1000),
  });
});

it.each([
  ["an unknown field", '{"topic":"t","partition":0,"offset":1,"val}ue":"lost?"}'],
  ["a field twice", '{"topic":"t","partition":0,"offset":1,"value":"first","value":"second"}'],
  ["a key that is no UTF-8", '{"topic":"t","partition":0,"offset":1,"key_base64":"/w==","value":"{}"}'],
])("an envelope with %s keeps its place, and its line whole", async (_, line) => {
  land(`${line}\n${envelope("next")}`);
  expect(await loadAll()).toMatchObject([{ rows: 1, rescued: 1 }]);
  expect(await rows()).toMatchObject([
    { kafka_offset: 1, _rescued_data: line },
    { value: "next", _rescued_data: null },
  ]);
});

it("unfinished files are left alone", async () => {
  land(envelope("1"), ".a.ndjson.tmp");
  land(envelope("1"), ".b.ndjson");
  const old = land(envelope("2"), "c.ndjson");
  utimesSync(old, statSync(old).atime, new Date("2026-01-01T00:00:00Z"));
  expect(await loadAll()).toMatchObject([
    { name: "clickstream/c.ndjson", modifiedAt: new Date("2026-01-01T00:00:00Z") },
  ]);
});

describe("many files", () => {
  it("are loaded together, each line with its file, its place there and the file's number", async () => {
    for (const [name, lines] of [
      ["b_9.ndjson", ["torn", envelope('{"event_id":"E1"}', { offset: 1 })]],
      ["b_10.ndjson", [envelope('{"event_id":"E2"}', { offset: 2 }), "", envelope(null, { offset: 3 })]],
      ["c.ndjson", []],
      ["d's.ndjson", [envelope("no JSON", { offset: 4, more: 1 })]],
    ] as const)
      land(lines.map((line) => `${line}\n`).join(""), name);
    const loaded = await loadAll();
    expect(loaded.map(({ name, rows, rescued, loadNumber }) => [name, rows, rescued, loadNumber])).toEqual([
      ["clickstream/b_9.ndjson", 1, 1, 1],
      ["clickstream/b_10.ndjson", 2, 0, 2],
      ["clickstream/c.ndjson", 0, 0, 3],
      ["clickstream/d's.ndjson", 0, 1, 4],
    ]);
    expect(loaded[0]?.warnings).toEqual([expect.stringContaining("b_9.ndjson: 1 of 2 lines")]);
    const { rows: kept } = await connection.query(
      "select source_file, source_row, source_load, event_id, _rescued_data is not null as rescued from bronze.clickstream_raw order by source_load, source_row",
    );
    expect(kept.map((row) => Object.values(row))).toEqual([
      ["clickstream/b_9.ndjson", 1, 1, null, true],
      ["clickstream/b_9.ndjson", 2, 1, "E1", false],
      ["clickstream/b_10.ndjson", 1, 2, "E2", false],
      ["clickstream/b_10.ndjson", 2, 2, null, false],
      ["clickstream/d's.ndjson", 1, 4, null, true],
    ]);
  });

  it("take little room: a warehouse keeps the messages' texts as Zstandard", async () => {
    const words = Array.from({ length: 20_000 }, (_, n) =>
      envelope(
        JSON.stringify({
          event_id: `E-${n * 7919}`,
          visitor_id: `v-${n % 97}`,
          page: `/products/P${n % 811}`,
        }),
        { offset: n },
      ),
    );
    land(words.join("\n"));
    const folder = mkdtempSync(join(tmpdir(), "room-"));
    const file = join(folder, "warehouse.duckdb");
    const warehouse = await openDuckdb({ file, threads: 1 });
    try {
      const opened = await warehouse.connect();
      await prepareWarehouse(opened, duckdbDialect, shop.tables);
      await opened.transaction(() =>
        opened.load(
          { table: "bronze.clickstream_raw", folder: "clickstream", format: "envelopes", columns },
          { landing, batch: 1, now: "2026-03-01T12:00:00Z" },
        ),
      );
      await opened.execute("checkpoint");
      const { rows: stored } = await opened.query(
        "select distinct compression from pragma_storage_info('bronze.clickstream_raw_messages') where column_name = 'value' and segment_type = 'VARCHAR'",
      );
      expect(stored).toEqual([{ compression: "ZSTD" }]);
      await opened.close();
    } finally {
      await warehouse.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
