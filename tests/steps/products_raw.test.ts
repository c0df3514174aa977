import { expect, it } from "vitest";
import { bronze } from "shopmetrics";
import { lakehouse } from "./harness.ts";

const header = "product_id,product_name,category,subcategory,brand,price,cost,updated_at";

it("every price a product had stays on record (FR-001)", async () => {
  const lake = await lakehouse();
  await lake.land("products/1.csv", `${header}\nP1,Lamp,Home,,,10.00,4.00,2026-01-01\n`);
  await lake.run("bronze.products_raw");
  await lake.land("products/2.csv", `${header}\nP1,Lamp,Home,,,12.50,4.00,2026-02-01\n`);
  await lake.run("bronze.products_raw");
  expect(await lake.rows(bronze.products_raw, "price", "updated_at")).toEqual([
    { price: "10.00", updated_at: "2026-01-01" },
    { price: "12.50", updated_at: "2026-02-01" },
  ]);
});

it("a file without a column the contract knows stops the run, names the column and loads nothing", async () => {
  const lake = await lakehouse();
  await lake.land("products/1.csv", `${header.replace(",price", "")}\nP1,Lamp,Home,,,4.00,2026-01-01\n`);
  const failed = await lake.fails("bronze.products_raw");
  expect(failed.message).toMatch(/products\/1\.csv.*lacks.*price/);
  expect(await lake.rows(bronze.products_raw)).toEqual([]);
});
