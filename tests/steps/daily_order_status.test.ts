import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { fromOrders, step } from "./harness.ts";

const statuses = "gold.daily_order_status";
const toStatuses = fromOrders(statuses);

describe("one row per UTC day, category and status, so that refunds and cancellations have an amount and a share", () => {
  it("orders of every status are counted, with their whole amount, on the day on which they were placed", async () => {
    const given = await step(toStatuses, {
      "silver.dim_products": [{ product_id: "P1", category: "Home" }],
      "silver.orders_clean": [
        { order_id: "O1", total_amount: "10.00" },
        { order_id: "O2", total_amount: "30.01" },
        { order_id: "O3", status: "refunded", total_amount: "0.10", updated_at: "2026-05-01T00:00:00Z" },
        { order_id: "O4", status: "refunded", total_amount: "0.20" },
        { order_id: "O5", status: "cancelled", total_amount: "5.00" },
        { order_id: "O6", status: "pending", order_date: "2026-03-11T00:00:00Z" },
        { order_id: "O7", status: "refunded", product_id: null, total_amount: "7.00" },
      ],
    });
    const day = { date: "2026-03-10", category: "Home" };
    expect(await given.contents(gold.daily_order_status)).toEqual([
      { ...day, status: "cancelled", order_count: 1, amount: "5.00" },
      { ...day, status: "completed", order_count: 2, amount: "40.01" },
      { ...day, status: "refunded", order_count: 2, amount: "0.30" },
      { ...day, category: "Unknown", status: "refunded", order_count: 1, amount: "7.00" },
      { date: "2026-03-11", category: "Home", status: "pending", order_count: 1, amount: "10.00" },
    ]);
  });

  it("a refund that comes weeks later moves the order on its own day, and touches no other", async () => {
    const lake = await step(toStatuses, {
      "silver.orders_clean": [{ order_id: "O1" }, { order_id: "O2", order_date: "2026-03-11T00:00:00Z" }],
    });
    await lake.given({
      "silver.orders_clean": [{ order_id: "O1", status: "refunded", updated_at: "2026-05-20T08:00:00Z" }],
    });
    const outcome = await lake.run(toStatuses);
    expect(outcome.step(statuses)).toMatchObject({ out: 1, deleted: 1 });
    expect(await lake.rows(gold.daily_order_status, "date", "status")).toEqual([
      { date: "2026-03-10", status: "refunded" },
      { date: "2026-03-11", status: "completed" },
    ]);
  });

  it("a product that changes category takes its refunds along, also those of long ago", async () => {
    const lake = await step(toStatuses, {
      "silver.dim_products": [{ category: "Home" }],
      "silver.orders_clean": [{ order_id: "O1", status: "refunded", order_date: "2022-01-01T00:00:00Z" }],
    });
    await lake.given({ "silver.dim_products": [{ category: "Garden" }] });
    await lake.run(toStatuses);
    expect(await lake.rows(gold.daily_order_status, "date", "category", "order_count")).toEqual([
      { date: "2022-01-01", category: "Garden", order_count: 1 },
    ]);
  });

  it("an amount that differs from silver halts", async () => {
    const lake = await step(toStatuses, { "silver.orders_clean": [{}] });
    await lake.given({
      "gold.daily_order_status": [{ category: "Unknown", amount: "11.00" }],
      "silver.orders_clean": [{ order_id: "O2", order_date: "2026-04-01T00:00:00Z" }],
    });
    expect((await lake.fails(toStatuses)).message).toContain('check "amounts equal those of all orders"');
  });
});
