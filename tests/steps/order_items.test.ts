import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import type { Given } from "./defaults.ts";
import { lakehouse, step, type Lakehouse } from "./harness.ts";

type Line = Given<"bronze.order_items_raw">;

async function arriving(...batches: Line[][]): Promise<Lakehouse> {
  const lake = await lakehouse();
  for (const lines of batches) {
    await lake.given({ "bronze.order_items_raw": lines });
    await lake.run("silver.order_items");
  }
  return lake;
}

describe("one row per line of an order", () => {
  it("the newest change wins, also when an older one arrives later", async () => {
    const newer: Line = { quantity: "2", updated_at: "2026-03-11T08:00:00Z" };
    const older: Line = { quantity: "1", updated_at: "2026-03-10T08:00:00Z" };
    for (const order of [
      [newer, older],
      [older, newer],
    ]) {
      const lake = await arriving(...order.map((line) => [line]));
      expect(await lake.rows(silver.order_items, "quantity", "amount")).toEqual([
        { quantity: 2, amount: "20.00" },
      ]);
    }
  });

  it("spaces around numbers and names do not matter; an empty quantity is 1 and an empty discount 0", async () => {
    const lake = await arriving([
      {
        order_item_id: " I1 ",
        order_id: " O1",
        quantity: " ",
        unit_price: " 8.00 ",
        discount: "",
        product_id: "",
      },
    ]);
    expect(
      await lake.rows(
        silver.order_items,
        "order_item_id",
        "order_id",
        "product_id",
        "quantity",
        "discount",
        "amount",
      ),
    ).toEqual([
      {
        order_item_id: "I1",
        order_id: "O1",
        product_id: null,
        quantity: 1,
        discount: "0.00",
        amount: "8.00",
      },
    ]);
  });

  it("the amount is computed before it is rounded: 1,000 screws at 0.005 less 0.004 are 5.00", async () => {
    const given = await step("silver.order_items", {
      "bronze.order_items_raw": [{ quantity: "1000", unit_price: "0.005", discount: "0.004" }],
    });
    expect(await given.rows(silver.order_items, "unit_price", "discount", "amount")).toEqual([
      { unit_price: "0.01", discount: "0.00", amount: "5.00" },
    ]);
    expect(given.outcome.warnings).toContain("amounts with more than two decimals, rounded half up");
  });

  it("a line of an unknown order is kept, and a check names it", async () => {
    const given = await step("silver.order_items", {
      "silver.dim_products": [{}],
      "silver.orders_clean": [{ order_id: "O2" }],
      "bronze.order_items_raw": [{}],
    });
    expect(await given.rows(silver.order_items, "order_id")).toEqual([{ order_id: "O1" }]);
    expect(given.outcome.check("order_id is known in silver.orders_clean").message).toContain("O1");
    expect(given.outcome.warnings).toEqual(["order_id is known in silver.orders_clean"]);
  });

  it("rows in = kept + merged + rejected, and the same rows again change nothing", async () => {
    const lines: Line[] = [
      { order_item_id: "I1" },
      { order_item_id: "I1", quantity: "2", updated_at: "2026-03-11T08:00:00Z" },
      { order_item_id: "I2" },
      { order_item_id: "" },
    ];
    const lake = await lakehouse();
    await lake.given({ "bronze.order_items_raw": lines });
    expect((await lake.run("silver.order_items")).step("silver.order_items")).toMatchObject({
      in: 4,
      out: 2,
      merged: 1,
      rejected: 1,
    });
    expect((await lake.run("silver.order_items")).step("silver.order_items")).toMatchObject({
      in: 0,
      out: 0,
    });
  });
});

describe("refused lines", () => {
  it.for([
    ["order_item_id is missing", { order_item_id: " " }],
    ["order_id is missing", { order_id: null }],
    ["quantity is not a number", { quantity: "two" }],
    ["quantity is not whole", { quantity: "1.5" }],
    ["quantity is negative", { quantity: "-1" }],
    ["unit_price is missing", { unit_price: "" }],
    ["unit_price is not an amount", { unit_price: "1,50" }],
    ["unit_price is negative", { unit_price: "-0.001" }],
    ["unit_price is negative", { unit_price: "-1.00" }],
    ["discount is not an amount", { discount: "10%" }],
    ["discount is negative", { discount: "-0.004" }],
    ["discount is above quantity × unit_price", { discount: "10.01" }],
    ["updated_at is not a timestamp", { updated_at: "soon" }],
    ["updated_at is more than 1 day after it was loaded", { updated_at: "2036-03-10T12:00:00Z" }],
    ["amount is above 9,999,999,999.99", { quantity: "2", unit_price: "9999999999.99" }],
  ] satisfies [string, Line][])("%s (%o)", async ([reason, line]) => {
    const given = await step("silver.order_items", { "bronze.order_items_raw": [line] });
    const [refused] = await given.rows(silver.rejected_rows, "table_name", "reasons");
    expect(refused).toEqual({ table_name: "silver.order_items", reasons: [reason] });
    expect(await given.rows(silver.order_items)).toEqual([]);
    expect(given.outcome.warnings).toContain("refused order lines");
  });

  it("a torn line is refused as that", async () => {
    const nothing = Object.fromEntries(
      ["order_item_id", "order_id", "product_id", "quantity", "unit_price", "discount", "updated_at"].map(
        (name) => [name, null],
      ),
    );
    const given = await step("silver.order_items", {
      "bronze.order_items_raw": [{ ...nothing, _rescued_data: 'I9,"O1' }],
    });
    expect(await given.rows(silver.rejected_rows, "reasons")).toEqual([{ reasons: ["malformed line"] }]);
  });
});
