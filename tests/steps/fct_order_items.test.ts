import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { lakehouse, step } from "./harness.ts";

const lines = "gold.fct_order_items";
const inPounds = { payment_id: "M1", currency: "GBP" } as const;
const rate = (date: string, quote: string, value: string, valid_until: string | null = null) => ({
  date,
  quote,
  rate: value,
  valid_until,
});

describe("one row per line of an order", () => {
  it("an order without lines is its own line, and names no discount", async () => {
    const given = await step(lines, {
      "silver.orders_clean": [{ quantity: 3, unit_price: "5.00", total_amount: "12.00" }],
    });
    expect(await given.contents(gold.fct_order_items)).toEqual([
      {
        line_id: "O1",
        order_id: "O1",
        order_item_id: null,
        product_id: "P1",
        customer_id: "C1",
        customer_key: null,
        date: "2026-03-10",
        status: "completed",
        quantity: 3,
        unit_price: "5.00",
        gross_amount: "12.00",
        discount_amount: "0.00",
        amount: "12.00",
        currency: "EUR",
        gross_reporting: "12.00",
        discount_reporting: "0.00",
        amount_reporting: "12.00",
      },
    ]);
  });

  it("an order with lines has a row for each, with its own product and discount", async () => {
    const given = await step(lines, {
      "silver.orders_clean": [{ product_id: null, quantity: 1, unit_price: null, total_amount: "28.00" }],
      "silver.order_items": [
        { order_item_id: "I1", product_id: "P1", quantity: 2, discount: "2.00", amount: "18.00" },
        { order_item_id: "I2", product_id: "P2" },
      ],
    });
    const columns = [
      "line_id",
      "order_item_id",
      "product_id",
      "quantity",
      "gross_amount",
      "discount_amount",
      "amount",
    ] as const;
    expect((await given.rows(gold.fct_order_items, ...columns)).map((row) => Object.values(row))).toEqual([
      ["I1", "I1", "P1", 2, "20.00", "2.00", "18.00"],
      ["I2", "I2", "P2", 1, "10.00", "0.00", "10.00"],
    ]);
    expect(given.outcome.check("orders whose lines do not add up to their total").status).toBe("pass");
  });

  it.for([
    ["10.00", ["3.33", "3.33", "3.33"], ["3.33", "3.34", "3.33"]],
    ["0.01", ["5.00", "5.00", "5.00"], ["0.00", "0.01", "0.00"]],
    ["0.02", ["0.00", "0.00", "0.00"], ["0.01", "0.00", "0.01"]],
    ["0.00", ["5.00", "5.00", "5.00"], ["0.00", "0.00", "0.00"]],
    ["9999999999.99", ["0.01", "9999999999.99", "0.00"], ["0.01", "9999999999.98", "0.00"]],
  ] as const)("a total of %s over lines of %s is shared as %s", async ([total_amount, own, shared]) => {
    const given = await step(lines, {
      "silver.orders_clean": [{ total_amount }],
      "silver.order_items": own.map((amount, n) => ({ order_item_id: `I${n}`, amount })),
    });
    const rows = await given.rows(gold.fct_order_items, "amount");
    expect(rows.map(({ amount }) => amount)).toEqual(shared);
    expect(given.outcome.check("lines add up to the orders' totals")).toMatchObject({
      status: "pass",
      figure: 0,
    });
  });

  it("orders whose lines do not add up to their total are named with both sums", async () => {
    const given = await step(lines, {
      "silver.orders_clean": [{ order_id: "O1", total_amount: "12.50" }, { order_id: "O2" }],
      "silver.order_items": [{}, { order_item_id: "I2", order_id: "O2" }],
    });
    const { status, message } = given.outcome.check("orders whose lines do not add up to their total");
    expect(status).toBe("warn");
    expect(message).toContain("1 row, such as O1: lines 10.00, total 12.50");
  });

  it("a line whose order is not known is in no figure until the order comes", async () => {
    const lake = await step(lines, { "silver.order_items": [{ order_id: "O9" }] });
    expect(await lake.rows(gold.fct_order_items)).toEqual([]);
    await lake.given({ "silver.orders_clean": [{ order_id: "O9" }] });
    await lake.run(lines);
    expect(await lake.rows(gold.fct_order_items, "line_id", "order_id")).toEqual([
      { line_id: "I1", order_id: "O9" },
    ]);
  });
});

describe("only touched orders are computed again", () => {
  it("a line that comes later takes the place of the order's own line", async () => {
    const lake = await step(lines, { "silver.orders_clean": [{ order_id: "O1" }, { order_id: "O2" }] });
    await lake.given({ "silver.order_items": [{ order_item_id: "I1", order_id: "O1" }] });
    const outcome = await lake.run(lines);
    expect(outcome.step(lines)).toMatchObject({ out: 1, deleted: 1 });
    expect(await lake.rows(gold.fct_order_items, "line_id")).toEqual([{ line_id: "I1" }, { line_id: "O2" }]);
  });

  it("a line that moves to another order leaves both right", async () => {
    const lake = await step(lines, {
      "silver.orders_clean": [{ order_id: "O1" }, { order_id: "O2" }],
      "silver.order_items": [{ order_item_id: "I1", order_id: "O1" }],
    });
    await lake.given({ "silver.order_items": [{ order_item_id: "I1", order_id: "O2" }] });
    await lake.run(lines);
    expect(await lake.rows(gold.fct_order_items, "line_id", "order_id")).toEqual([
      { line_id: "I1", order_id: "O2" },
      { line_id: "O1", order_id: "O1" },
    ]);
  });

  it("an order that disappears takes its lines along", async () => {
    const lake = await step(lines, { "silver.orders_clean": [{ order_id: "O1" }, { order_id: "O2" }] });
    await lake.taken("silver.orders_clean", { order_id: "O1" });
    await lake.run(lines);
    expect(await lake.rows(gold.fct_order_items, "order_id")).toEqual([{ order_id: "O2" }]);
  });
});

describe("the order's currency", () => {
  it("is that of its first payment that neither failed nor was cancelled", async () => {
    const day = (n: number) => `2026-03-0${n}T00:00:00Z`;
    const given = await step(lines, {
      "silver.orders_clean": [{ order_id: "O1" }, { order_id: "O2" }, { order_id: "O3" }],
      "silver.payments": [
        { payment_id: "1", payment_status: "failed", currency: "CHF", payment_date: day(1) },
        { payment_id: "2", payment_status: "pending", currency: "GBP", payment_date: day(2) },
        { payment_id: "3", currency: "USD", payment_date: day(3) },
        { payment_id: "4", order_id: "O2", currency: "EUR", payment_date: day(1) },
        { payment_id: "5", order_id: "O2", currency: "GBP", payment_date: day(1) },
      ],
    });
    expect(await given.rows(gold.fct_order_items, "order_id", "currency")).toEqual([
      { order_id: "O1", currency: "GBP" },
      { order_id: "O2", currency: "EUR" },
      { order_id: "O3", currency: "EUR" },
    ]);
  });

  it("follows payments that come or fail later", async () => {
    const lake = await step(lines, {
      "silver.orders_clean": [{}],
      "silver.payments": [
        { payment_id: "M1", currency: "EUR", payment_date: "2026-03-01T00:00:00Z" },
        { payment_id: "M2", currency: "GBP", payment_date: "2026-03-02T00:00:00Z" },
      ],
    });
    const currency = async () => (await lake.rows(gold.fct_order_items, "currency"))[0]!.currency;
    expect(await currency()).toBe("EUR");
    await lake.given({
      "silver.payments": [{ payment_id: "M1", currency: "EUR", payment_status: "failed" }],
    });
    await lake.run(lines);
    expect(await currency()).toBe("GBP");
    await lake.given({
      "silver.payments": [{ payment_id: "M2", currency: "GBP", payment_status: "failed" }],
    });
    await lake.run(lines);
    expect(await currency()).toBe("EUR");
  });
});

describe("the reporting currency", () => {
  const orders = { "silver.orders_clean": [{ total_amount: "10.00" }], "silver.payments": [inPounds] };
  const converted = async (rates: object[]) => {
    const given = await step(lines, { ...orders, "silver.currency_rates": rates });
    return (await given.rows(gold.fct_order_items, "amount_reporting"))[0]!.amount_reporting;
  };

  it("a pair counts whichever way round it was given", async () => {
    expect(await converted([{ base: "GBP", quote: "EUR", rate: "1.15500000" }])).toBe("11.55");
    expect(await converted([{ base: "EUR", quote: "GBP", rate: "0.80000000" }])).toBe("12.50");
  });

  it("without a pair of the two, both are taken by way of a third", async () => {
    expect(
      await converted([
        { base: "USD", quote: "GBP", rate: "0.80000000" },
        { base: "USD", quote: "EUR", rate: "0.90000000" },
      ]),
    ).toBe("11.25");
    expect(
      await converted([
        { base: "GBP", quote: "USD", rate: "1.25000000" },
        { base: "EUR", quote: "USD", rate: "1.00000000" },
      ]),
    ).toBe("12.50");
  });

  it("the rate is that of the order's UTC day, before the first known day the first, after the last the last", async () => {
    const at = [
      "2026-01-01T00:00:00Z",
      "2026-03-01T23:59:59.999999Z",
      "2026-03-02T00:00:00Z",
      "2026-04-01T00:00:00Z",
    ];
    const given = await step(lines, {
      "silver.orders_clean": at.map((order_date, n) => ({ order_id: `O${n}`, order_date })),
      "silver.payments": at.map((_, n) => ({ ...inPounds, payment_id: `M${n}`, order_id: `O${n}` })),
      "silver.currency_rates": [
        rate("2026-03-01", "GBP", "0.50000000", "2026-03-02"),
        rate("2026-03-02", "GBP", "0.80000000", "2026-03-03"),
        rate("2026-03-03", "GBP", "1.00000000"),
      ],
    });
    const rows = await given.rows(gold.fct_order_items, "amount_reporting");
    expect(rows.map(({ amount_reporting }) => amount_reporting)).toEqual([
      "20.00",
      "20.00",
      "12.50",
      "10.00",
    ]);
  });

  it("each line is rounded half up to the cent, and gross is amount plus discount", async () => {
    const given = await step(lines, {
      "silver.orders_clean": [{ total_amount: "0.02" }],
      "silver.order_items": [
        { order_item_id: "I1", amount: "0.01", discount: "0.01" },
        { order_item_id: "I2", amount: "0.01" },
      ],
      "silver.payments": [inPounds],
      "silver.currency_rates": [{ base: "GBP", quote: "EUR", rate: "1.50000000" }],
    });
    expect(
      await given.rows(gold.fct_order_items, "gross_reporting", "discount_reporting", "amount_reporting"),
    ).toEqual([
      { gross_reporting: "0.04", discount_reporting: "0.02", amount_reporting: "0.02" },
      { gross_reporting: "0.02", discount_reporting: "0.00", amount_reporting: "0.02" },
    ]);
  });

  it("is unknown without any rate, which a check says with order, currency and amount", async () => {
    const given = await step(lines, orders);
    expect(await given.rows(gold.fct_order_items, "gross_reporting", "amount_reporting")).toEqual([
      { gross_reporting: null, amount_reporting: null },
    ]);
    const { status, message } = given.outcome.check("revenue without an exchange rate");
    expect(status).toBe("warn");
    expect(message).toContain("currency GBP, amount 10.00");
  });

  it("a rate that comes late or is corrected converts its own days again, and no others", async () => {
    const days = ["2026-03-01", "2026-03-02", "2026-03-03"];
    const lake = await lakehouse();
    await lake.given({
      "silver.orders_clean": days.map((day, n) => ({ order_id: `O${n}`, order_date: `${day}T10:00:00Z` })),
      "silver.payments": days.map((_, n) => ({ ...inPounds, payment_id: `M${n}`, order_id: `O${n}` })),
      "silver.currency_rates": [
        rate("2026-03-01", "GBP", "0.50000000", "2026-03-02"),
        rate("2026-03-02", "GBP", "0.50000000"),
      ],
    });
    await lake.run(lines);
    const amounts = async () =>
      (await lake.rows(gold.fct_order_items, "amount_reporting")).map(({ amount_reporting: one }) => one);
    expect(await amounts()).toEqual(["20.00", "20.00", "20.00"]);
    await lake.given({
      "silver.currency_rates": [
        rate("2026-03-02", "GBP", "0.50000000", "2026-03-03"),
        rate("2026-03-03", "GBP", "0.80000000"),
      ],
    });
    expect((await lake.run(lines)).step(lines).out).toBe(1);
    expect(await amounts()).toEqual(["20.00", "20.00", "12.50"]);
    await lake.given({ "silver.currency_rates": [rate("2026-03-01", "GBP", "1.00000000", "2026-03-02")] });
    expect((await lake.run(lines)).step(lines).out).toBe(1);
    expect(await amounts()).toEqual(["10.00", "20.00", "12.50"]);
  });
});
