import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { fromOrders, step } from "./harness.ts";

const performance = "gold.product_performance";
const toPerformance = fromOrders(performance);

describe("one row per month and product that sold (FR-008)", () => {
  it("units and revenue are those of completed orders of the UTC month", async () => {
    const given = await step(toPerformance, {
      "silver.dim_products": [{}],
      "silver.orders_clean": [
        { order_id: "O1", quantity: 2, total_amount: "20.00", order_date: "2026-02-28T23:59:59.999999Z" },
        { order_id: "O2", quantity: 3, total_amount: "30.00", order_date: "2026-02-01T00:00:00Z" },
        { order_id: "O3", quantity: 1, total_amount: "10.00", order_date: "2026-03-01T00:00:00Z" },
        { order_id: "O4", status: "pending" },
        { order_id: "O5", status: "refunded" },
      ],
    });
    expect(await given.contents(gold.product_performance)).toEqual([
      {
        month: "2026-02-01",
        product_id: "P1",
        product_name: "Lamp",
        category: "Home",
        units_sold: 5,
        total_revenue: "50.00",
        total_cost: "20.00",
        margin: "30.00",
        category_rank: 1,
      },
      {
        month: "2026-03-01",
        product_id: "P1",
        product_name: "Lamp",
        category: "Home",
        units_sold: 1,
        total_revenue: "10.00",
        total_cost: "4.00",
        margin: "6.00",
        category_rank: 1,
      },
    ]);
  });

  it("the margin is to the cent, below zero at a loss, and null where the shop names no cost, which a check says", async () => {
    const given = await step(toPerformance, {
      "silver.dim_products": [
        { product_id: "P1", cost: "3.33" },
        { product_id: "P2", cost: "12.00" },
        { product_id: "P3", cost: null },
        { product_id: "P4", cost: "0.00" },
      ],
      "silver.orders_clean": [
        { order_id: "O1", product_id: "P1", quantity: 3, total_amount: "29.99" },
        { order_id: "O2", product_id: "P2" },
        { order_id: "O3", product_id: "P3" },
        { order_id: "O4", product_id: "P4" },
        { order_id: "O5", product_id: null },
      ],
    });
    expect(await given.rows(gold.product_performance, "product_id", "total_cost", "margin")).toEqual([
      { product_id: "P1", total_cost: "9.99", margin: "20.00" },
      { product_id: "P2", total_cost: "12.00", margin: "-2.00" },
      { product_id: "P3", total_cost: null, margin: null },
      { product_id: "P4", total_cost: "0.00", margin: "10.00" },
      { product_id: "Unknown", total_cost: null, margin: null },
    ]);
    expect(given.outcome.warningsOf(performance)).toEqual([
      "sales of unknown products",
      "sales of products without a cost",
    ]);
  });

  it("rank 1 has the most revenue of its category that month, not the most units", async () => {
    const given = await step(toPerformance, {
      "silver.dim_products": [
        { product_id: "P1", category: "Home" },
        { product_id: "P2", category: "Home" },
        { product_id: "P3", category: "Garden" },
      ],
      "silver.orders_clean": [
        { order_id: "O1", product_id: "P1", quantity: 9, total_amount: "9.00" },
        { order_id: "O2", product_id: "P2", quantity: 1, total_amount: "100.00" },
        { order_id: "O3", product_id: "P3", quantity: 1, total_amount: "1.00" },
      ],
    });
    expect(await given.rows(gold.product_performance, "product_id", "category_rank")).toEqual([
      { product_id: "P1", category_rank: 2 },
      { product_id: "P2", category_rank: 1 },
      { product_id: "P3", category_rank: 1 },
    ]);
  });

  it("equal revenue is ranked by product_id", async () => {
    const given = await step(toPerformance, {
      "silver.dim_products": ["P3", "P1", "P2"].map((product_id) => ({ product_id })),
      "silver.orders_clean": ["P2", "P3", "P1"].map((product_id) => ({ order_id: product_id, product_id })),
    });
    expect(await given.rows(gold.product_performance, "product_id", "category_rank")).toEqual([
      { product_id: "P1", category_rank: 1 },
      { product_id: "P2", category_rank: 2 },
      { product_id: "P3", category_rank: 3 },
    ]);
  });

  it("unknown products keep their revenue as Unknown, and a check warns", async () => {
    const given = await step(toPerformance, {
      "silver.orders_clean": [
        { order_id: "O1", product_id: "P9" },
        { order_id: "O2", product_id: null },
      ],
    });
    expect(await given.rows(gold.product_performance, "product_id", "product_name", "category")).toEqual([
      { product_id: "P9", product_name: "Unknown", category: "Unknown" },
      { product_id: "Unknown", product_name: "Unknown", category: "Unknown" },
    ]);
    expect(given.outcome.warningsOf(performance)).toEqual(["sales of unknown products"]);
  });
});

describe("only touched months are computed again", () => {
  it("a new order may change the rank of every product of its month, and of no other month", async () => {
    const [feb, mar] = ["2026-02-10T00:00:00Z", "2026-03-10T00:00:00Z"];
    const lake = await step(toPerformance, {
      "silver.dim_products": [{ product_id: "P1" }, { product_id: "P2" }],
      "silver.orders_clean": [
        { order_id: "O1", product_id: "P1", order_date: feb },
        { order_id: "O2", product_id: "P1", order_date: mar, total_amount: "20.00" },
        { order_id: "O3", product_id: "P2", order_date: mar, total_amount: "15.00" },
      ],
    });
    await lake.given({ "silver.orders_clean": [{ order_id: "O4", product_id: "P2", order_date: mar }] });
    const outcome = await lake.run(toPerformance);
    expect(outcome.step(performance).out).toBe(2);
    expect(await lake.rows(gold.product_performance, "month", "product_id", "category_rank")).toEqual([
      { month: "2026-02-01", product_id: "P1", category_rank: 1 },
      { month: "2026-03-01", product_id: "P1", category_rank: 2 },
      { month: "2026-03-01", product_id: "P2", category_rank: 1 },
    ]);
  });

  it("an order that changes product and month leaves the old ones right", async () => {
    const lake = await step(toPerformance, {
      "silver.dim_products": [{ product_id: "P1" }, { product_id: "P2" }],
      "silver.orders_clean": [{ product_id: "P1", order_date: "2026-02-01T00:00:00Z" }],
    });
    await lake.given({ "silver.orders_clean": [{ product_id: "P2", order_date: "2026-03-01T00:00:00Z" }] });
    await lake.run(toPerformance);
    expect(await lake.rows(gold.product_performance, "month", "product_id")).toEqual([
      { month: "2026-03-01", product_id: "P2" },
    ]);
  });

  it("a product that changes name and category does so in every month, with the ranks of both categories", async () => {
    const lake = await step(toPerformance, {
      "silver.dim_products": [
        { product_id: "P1", category: "Home" },
        { product_id: "P2", category: "Home" },
      ],
      "silver.orders_clean": [
        { order_id: "O1", product_id: "P1", order_date: "2022-05-01T00:00:00Z" },
        { order_id: "O2", product_id: "P1", total_amount: "20.00" },
        { order_id: "O3", product_id: "P2" },
      ],
    });
    await lake.given({
      "silver.dim_products": [{ product_id: "P1", product_name: "Torch", category: "Garden" }],
    });
    await lake.run(toPerformance);
    const columns = ["month", "product_id", "product_name", "category", "category_rank"] as const;
    expect(await lake.rows(gold.product_performance, ...columns)).toEqual([
      { month: "2022-05-01", product_id: "P1", product_name: "Torch", category: "Garden", category_rank: 1 },
      { month: "2026-03-01", product_id: "P1", product_name: "Torch", category: "Garden", category_rank: 1 },
      { month: "2026-03-01", product_id: "P2", product_name: "Lamp", category: "Home", category_rank: 1 },
    ]);
  });

  it("a new cost changes the margin of all months and no rank; a product that loses its cost loses its margin", async () => {
    const lake = await step(toPerformance, {
      "silver.dim_products": [{ product_id: "P1" }, { product_id: "P2", cost: null }],
      "silver.orders_clean": [
        { order_id: "O1", order_date: "2022-05-01T00:00:00Z", total_amount: "10.01" },
        { order_id: "O2", quantity: 2, total_amount: "20.00" },
        { order_id: "O3", product_id: "P2" },
      ],
    });
    const columns = ["month", "product_id", "margin", "category_rank"] as const;
    await lake.given({
      "silver.dim_products": [
        { product_id: "P1", cost: "5.01" },
        { product_id: "P2", cost: "1.00" },
      ],
    });
    const outcome = await lake.run(toPerformance);
    expect(outcome.step(performance).out).toBe(3);
    expect(await lake.rows(gold.product_performance, ...columns)).toEqual([
      { month: "2022-05-01", product_id: "P1", margin: "5.00", category_rank: 1 },
      { month: "2026-03-01", product_id: "P1", margin: "9.98", category_rank: 1 },
      { month: "2026-03-01", product_id: "P2", margin: "9.00", category_rank: 2 },
    ]);
    await lake.given({ "silver.dim_products": [{ product_id: "P1", cost: null }] });
    await lake.run(toPerformance);
    expect((await lake.rows(gold.product_performance, ...columns)).map(({ margin }) => margin)).toEqual([
      null,
      null,
      "9.00",
    ]);
  });

  it("months of a warehouse that is older than the margin get theirs with the next new order", async () => {
    const lake = await step(toPerformance, {
      "silver.dim_products": [{}],
      "silver.orders_clean": [{ order_id: "O1", order_date: "2022-05-01T00:00:00Z" }],
    });
    await lake.damage("update gold.product_performance set total_cost = null, margin = null");
    await lake.given({ "silver.orders_clean": [{ order_id: "O2" }] });
    await lake.run(toPerformance);
    expect(await lake.rows(gold.product_performance, "month", "margin")).toEqual([
      { month: "2022-05-01", margin: "6.00" },
      { month: "2026-03-01", margin: "6.00" },
    ]);
  });

  it("a product that turns up after its orders gets its name and place", async () => {
    const lake = await step(toPerformance, { "silver.orders_clean": [{}] });
    await lake.given({ "silver.dim_products": [{}] });
    await lake.run(toPerformance);
    expect(await lake.rows(gold.product_performance, "product_name", "category")).toEqual([
      { product_name: "Lamp", category: "Home" },
    ]);
  });

  it("a refund takes units and revenue out of its month", async () => {
    const lake = await step(toPerformance, {
      "silver.orders_clean": [
        { order_id: "O1", quantity: 2 },
        { order_id: "O2", quantity: 3 },
      ],
    });
    await lake.given({ "silver.orders_clean": [{ order_id: "O2", quantity: 3, status: "refunded" }] });
    await lake.run(toPerformance);
    expect(await lake.rows(gold.product_performance, "units_sold", "total_revenue")).toEqual([
      { units_sold: 2, total_revenue: "10.00" },
    ]);
  });
});
