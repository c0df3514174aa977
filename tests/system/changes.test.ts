import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeEach, afterEach, describe, expect, it } from "vitest";
import { lakehouse, type Lakehouse } from "./cli.ts";
import { landMessages, messageOf } from "./database-rows.ts";
import { query } from "./tables.ts";

/** Messages of change data capture as they may come, without a database and a broker: as landed files. */
describe("changes of the shop's database", () => {
  let shop: Lakehouse;
  let files = 0;
  beforeEach(async () => {
    shop = await lakehouse();
    files = 0;
  });
  afterEach(() => shop.remove());

  const order = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
    order_id: id,
    customer_id: "C1",
    product_id: null,
    quantity: "1",
    unit_price: "10.00",
    total_amount: "10.00",
    order_date: "2026-03-01T10:00:00Z",
    status: "completed",
    updated_at: "2026-03-01T10:00:00Z",
    ...more,
  });
  const source = (lsn: number | null, more: Readonly<Record<string, unknown>> = {}) => ({
    lsn,
    ts_ms: 1_772_359_200_000,
    txId: 700,
    ...more,
  });
  const inserted = (id: string, lsn: number | null, more = {}) => ({
    op: "c",
    before: null,
    after: order(id, more),
    source: source(lsn),
  });
  const deleted = (id: string, lsn: number) => ({
    op: "d",
    before: { order_id: id },
    after: null,
    source: source(lsn),
  });

  /** Lands messages as one file: of each its key and its value. */
  async function land(messages: readonly (readonly [key: unknown, value: unknown])[]) {
    const raw = messages.map(([key, value], index) =>
      messageOf(files * 1000 + index, key, typeof value === "string" ? value : JSON.stringify(value)),
    );
    await landMessages(shop, "orders", `messages-${files++}`, raw);
  }
  const key = (id: string) => ({ order_id: id });
  const run = (only = "bronze.database,silver.orders_clean,ops.data_quality") =>
    shop.shopmetrics(`run --quiet --only ${only}`, { env: { POSTGRES_ROUTE: "orders=changes" } });
  const orders = async () =>
    (await query(shop, "select order_id, status from silver.orders_clean order by order_id")).map(
      ({ order_id: id, status }) => `${id}: ${status}`,
    );
  const check = async (name: string) => {
    const [row] = await query(
      shop,
      `select status, message from ops.check_results where check_name = '${name}' order by checked_at desc limit 1`,
    );
    return row;
  };
  const unusable = "messages that say nothing of a row that can be relied on";

  it("go on after a change of a deleted row comes late, or once more", async () => {
    await land([
      [key("O1"), inserted("O1", 10)],
      [key("O2"), inserted("O2", 11)],
      [key("O1"), deleted("O1", 20)],
    ]);
    expect((await run()).code).toBe(0);
    await land([[key("O1"), inserted("O1", 10)]]);
    const again = await run();
    expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining("neither kept")]);
    expect(await orders()).toEqual(["O2: completed"]);
    // Inserted anew it is there again.
    await land([[key("O1"), inserted("O1", 30, { status: "pending" })]]);
    expect((await run()).code).toBe(0);
    expect(await orders()).toEqual(["O1: pending", "O2: completed"]);
  });

  it.each([
    ["a text that is no JSON", "hello", /it is no change as Debezium writes one/],
    [
      "a change with its schema",
      { schema: { type: "struct" }, payload: inserted("O9", 12) },
      /it has schemas: set value\.converter\.schemas\.enable=false/,
    ],
    ["a change without a place in the log", inserted("O9", null), /it has no source\.lsn/],
    [
      "an update without a long value",
      { ...inserted("O1", 12, { status: "__debezium_unavailable_value" }), op: "u" },
      /alter table orders replica identity full/,
    ],
  ])("refuse %s, name it, and take all others", async (_, value, fault) => {
    await land([[key("O1"), inserted("O1", 10)]]);
    expect((await run()).code).toBe(0);
    await land([
      [key("O9"), value],
      [key("O2"), inserted("O2", 11)],
    ]);
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([0, expect.stringContaining(unusable)]);
    expect(await orders()).toEqual(["O1: completed", "O2: completed"]);
    expect((await check(unusable))!["message"]).toMatch(fault);
    expect(await query(shop, "select source_row::int as row, reasons from silver.rejected_rows")).toEqual([
      { row: 1, reasons: ["malformed line"] },
    ]);
  });

  it("delete by the message's key where the row before has none", async () => {
    await land([
      [key("O1"), inserted("O1", 10)],
      [key("O2"), inserted("O2", 11)],
      [key("O1"), { ...deleted("O1", 20), before: { customer_id: "C1" } }],
    ]);
    expect((await run()).code).toBe(0);
    expect(await orders()).toEqual(["O2: completed"]);
  });

  it("tell of a table that was emptied in the transaction that filled it", async () => {
    const within = { sequence: '["20","12"]' };
    await land([
      [key("O1"), { ...inserted("O1", 10), source: source(10, within) }],
      [null, { op: "t", before: null, after: null, source: source(12, within) }],
      [key("O2"), inserted("O2", 30)],
    ]);
    const { code, stderr } = await run();
    expect(stderr).toMatch(/was emptied \(truncate\).*O1/);
    expect(code).toBe(1);
  });

  describe("are told to be missing", () => {
    const hour = (back: number) => new Date(Date.now() - back * 3_600_000).toISOString();
    async function look(at: string, slots: readonly (readonly string[])[]) {
      const folder = path.join(shop.home, "landing/database_slots");
      await mkdir(folder, { recursive: true });
      const columns =
        "observed_at,lsn,slot_name,plugin,is_active,wal_status,confirmed_lsn,behind_bytes,kept_bytes,is_followed";
      const lines = slots.map((slot) => [at, "1000", ...slot].join(","));
      await writeFile(
        path.join(folder, `database_slots-${at.replaceAll(/[-:.]/g, "")}.csv`),
        `${[columns, ...lines].join("\n")}\n`,
      );
    }
    const fine = ["shop", "pgoutput", "true", "reserved", "900", "100", "100", "true"];
    const stuck = ["shop", "pgoutput", "true", "reserved", "500", "90000000000", "90000000000", "true"];
    const other = ["bi", "wal2json", "true", "reserved", "100", "100", "100", "false"];

    it.each([
      ["nothing of a slot that moves, beside another", [[fine, other]], 0, ""],
      ["a slot that confirms nothing for 40 hours", [[stuck], [stuck]], 1, "confirmed nothing for a day"],
      ["no slot", [[fine], [["", "", "", "", "", "", "", ""]]], 1, "the capture's slot is not there"],
      [
        "several slots of which none is named",
        [[other, [...other.slice(0, 7), "false"]]],
        1,
        "POSTGRES_SLOT names none",
      ],
    ] as const)("by %s", async (_, looks, code, words) => {
      for (const [index, slots] of looks.entries()) await look(hour(40 * (looks.length - 1 - index)), slots);
      await land([[key("O1"), inserted("O1", 10)]]);
      const found = await run();
      expect([found.code, found.stderr]).toEqual([code, expect.stringContaining(words)]);
    });
  });
});
