import { ops } from "shopmetrics";
import type { Connection } from "#lib/engine/connection.js";
import { duckdb } from "#lib/engine/duckdb/adapter.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deleteOutdated, fillRecords, recordsLeft, recordsOf } from "../outdated.ts";

let engine: Awaited<ReturnType<typeof openDuckdb>>;
let connection: Connection;

beforeEach(async () => {
  engine = await openDuckdb({ file: ":memory:", threads: 1 });
  connection = await engine.connect();
  await connection.execute("create schema ops");
  await connection.execute("create schema silver");
  await fillRecords(connection, duckdb);
});
afterEach(async () => {
  await connection.close();
  await engine.close();
});

describe("what runs have left", () => {
  it("goes when it is old, except what pages tell of, the greatest watermarks, unread before-images and the ledger", async () => {
    await deleteOutdated(connection, duckdb, "2026-03-05T00:00:00Z");
    expect(await recordsOf(connection)).toEqual(recordsLeft);
  });

  it("goes once: a repeat deletes nothing", async () => {
    await deleteOutdated(connection, duckdb, "2026-03-05T00:00:00Z");
    await deleteOutdated(connection, duckdb, "2026-03-05T00:00:00Z");
    expect(await recordsOf(connection)).toEqual(recordsLeft);
  });

  it("stays as long as it is young, but for watermarks and before-images", async () => {
    const before = await recordsOf(connection);
    await deleteOutdated(connection, duckdb, "2026-03-01T00:00:00Z");
    const { watermarks, images } = recordsLeft;
    expect(await recordsOf(connection)).toEqual({ ...before, watermarks, images });
  });

  it("leaves the last run's number, where counting goes on, also when no step of it is on record", async () => {
    await connection.execute("delete from ops.step_runs");
    await deleteOutdated(connection, duckdb, "2026-04-01T00:00:00Z", [ops.step_runs]);
    expect((await recordsOf(connection))["runs"]).toEqual(["r6"]);
  });

  it("keeps the before-images of a table that no step has read", async () => {
    await connection.execute("delete from ops.watermarks where step like 'gold.%'");
    await deleteOutdated(connection, duckdb, "2026-03-05T00:00:00Z");
    expect((await recordsOf(connection))["images"]).toEqual(["O1", "O2", "O3", "O4"]);
  });
});
