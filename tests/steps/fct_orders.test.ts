import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { fromOrders, step } from "./harness.ts";

const orders = "gold.fct_orders";
const both = "gold.fct_order_items,gold.fct_orders";

describe("one row per order", () => {
  it("has the sums of its lines, and what was paid and given back", async () => {
    const given = await step(both, {
      "silver.orders_clean": [{ total_amount: "28.00", order_date: "2026-03-10T10:00:00Z" }],
      "silver.order_items": [
        { order_item_id: "I1", quantity: 2, discount: "2.00", amount: "18.00" },
        { order_item_id: "I2" },
      ],
      "silver.payments": [
        { payment_id: "M1", amount: "18.00" },
        { payment_id: "M2", amount: "10.00", payment_status: "partially_refunded" },
        { payment_id: "M3", amount: "10.00", payment_status: "failed" },
        { payment_id: "M4", amount: "10.00", payment_status: "pending" },
        { payment_id: "M5", amount: "10.00", payment_status: "cancelled" },
      ],
      "silver.refunds": [
        { refund_id: "R1", amount: "3.00" },
        { refund_id: "R2", amount: "1.50" },
      ],
    });
    expect(await given.contents(gold.fct_orders)).toEqual([
      {
        order_id: "O1",
        customer_id: "C1",
        customer_key: null,
        date: "2026-03-10",
        ordered_at: "2026-03-10T10:00:00Z",
        status: "completed",
        is_first_order: true,
        line_count: 2,
        units: 3,
        gross_amount: "30.00",
        discount_amount: "2.00",
        total_amount: "28.00",
        paid_amount: "28.00",
        refunded_amount: "4.50",
        currency: "EUR",
        total_reporting: "28.00",
      },
    ]);
  });

  it("adds nothing that was paid or given back in another currency", async () => {
    const given = await step(both, {
      "silver.orders_clean": [{}],
      "silver.payments": [
        { payment_id: "M1", payment_date: "2026-03-01T00:00:00Z" },
        { payment_id: "M2", currency: "USD" },
      ],
      "silver.refunds": [{ refund_id: "R1", currency: "USD" }],
    });
    expect(await given.rows(gold.fct_orders, "paid_amount", "refunded_amount")).toEqual([
      { paid_amount: "10.00", refunded_amount: "0.00" },
    ]);
  });
});

describe("the first order of a customer", () => {
  const at = (hour: number) => `2026-03-10T0${hour}:00:00Z`;

  it("is the earliest completed one, and of two at one instant that with the smaller number", async () => {
    const given = await step(both, {
      "silver.orders_clean": [
        { order_id: "O1", order_date: at(1), status: "cancelled" },
        { order_id: "O3", order_date: at(2) },
        { order_id: "O2", order_date: at(2) },
        { order_id: "O4", order_date: at(1), customer_id: null },
        { order_id: "O5", order_date: at(9), customer_id: "C2" },
      ],
    });
    const rows = await given.rows(gold.fct_orders, "order_id", "is_first_order");
    expect(rows.flatMap(({ order_id, is_first_order }) => (is_first_order ? [order_id] : []))).toEqual([
      "O2",
      "O5",
    ]);
  });

  it("moves on when it is refunded, and to an earlier one that comes late", async () => {
    const lake = await step(both, {
      "silver.orders_clean": [
        { order_id: "O2", order_date: at(2) },
        { order_id: "O3", order_date: at(3) },
        { order_id: "O9", order_date: at(1), customer_id: "C2" },
      ],
    });
    const firsts = async () =>
      (await lake.rows(gold.fct_orders, "order_id", "is_first_order"))
        .filter(({ is_first_order }) => is_first_order)
        .map(({ order_id }) => order_id);
    await lake.given({ "silver.orders_clean": [{ order_id: "O2", order_date: at(2), status: "refunded" }] });
    expect((await lake.run(both)).step(orders).out).toBe(2);
    expect(await firsts()).toEqual(["O3", "O9"]);
    await lake.given({ "silver.orders_clean": [{ order_id: "O1", order_date: at(1) }] });
    await lake.run(both);
    expect(await firsts()).toEqual(["O1", "O9"]);
    await lake.taken("silver.orders_clean", { order_id: "O1" });
    await lake.run(both);
    expect(await firsts()).toEqual(["O3", "O9"]);
  });
});

it("a payment or a refund that comes later changes its order and no other", async () => {
  const lake = await step(both, {
    "silver.orders_clean": [{ order_id: "O1" }, { order_id: "O2", customer_id: "C2" }],
  });
  await lake.given({ "silver.payments": [{ order_id: "O2" }] });
  expect((await lake.run(both)).step(orders).out).toBe(1);
  await lake.given({ "silver.refunds": [{ order_id: "O2", amount: "4.00" }] });
  expect((await lake.run(both)).step(orders).out).toBe(1);
  expect(await lake.rows(gold.fct_orders, "order_id", "paid_amount", "refunded_amount")).toEqual([
    { order_id: "O1", paid_amount: "0.00", refunded_amount: "0.00" },
    { order_id: "O2", paid_amount: "10.00", refunded_amount: "4.00" },
  ]);
});

it("with nine columns and one currency, customers, regions and days show the orders' own totals", async () => {
  const given = await step(
    `${fromOrders("gold.customer_ltv")},gold.daily_sales_summary,gold.daily_sales_by_region,gold.product_performance`,
    {
      "silver.dim_products": [{ product_id: "P1", category: "Home" }],
      "silver.orders_clean": [
        { order_id: "O1", total_amount: "12.34", quantity: 2, unit_price: "7.00" },
        { order_id: "O2", total_amount: "0.01" },
        { order_id: "O3", total_amount: "99.00", status: "refunded" },
      ],
    },
  );
  const revenue = { revenue: "12.35" };
  expect(await given.rows(gold.daily_sales_summary, "revenue")).toEqual([revenue]);
  expect(await given.rows(gold.daily_sales_by_region, "revenue")).toEqual([revenue]);
  expect(await given.rows(gold.customer_ltv, "total_revenue")).toEqual([{ total_revenue: "12.35" }]);
  expect(await given.rows(gold.product_performance, "total_revenue", "units_sold")).toEqual([
    { total_revenue: "12.35", units_sold: 3 },
  ]);
});
