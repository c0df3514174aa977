import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { fromOrders, lakehouse, step } from "./harness.ts";

const regions = "gold.daily_sales_by_region";
const toRegions = fromOrders(regions);
const key = (customer: string, since = "2026-01-15T09:00:00Z") => `${customer}@${since}`;

describe("one row per UTC day, country and region of the customer as they were", () => {
  it("revenue and orders are those of completed orders", async () => {
    const given = await step(toRegions, {
      "silver.dim_customers": [
        { customer_id: "C1" },
        { customer_id: "C2", region: "Bayern", country: "Germany" },
        { customer_id: "C3", region: null, country: "Germany" },
      ],
      "silver.orders_clean": [
        { order_id: "O1", customer_key: key("C1"), total_amount: "10.00" },
        { order_id: "O2", customer_key: key("C1"), total_amount: "0.01" },
        { order_id: "O3", customer_key: key("C2") },
        { order_id: "O4", customer_key: key("C2"), status: "refunded" },
        { order_id: "O5", customer_key: key("C3") },
        { order_id: "O6", customer_key: null, total_amount: "3.00" },
      ],
    });
    const day = { date: "2026-03-10", order_count: 1 };
    expect(await given.contents(gold.daily_sales_by_region)).toEqual([
      { ...day, country: "Germany", region: "Bayern", revenue: "10.00" },
      { ...day, country: "Germany", region: "Unknown", revenue: "10.00" },
      { ...day, country: "United Kingdom", region: "England", revenue: "10.01", order_count: 2 },
      { ...day, country: "Unknown", region: "Unknown", revenue: "3.00" },
    ]);
  });

  it("a customer who moves keeps the old revenue where it was, and no old day is touched", async () => {
    const lake = await lakehouse();
    const customer = (day: string, country: string) => ({ country, updated_at: `${day}T00:00:00Z` });
    const chain = `silver.dim_customers,silver.orders_clean,${toRegions}`;
    await lake.given({
      "bronze.customers_raw": [customer("2026-01-01", "Norway")],
      "bronze.orders_raw": [{ order_id: "O1", order_date: "2026-02-01", updated_at: "2026-02-01" }],
    });
    await lake.run(chain);
    await lake.given({ "bronze.customers_raw": [customer("2026-03-01", "Sweden")] });
    expect((await lake.run(chain)).step(regions)).toMatchObject({ out: 0, deleted: 0 });
    await lake.given({
      "bronze.orders_raw": [{ order_id: "O2", order_date: "2026-03-02", updated_at: "2026-03-02" }],
    });
    await lake.run(chain);
    expect(await lake.rows(gold.daily_sales_by_region, "date", "country")).toEqual([
      { date: "2026-02-01", country: "Norway" },
      { date: "2026-03-02", country: "Sweden" },
    ]);
  });

  it("a customer who turns up after the order takes it out of Unknown", async () => {
    const lake = await lakehouse();
    const chain = `silver.dim_customers,silver.orders_clean,${toRegions}`;
    await lake.given({ "bronze.orders_raw": [{}] });
    await lake.run(chain);
    expect(await lake.rows(gold.daily_sales_by_region, "country")).toEqual([{ country: "Unknown" }]);
    await lake.given({ "bronze.customers_raw": [{}] });
    await lake.run(chain);
    expect(await lake.rows(gold.daily_sales_by_region, "country", "region")).toEqual([
      { country: "United Kingdom", region: "England" },
    ]);
  });

  it("a version that is sent again with another country takes its orders along", async () => {
    const lake = await lakehouse();
    const chain = `silver.dim_customers,silver.orders_clean,${toRegions}`;
    await lake.given({ "bronze.customers_raw": [{ country: "Norway" }], "bronze.orders_raw": [{}] });
    await lake.run(chain);
    await lake.given({ "bronze.customers_raw": [{ country: "Sweden" }] });
    await lake.run(chain);
    expect(await lake.rows(gold.daily_sales_by_region, "country")).toEqual([{ country: "Sweden" }]);
  });

  it("a shop that leaves country and region empty has its revenue under Unknown", async () => {
    const lake = await lakehouse();
    await lake.given({ "bronze.customers_raw": [{ country: "", region: " " }], "bronze.orders_raw": [{}] });
    await lake.run(`silver.dim_customers,silver.orders_clean,${toRegions}`);
    expect(await lake.contents(gold.daily_sales_by_region)).toEqual([
      { date: "2026-03-10", country: "Unknown", region: "Unknown", revenue: "10.00", order_count: 1 },
    ]);
  });

  it("an order that moves to another day leaves the old day right", async () => {
    const lake = await step(toRegions, { "silver.orders_clean": [{ order_date: "2026-03-01T00:00:00Z" }] });
    await lake.given({ "silver.orders_clean": [{ order_date: "2026-03-05T00:00:00Z" }] });
    await lake.run(toRegions);
    expect(await lake.rows(gold.daily_sales_by_region, "date")).toEqual([{ date: "2026-03-05" }]);
  });
});
