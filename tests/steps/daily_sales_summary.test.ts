import { describe, expect, it } from "vitest";
import { gold, silver } from "shopmetrics";
import { fromOrders, lakehouse, step } from "./harness.ts";

const daily = "gold.daily_sales_summary";
const toDaily = fromOrders(daily);

describe("one row per UTC day and category (FR-006)", () => {
  it("revenue, orders and average order value are those of completed orders", async () => {
    const given = await step(toDaily, {
      "silver.dim_products": [{ product_id: "P1", category: "Home" }],
      "silver.orders_clean": [
        { order_id: "O1", total_amount: "10.00" },
        { order_id: "O2", total_amount: "30.01" },
        { order_id: "O3", status: "pending" },
        { order_id: "O4", status: "cancelled" },
        { order_id: "O5", status: "refunded" },
      ],
    });
    expect(await given.contents(gold.daily_sales_summary)).toEqual([
      { date: "2026-03-10", category: "Home", revenue: "40.01", order_count: 2, avg_order_value: "20.01" },
    ]);
  });

  it("the average is rounded half up to the cent, in decimals", async () => {
    const given = await step(toDaily, {
      "silver.orders_clean": [
        { order_id: "O1", total_amount: "1.00" },
        { order_id: "O2", total_amount: "1.01" },
      ],
    });
    expect(await given.rows(gold.daily_sales_summary, "revenue", "avg_order_value")).toEqual([
      { revenue: "2.01", avg_order_value: "1.01" },
    ]);
  });

  it("the day is the UTC date, to the last microsecond", async () => {
    const given = await step(toDaily, {
      "silver.orders_clean": [
        { order_id: "O1", order_date: "2024-02-29T23:59:59.999999Z" },
        { order_id: "O2", order_date: "2024-03-01T00:00:00Z" },
      ],
    });
    expect(await given.rows(gold.daily_sales_summary, "date", "order_count")).toEqual([
      { date: "2024-02-29", order_count: 1 },
      { date: "2024-03-01", order_count: 1 },
    ]);
  });

  it("an order given with an offset falls on its UTC day", async () => {
    const given = await step(`silver.orders_clean,${toDaily}`, {
      "bronze.orders_raw": [{ order_date: "2026-03-10T01:00:00+02:00" }],
    });
    expect(await given.rows(gold.daily_sales_summary, "date")).toEqual([{ date: "2026-03-09" }]);
  });

  it("orders whose product is unknown, or has no category, keep their revenue as Unknown, and a check warns", async () => {
    const given = await step(toDaily, {
      "silver.dim_products": [{ product_id: "P2", category: null }],
      "silver.orders_clean": [
        { order_id: "O1", product_id: "P9", total_amount: "1.00" },
        { order_id: "O2", product_id: null, total_amount: "2.00" },
        { order_id: "O3", product_id: "P2", total_amount: "4.00" },
      ],
    });
    expect(await given.rows(gold.daily_sales_summary, "category", "revenue")).toEqual([
      { category: "Unknown", revenue: "7.00" },
    ]);
    expect(given.outcome.warningsOf(daily)).toEqual(["days with revenue of unknown category"]);
  });

  it("its revenue is within 0.01 % of a plain sum over the export: it is the same to the cent (AC-005)", async () => {
    const lake = await lakehouse();
    const amounts = Array.from({ length: 2000 }, (_, index) => (index * 7919) % 1_000_003);
    const lines = amounts.map((cents, index) => {
      const day = String((index % 28) + 1).padStart(2, "0");
      const amount = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
      return `O${index},C1,P${index % 7},1,1.00,${amount},2026-02-${day}T08:00:00Z,completed,2026-03-01T00:00:00Z`;
    });
    const header =
      "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at";
    await lake.land("orders/orders.csv", `${[header, ...lines].join("\n")}\n`);
    const outcome = await lake.run(`bronze.orders_raw,silver.orders_clean,${toDaily}`);
    const rows = await lake.rows(gold.daily_sales_summary, "revenue");
    const cents = rows.reduce((sum, { revenue }) => sum + BigInt(revenue.replace(".", "")), 0n);
    expect(cents).toBe(amounts.reduce((sum, one) => sum + BigInt(one), 0n));
    expect(outcome.check("revenue equals that of completed orders")).toMatchObject({
      status: "pass",
      figure: 0,
      threshold: 0.0001,
    });
  });
});

describe("only touched days are computed again", () => {
  it("a new order leaves the other days as they are", async () => {
    const lake = await step(toDaily, {
      "silver.orders_clean": [
        { order_id: "O1", order_date: "2026-03-01T00:00:00Z" },
        { order_id: "O2", order_date: "2026-03-02T00:00:00Z" },
      ],
    });
    await lake.given({ "silver.orders_clean": [{ order_id: "O3", order_date: "2026-03-02T05:00:00Z" }] });
    const outcome = await lake.run(toDaily);
    expect(outcome.step(daily)).toMatchObject({ in: 1, out: 1 });
    expect(await lake.rows(gold.daily_sales_summary, "date", "order_count")).toEqual([
      { date: "2026-03-01", order_count: 1 },
      { date: "2026-03-02", order_count: 2 },
    ]);
  });

  it("a refund takes the order out of its day's revenue, and the day out when it was the only one", async () => {
    const lake = await step(toDaily, { "silver.orders_clean": [{ order_id: "O1" }, { order_id: "O2" }] });
    await lake.given({ "silver.orders_clean": [{ order_id: "O1", status: "refunded" }] });
    await lake.run(toDaily);
    expect(await lake.rows(gold.daily_sales_summary, "revenue")).toEqual([{ revenue: "10.00" }]);
    await lake.given({ "silver.orders_clean": [{ order_id: "O2", status: "refunded" }] });
    await lake.run(toDaily);
    expect(await lake.rows(gold.daily_sales_summary)).toEqual([]);
  });

  it("an order that moves to another day leaves the old day right", async () => {
    const lake = await step(toDaily, {
      "silver.orders_clean": [
        { order_id: "O1", order_date: "2026-03-01T00:00:00Z" },
        { order_id: "O2", order_date: "2026-03-01T00:00:00Z" },
      ],
    });
    await lake.given({ "silver.orders_clean": [{ order_id: "O1", order_date: "2026-03-05T00:00:00Z" }] });
    await lake.run(toDaily);
    expect(await lake.rows(gold.daily_sales_summary, "date", "order_count")).toEqual([
      { date: "2026-03-01", order_count: 1 },
      { date: "2026-03-05", order_count: 1 },
    ]);
  });

  it("an order that moves twice between two runs leaves both old days right", async () => {
    const lake = await step(toDaily, { "silver.orders_clean": [{ order_date: "2026-03-01T00:00:00Z" }] });
    for (const order_date of ["2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"])
      await lake.given({ "silver.orders_clean": [{ order_date }] });
    await lake.run(toDaily);
    expect(await lake.rows(gold.daily_sales_summary, "date")).toEqual([{ date: "2026-03-03" }]);
  });

  it("an order that disappears is taken out of its day", async () => {
    const lake = await step(toDaily, { "silver.orders_clean": [{ order_id: "O1" }, { order_id: "O2" }] });
    await lake.taken("silver.orders_clean", { order_id: "O2" });
    await lake.run(toDaily);
    expect(await lake.rows(gold.daily_sales_summary, "order_count")).toEqual([{ order_count: 1 }]);
  });

  it("a product that changes category moves its whole history", async () => {
    const lake = await step(toDaily, {
      "silver.dim_products": [
        { product_id: "P1", category: "Home" },
        { product_id: "P2", category: "Home" },
      ],
      "silver.orders_clean": [
        { order_id: "O1", product_id: "P1", order_date: "2022-01-01T00:00:00Z" },
        { order_id: "O2", product_id: "P1" },
        { order_id: "O3", product_id: "P2" },
      ],
    });
    await lake.given({ "silver.dim_products": [{ product_id: "P1", category: "Garden" }] });
    await lake.run(toDaily);
    expect(await lake.rows(gold.daily_sales_summary, "date", "category", "revenue")).toEqual([
      { date: "2022-01-01", category: "Garden", revenue: "10.00" },
      { date: "2026-03-10", category: "Garden", revenue: "10.00" },
      { date: "2026-03-10", category: "Home", revenue: "10.00" },
    ]);
  });

  it("a product that turns up after its orders takes them out of Unknown", async () => {
    const lake = await step(toDaily, { "silver.orders_clean": [{ product_id: "P1" }] });
    await lake.given({ "silver.dim_products": [{ product_id: "P1", category: "Home" }] });
    await lake.run(toDaily);
    expect(await lake.rows(gold.daily_sales_summary, "category")).toEqual([{ category: "Home" }]);
  });

  it("a product that only changes its price touches no day", async () => {
    const lake = await step(toDaily, { "silver.dim_products": [{}], "silver.orders_clean": [{}] });
    await lake.given({ "silver.dim_products": [{ price: "99.00" }] });
    expect((await lake.run(toDaily)).step(daily)).toMatchObject({ out: 0, deleted: 0 });
  });

  it("a total that differs from silver halts", async () => {
    const lake = await step(toDaily, { "silver.orders_clean": [{}] });
    await lake.given({
      "gold.daily_sales_summary": [{ category: "Unknown", revenue: "11.00" }],
      "silver.orders_clean": [{ order_id: "O2", order_date: "2026-04-01T00:00:00Z" }],
    });
    const failed = await lake.fails(toDaily);
    expect(failed.message).toContain('check "revenue equals that of completed orders"');
    expect(await lake.rows(silver.orders_clean)).toHaveLength(2);
    expect(await lake.rows(gold.daily_sales_summary, "date")).toEqual([{ date: "2026-03-10" }]);
  });
});
