import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { step, type Upstream } from "./harness.ts";

const revenue = "gold.fct_daily_revenue";
const all = `gold.fct_order_items,gold.fct_orders,${revenue}`;
const figures = ["date", "currency", "order_count", "gross", "discount", "refund", "fee", "net"] as const;

describe("one row per day and currency, from gross to net", () => {
  it("orders count on their day when completed, or refunded since; refunds and fees count on theirs", async () => {
    const given = await step(all, {
      "silver.orders_clean": [
        { order_id: "O1", total_amount: "28.00", order_date: "2026-03-10T23:59:59Z" },
        { order_id: "O2", order_date: "2026-03-10T00:00:00Z", status: "refunded" },
        { order_id: "O3", status: "pending" },
        { order_id: "O4", status: "cancelled" },
      ],
      "silver.order_items": [
        { order_item_id: "I1", discount: "2.00", amount: "18.00" },
        { order_item_id: "I2" },
      ],
      "silver.refunds": [{ order_id: "O2", refunded_at: "2026-03-12T10:00:00Z" }],
      "silver.stripe_balance_transactions": [
        { balance_transaction_id: "t1", fee: "0.67", net: "9.33" },
        { balance_transaction_id: "t2", type: "payout", fee: "5.00", net: "5.00" },
        {
          balance_transaction_id: "t3",
          type: "refund",
          fee: "-0.20",
          net: "10.20",
          created_at: "2026-03-12T10:00:00Z",
        },
      ],
    });
    expect(await given.contents(gold.fct_daily_revenue)).toEqual([
      {
        date: "2026-03-10",
        currency: "EUR",
        order_count: 2,
        gross: "40.00",
        discount: "2.00",
        refund: "0.00",
        fee: "0.67",
        net: "37.33",
        gross_reporting: "40.00",
        discount_reporting: "2.00",
        refund_reporting: "0.00",
        fee_reporting: "0.67",
        net_reporting: "37.33",
      },
      {
        date: "2026-03-12",
        currency: "EUR",
        order_count: 0,
        gross: "0.00",
        discount: "0.00",
        refund: "10.00",
        fee: "-0.20",
        net: "-9.80",
        gross_reporting: "0.00",
        discount_reporting: "0.00",
        refund_reporting: "10.00",
        fee_reporting: "-0.20",
        net_reporting: "-9.80",
      },
    ]);
    expect(given.outcome.check("gross less discounts equals what the lines cost").status).toBe("pass");
  });

  it("each currency has a row of its own, converted at the rates of each part's day", async () => {
    const given = await step(all, {
      "silver.orders_clean": [{ order_id: "O1" }, { order_id: "O2" }],
      "silver.payments": [{ order_id: "O2", currency: "USD" }],
      "silver.refunds": [
        { order_id: "O2", currency: "USD", amount: "5.00", refunded_at: "2026-03-11T10:00:00Z" },
      ],
      "silver.currency_rates": [
        { date: "2026-03-10", rate: "1.25000000", valid_until: "2026-03-11" },
        { date: "2026-03-11", rate: "1.00000000" },
      ],
    });
    expect(
      await given.rows(
        gold.fct_daily_revenue,
        "date",
        "currency",
        "gross_reporting",
        "refund_reporting",
        "net_reporting",
      ),
    ).toEqual([
      {
        date: "2026-03-10",
        currency: "EUR",
        gross_reporting: "10.00",
        refund_reporting: "0.00",
        net_reporting: "10.00",
      },
      {
        date: "2026-03-10",
        currency: "USD",
        gross_reporting: "8.00",
        refund_reporting: "0.00",
        net_reporting: "8.00",
      },
      {
        date: "2026-03-11",
        currency: "USD",
        gross_reporting: "0.00",
        refund_reporting: "5.00",
        net_reporting: "-5.00",
      },
    ]);
  });

  it("what has no exchange rate is unknown in the reporting currency, and checks say so", async () => {
    const given = await step(all, {
      "silver.orders_clean": [{}],
      "silver.payments": [{ currency: "USD" }],
      "silver.refunds": [{ currency: "USD", amount: "4.00" }],
    });
    expect(
      await given.rows(
        gold.fct_daily_revenue,
        "net",
        "gross_reporting",
        "refund_reporting",
        "fee_reporting",
        "net_reporting",
      ),
    ).toEqual([
      {
        net: "6.00",
        gross_reporting: null,
        refund_reporting: null,
        fee_reporting: "0.00",
        net_reporting: null,
      },
    ]);
    expect(given.outcome.check("refunds and fees without an exchange rate").status).toBe("warn");
  });

  it("a month in which more is given back than sold warns", async () => {
    const given = await step(all, { "silver.refunds": [{ amount: "4.00" }] });
    expect(given.outcome.warningsOf(revenue)).toContain("months with negative net revenue");
  });
});

describe("what happens later stands on its own day", () => {
  it("a discount that is seen later counts, also while no exchange rate is known", async () => {
    const lake = await step(all, {
      "silver.orders_clean": [{}],
      "silver.order_items": [{}],
      "silver.payments": [{ currency: "USD" }],
    });
    await lake.given({
      "silver.order_items": [{ unit_price: "13.00", discount: "3.00", amount: "10.00" }],
    });
    await lake.run(all);
    expect(await lake.rows(gold.fct_daily_revenue, "gross", "discount", "net", "net_reporting")).toEqual([
      { gross: "13.00", discount: "3.00", net: "10.00", net_reporting: null },
    ]);
  });

  const shop: Upstream = {
    "silver.orders_clean": [
      { order_id: "O1", order_date: "2026-03-10T10:00:00Z" },
      { order_id: "O2", order_date: "2026-03-11T10:00:00Z" },
      { order_id: "O3", order_date: "2026-05-09T10:00:00Z" },
      { order_id: "O4", order_date: "2026-05-10T10:00:00Z" },
    ],
  };

  it("a refund that appears 60 days later changes the row of its own day and no other row", async () => {
    const lake = await step(all, shop);
    const before = await lake.rows(gold.fct_daily_revenue);
    await lake.given({
      "silver.orders_clean": [{ order_id: "O1", order_date: "2026-03-10T10:00:00Z", status: "refunded" }],
      "silver.refunds": [{ order_id: "O1", refunded_at: "2026-05-09T18:00:00Z" }],
    });
    const outcome = await lake.run(all);
    expect(outcome.step(revenue)).toMatchObject({ out: 1 });
    const after = await lake.rows(gold.fct_daily_revenue);
    const others = (rows: typeof before) => rows.filter(({ date }) => date !== "2026-05-09");
    expect(others(after), "with the instant of their last change").toEqual(others(before));
    expect(others(after)).toHaveLength(3);
    expect(after.find(({ date }) => date === "2026-05-09")).toMatchObject({
      gross: "10.00",
      refund: "10.00",
      net: "0.00",
    });
  });

  it("a refund that is corrected to another day leaves the old day right, and one without a day takes its row away", async () => {
    const lake = await step(all, { "silver.refunds": [{ refunded_at: "2026-03-12T10:00:00Z" }] });
    await lake.given({ "silver.refunds": [{ refunded_at: "2026-03-14T10:00:00Z" }] });
    await lake.run(all);
    expect(await lake.rows(gold.fct_daily_revenue, "date", "refund")).toEqual([
      { date: "2026-03-14", refund: "10.00" },
    ]);
  });

  it("a corrected rate changes the days of its currency only", async () => {
    const lake = await step(all, {
      "silver.refunds": [
        { refund_id: "R1", currency: "USD", refunded_at: "2026-03-10T10:00:00Z" },
        { refund_id: "R2", currency: "USD", refunded_at: "2026-03-11T10:00:00Z" },
        { refund_id: "R3", refunded_at: "2026-03-10T10:00:00Z" },
      ],
      "silver.currency_rates": [
        { date: "2026-03-10", valid_until: "2026-03-11" },
        { date: "2026-03-11", valid_until: "2026-03-12" },
        { date: "2026-03-12" },
      ],
    });
    await lake.given({
      "silver.currency_rates": [{ date: "2026-03-11", rate: "1.00000000", valid_until: "2026-03-12" }],
    });
    expect((await lake.run(all)).step(revenue)).toMatchObject({ out: 1 });
    const rows = await lake.rows(gold.fct_daily_revenue, ...figures, "refund_reporting");
    expect(rows.map(({ date, currency, refund_reporting }) => [date, currency, refund_reporting])).toEqual([
      ["2026-03-10", "EUR", "10.00"],
      ["2026-03-10", "USD", "8.00"],
      ["2026-03-11", "USD", "10.00"],
    ]);
  });
});
