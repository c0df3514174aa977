import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import type { Given } from "./defaults.ts";
import { lakehouse, step, type Lakehouse } from "./harness.ts";

type Line = Given<"bronze.products_raw">;

async function arriving(...batches: Line[][]): Promise<Lakehouse> {
  const lake = await lakehouse();
  for (const lines of batches) {
    await lake.given({ "bronze.products_raw": lines });
    await lake.run("silver.dim_products");
  }
  return lake;
}

const jan = "2026-01-01T00:00:00Z";
const feb = "2026-02-01T00:00:00Z";

describe("one row per product, as it is now", () => {
  it("a newer change overwrites, and no trace of the old one is kept", async () => {
    const lake = await arriving([{ price: "10.00", updated_at: jan }], [{ price: "12.50", updated_at: feb }]);
    expect(await lake.rows(silver.dim_products, "product_id", "price", "updated_at")).toEqual([
      { product_id: "P1", price: "12.50", updated_at: feb },
    ]);
  });

  it("an older change that arrives late changes nothing", async () => {
    const lake = await arriving([{ price: "12.50", updated_at: feb }], [{ price: "10.00", updated_at: jan }]);
    expect(await lake.rows(silver.dim_products, "price")).toEqual([{ price: "12.50" }]);
  });

  it("of two changes at one instant the later file wins, whichever arrives first", async () => {
    const earlier: Line = { price: "1.00", source_file: "products/1.csv" };
    const later: Line = { price: "2.00", source_file: "products/2.csv" };
    expect(await (await arriving([earlier], [later])).rows(silver.dim_products, "price")).toEqual([
      { price: "2.00" },
    ]);
    expect(await (await arriving([later], [earlier])).rows(silver.dim_products, "price")).toEqual([
      { price: "2.00" },
    ]);
  });

  it("of two lines of one file at one instant the later line wins", async () => {
    const lake = await arriving([
      { price: "9.00", source_row: 9 },
      { price: "10.00", source_row: 10 },
    ]);
    expect(await lake.rows(silver.dim_products, "price", "source_row")).toEqual([
      { price: "10.00", source_row: 10 },
    ]);
  });

  it("a product without name, category or price is kept: its revenue counts", async () => {
    const lake = await arriving([{ product_name: "", category: " ", price: null, cost: "" }]);
    expect(await lake.rows(silver.dim_products, "product_name", "category", "price", "cost")).toEqual([
      { product_name: null, category: null, price: null, cost: null },
    ]);
  });

  it("rows in = kept + merged + rejected", async () => {
    const given = await step("silver.dim_products", {
      "bronze.products_raw": [
        { product_id: "P1", updated_at: jan },
        { product_id: "P1", updated_at: feb },
        { product_id: "P2" },
        { product_id: "" },
      ],
    });
    expect(given.outcome.step("silver.dim_products")).toMatchObject({
      in: 4,
      out: 2,
      merged: 1,
      rejected: 1,
    });
  });
});

describe("refused lines", () => {
  it.for([
    ["product_id is missing", { product_id: null }],
    ["updated_at is not a timestamp", { updated_at: "" }],
    ["price is not an amount", { price: "cheap" }],
    ["price is negative", { price: "-0.01" }],
    ["price is negative", { price: " -0.001 " }],
    ["cost is negative", { cost: "-4e-3" }],
    ["cost is not an amount", { cost: "1,50" }],
  ] satisfies [string, Line][])("%s", async ([reason, line]) => {
    const given = await step("silver.dim_products", { "bronze.products_raw": [line] });
    expect(await given.rows(silver.rejected_rows, "table_name", "reasons")).toEqual([
      { table_name: "silver.dim_products", reasons: [reason] },
    ]);
    expect(await given.rows(silver.dim_products)).toEqual([]);
  });

  it("a malformed line is refused as that", async () => {
    const empty = { product_id: null, product_name: null, price: null, cost: null, updated_at: null };
    const given = await step("silver.dim_products", {
      "bronze.products_raw": [{ ...empty, _rescued_data: "P9" }],
    });
    expect(await given.rows(silver.rejected_rows, "reasons")).toEqual([{ reasons: ["malformed line"] }]);
  });

  it("a line with columns that no contract knows is judged like any other", async () => {
    const rescued = '{"colour":"red"}';
    const given = await step("silver.dim_products", {
      "bronze.products_raw": [
        { product_id: "P1", _rescued_data: rescued },
        { product_id: "P2", _rescued_data: rescued, updated_at: "soon" },
      ],
    });
    expect(await given.rows(silver.dim_products, "product_id")).toEqual([{ product_id: "P1" }]);
    expect(await given.rows(silver.rejected_rows, "reasons")).toEqual([
      { reasons: ["updated_at is not a timestamp"] },
    ]);
  });

  it("a line that breaks several rules names each", async () => {
    const given = await step("silver.dim_products", {
      "bronze.products_raw": [{ product_id: "", price: "x", updated_at: "y" }],
    });
    expect(await given.rows(silver.rejected_rows, "reasons")).toEqual([
      { reasons: ["product_id is missing", "updated_at is not a timestamp", "price is not an amount"] },
    ]);
  });

  it("a product priced below its cost only warns", async () => {
    const given = await step("silver.dim_products", {
      "bronze.products_raw": [{ price: "3.00", cost: "4.00" }],
    });
    expect(given.outcome.warnings).toEqual(["priced below cost"]);
  });
});
