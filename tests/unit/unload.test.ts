import { bronze } from "shopmetrics";
import { shop } from "#lib/shop/index.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { duckdbDialect } from "#lib/engine/duckdb/dialect.js";
import type { Engine } from "#lib/engine/adapter.js";
import { prepareWarehouse } from "#lib/run/warehouse.js";
import { afterEach, beforeEach, expect, it } from "vitest";
import { unloadFiles } from "../../build/src/commands/unload.ts";

const order = "orders/orders_2026-03-02.csv";
const events = "clickstream/clicks.0.0.ndjson";
const unread = { batch: 2, seen: 1 };

let engine: Engine;
beforeEach(async () => {
  engine = await openDuckdb({ file: ":memory:", threads: 1 });
});
afterEach(() => engine.close());

/** A ledger with both files in a batch, and a step that has read up to another. */
async function given({ batch, seen }: typeof unread): Promise<void> {
  const connection = await engine.connect();
  await prepareWarehouse(connection, duckdbDialect, shop.tables);
  for (const [table, file] of [
    [bronze.orders_raw, order],
    [bronze.clickstream_raw, events],
  ] as const) {
    await connection.execute(
      "insert into ops.loaded_files (table_name, source_file, batch) values ($table, $file, $batch)",
      { table: table.name, file, batch },
    );
    const { name } = duckdbDialect.stored(table);
    await connection.execute(`insert into ${name} (source_file, _batch) values ($file, $batch)`, {
      file,
      batch,
    });
  }
  await connection.execute(
    `insert into ops.watermarks (step, table_name, batch) values ('bronze.orders_raw', 'bronze.orders_raw', 2),
      ('silver.orders_clean', 'bronze.orders_raw', ${seen})`,
  );
  await connection.close();
}

it("a file that no step has read says so, and one that was read names the step", async () => {
  await given(unread);
  const unloaded = { file: order, table: "bronze.orders_raw", rows: 1 };
  expect(await unloadFiles(engine, duckdbDialect, [order, order])).toEqual([{ ...unloaded, readBy: [] }]);
  await expect(unloadFiles(engine, duckdbDialect, [order])).rejects.toThrow(`No file "${order}" was loaded`);
  await given({ batch: 2, seen: 2 });
  expect(await unloadFiles(engine, duckdbDialect, [order])).toEqual([
    { ...unloaded, readBy: ["silver.orders_clean"] },
  ]);
});

it("nothing is unloaded when one of the files was never loaded", async () => {
  await given(unread);
  await expect(unloadFiles(engine, duckdbDialect, [order, "orders/other.csv"])).rejects.toThrow(
    "Nothing was unloaded",
  );
  expect(await unloadFiles(engine, duckdbDialect, [order])).toMatchObject([{ rows: 1 }]);
});

it("a file into which several were joined stays, since bronze names those", async () => {
  await given(unread);
  const joined = `clickstream/clicks-0-${"0".repeat(20)}-${"9".padStart(20, "0")}.ndjson`;
  const connection = await engine.connect();
  await connection.execute(
    "insert into ops.loaded_files (table_name, source_file, batch) values ('bronze.clickstream_raw', $joined, 1)",
    { joined },
  );
  await connection.close();
  await expect(unloadFiles(engine, duckdbDialect, [order, joined])).rejects.toThrow(
    "it cannot be taken back",
  );
  expect(await unloadFiles(engine, duckdbDialect, [order])).toMatchObject([{ rows: 1 }]);
});

it("messages of Kafka stay where their file's name cannot land again", async () => {
  await given(unread);
  const remembers = { ...duckdbDialect, unload: { ...duckdbDialect.unload, freesNames: false } };
  await expect(unloadFiles(engine, remembers, [order, events])).rejects.toThrow(
    `${events} holds messages of Kafka`,
  );
  expect(await unloadFiles(engine, remembers, [order])).toMatchObject([{ rows: 1 }]);
  expect(await unloadFiles(engine, duckdbDialect, [events])).toMatchObject([{ rows: 1 }]);
});
