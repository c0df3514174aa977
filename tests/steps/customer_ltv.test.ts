import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { fromOrders, step } from "./harness.ts";

const ltv = "gold.customer_ltv";
const toLtv = fromOrders(ltv);

describe("segments (AC-006)", () => {
  it("three profiles: High above 500, Medium from 100 to 500, Low below 100", async () => {
    const given = await step(toLtv, {
      "silver.dim_customers": [{ customer_id: "BIG" }, { customer_id: "MID" }, { customer_id: "SMALL" }],
      "silver.orders_clean": [
        { order_id: "O1", customer_id: "BIG", total_amount: "400.00" },
        { order_id: "O2", customer_id: "BIG", total_amount: "350.50" },
        { order_id: "O3", customer_id: "MID", total_amount: "250.00" },
        { order_id: "O4", customer_id: "SMALL", total_amount: "19.90" },
      ],
    });
    expect(await given.rows(gold.customer_ltv, "customer_id", "total_revenue", "ltv_segment")).toEqual([
      { customer_id: "BIG", total_revenue: "750.50", ltv_segment: "High" },
      { customer_id: "MID", total_revenue: "250.00", ltv_segment: "Medium" },
      { customer_id: "SMALL", total_revenue: "19.90", ltv_segment: "Low" },
    ]);
  });

  it.for([
    ["500.01", "High"],
    ["500.00", "Medium"],
    ["100.00", "Medium"],
    ["99.99", "Low"],
  ] as const)("revenue of %s is %s", async ([total_amount, ltv_segment]) => {
    const given = await step(toLtv, { "silver.orders_clean": [{ total_amount }] });
    expect(await given.rows(gold.customer_ltv, "ltv_segment")).toEqual([{ ltv_segment }]);
  });
});

describe("one row for every customer (FR-007)", () => {
  it("a customer who never ordered has a row, with no revenue and no dates", async () => {
    const given = await step(toLtv, { "silver.dim_customers": [{}] });
    expect(await given.contents(gold.customer_ltv)).toEqual([
      {
        customer_id: "C1",
        total_revenue: "0.00",
        order_count: 0,
        first_order_date: null,
        last_order_date: null,
        ltv_segment: "Low",
      },
    ]);
    expect(given.outcome.check("customers without a row")).toMatchObject({ figure: 0 });
  });

  it("a customer with several versions has one row, and each order counts once", async () => {
    const given = await step(toLtv, {
      "silver.dim_customers": [
        { effective_start_date: "2026-01-01T00:00:00Z", effective_end_date: "2026-02-01T00:00:00Z" },
        { effective_start_date: "2026-02-01T00:00:00Z" },
      ],
      "silver.orders_clean": [{}],
    });
    expect(await given.rows(gold.customer_ltv, "total_revenue")).toEqual([{ total_revenue: "10.00" }]);
  });

  it("only completed orders count, for revenue and for the first and last date", async () => {
    const on = (day: string) => `2026-03-${day}T23:59:59Z`;
    const given = await step(toLtv, {
      "silver.orders_clean": [
        { order_id: "O1", order_date: on("01"), status: "cancelled" },
        { order_id: "O2", order_date: on("02") },
        { order_id: "O3", order_date: on("03") },
        { order_id: "O4", order_date: on("04"), status: "pending" },
        { order_id: "O5", order_date: on("05"), status: "refunded" },
      ],
    });
    expect(await given.contents(gold.customer_ltv)).toEqual([
      {
        customer_id: "C1",
        total_revenue: "20.00",
        order_count: 2,
        first_order_date: "2026-03-02",
        last_order_date: "2026-03-03",
        ltv_segment: "Low",
      },
    ]);
  });

  it("orders of a customer whom no export named stand under that number, orders without any under Unknown", async () => {
    const given = await step(toLtv, {
      "silver.orders_clean": [
        { order_id: "O1", customer_id: "C9", total_amount: "1.00" },
        { order_id: "O2", customer_id: null, total_amount: "2.00" },
        { order_id: "O3", customer_id: null, total_amount: "3.00" },
      ],
    });
    expect(await given.rows(gold.customer_ltv, "customer_id", "total_revenue")).toEqual([
      { customer_id: "C9", total_revenue: "1.00" },
      { customer_id: "Unknown", total_revenue: "5.00" },
    ]);
  });
});

describe("only touched customers are computed again", () => {
  it("an order that changes hands leaves the old customer right", async () => {
    const lake = await step(toLtv, {
      "silver.dim_customers": [{ customer_id: "C1" }, { customer_id: "C2" }, { customer_id: "C3" }],
      "silver.orders_clean": [{ customer_id: "C1" }],
    });
    await lake.given({ "silver.orders_clean": [{ customer_id: "C2" }] });
    const outcome = await lake.run(toLtv);
    expect(await lake.rows(gold.customer_ltv, "customer_id", "order_count")).toEqual([
      { customer_id: "C1", order_count: 0 },
      { customer_id: "C2", order_count: 1 },
      { customer_id: "C3", order_count: 0 },
    ]);
    expect(outcome.step(ltv).out).toBe(2);
  });

  it("an unknown customer whose only order is refunded, or gets its customer, disappears", async () => {
    const lake = await step(toLtv, {
      "silver.orders_clean": [
        { order_id: "O1", customer_id: "C9" },
        { order_id: "O2", customer_id: null },
      ],
    });
    await lake.given({
      "silver.orders_clean": [
        { order_id: "O1", customer_id: "C9", status: "refunded" },
        { order_id: "O2", customer_id: "C1" },
      ],
    });
    await lake.run(toLtv);
    expect(await lake.rows(gold.customer_ltv, "customer_id")).toEqual([{ customer_id: "C1" }]);
  });

  it("a refund leaves the customer's revenue and may change the segment", async () => {
    const lake = await step(toLtv, {
      "silver.orders_clean": [
        { order_id: "O1", total_amount: "99.00" },
        { order_id: "O2", total_amount: "401.01" },
      ],
    });
    await lake.given({
      "silver.orders_clean": [{ order_id: "O2", total_amount: "401.01", status: "refunded" }],
    });
    await lake.run(toLtv);
    expect(await lake.rows(gold.customer_ltv, "total_revenue", "ltv_segment")).toEqual([
      { total_revenue: "99.00", ltv_segment: "Low" },
    ]);
  });

  it("a customer who turns up after their orders keeps their revenue", async () => {
    const lake = await step(toLtv, { "silver.orders_clean": [{ customer_id: "C1" }] });
    await lake.given({ "silver.dim_customers": [{ customer_id: "C1" }] });
    await lake.run(toLtv);
    expect(await lake.rows(gold.customer_ltv, "customer_id", "total_revenue")).toEqual([
      { customer_id: "C1", total_revenue: "10.00" },
    ]);
  });
});
