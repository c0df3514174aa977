import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import { lakehouse, step, type Upstream } from "./harness.ts";

const verdict = "ops.data_quality";

const tooMuchPaid = "orders with more paid than they cost";
const tooMuchBack = "orders with more given back than was paid";
const notCompleted = "paid orders that are not completed";
const noRefund = "refunded orders of which no refund is known";
const notSold = "money given back of orders that do not count as sold";
const apart = "days on which Stripe's charges and the shop's payments differ";
const ours = new Set([tooMuchPaid, tooMuchBack, notCompleted, noRefund, notSold, apart]);

/** What these checks say that warn: the message of each. */
async function differences(upstream: Upstream): Promise<Record<string, string>> {
  const { outcome } = await step(verdict, upstream);
  return Object.fromEntries(
    outcome.warnings.filter((name) => ours.has(name)).map((name) => [name, outcome.check(name).message]),
  );
}

const named = (rows: number, text: string) =>
  `${rows} ${rows === 1 ? "row" : "rows"}, such as ${text}; at most 0`;

describe("orders, payments and refunds", () => {
  it("agree: an order paid in two parts, one of which was given back", async () => {
    expect(
      await differences({
        "silver.orders_clean": [{ total_amount: "10.00" }],
        "silver.payments": [
          { payment_id: "M1", amount: "4.00" },
          { payment_id: "M2", amount: "6.00", payment_status: "partially_refunded" },
          { payment_id: "M3", amount: "6.00", payment_status: "failed" },
        ],
        "silver.refunds": [{ amount: "6.00" }],
      }),
    ).toEqual({});
  });

  it("more paid than the order costs is named with both figures", async () => {
    expect(
      await differences({
        "silver.orders_clean": [{ total_amount: "10.00" }],
        "gold.fct_orders": [{ status: "pending", total_amount: "10.00" }],
        "silver.payments": [
          { payment_id: "M1", amount: "10.00" },
          { payment_id: "M2", amount: "0.01" },
        ],
      }),
    ).toEqual({ [tooMuchPaid]: named(1, "order_id O1, paid 10.01, total_amount 10.00") });
  });

  it("more given back than was paid is named with both figures", async () => {
    expect(
      await differences({
        "silver.orders_clean": [{}],
        "silver.payments": [{ payment_status: "refunded" }],
        "silver.refunds": [{ amount: "10.00" }, { refund_id: "re_2", amount: "0.01" }],
      }),
    ).toEqual({ [tooMuchBack]: named(1, "order_id O1, refunded 10.01, paid 10.00") });
  });

  it("amounts of two currencies are not compared", async () => {
    expect(
      await differences({
        "silver.orders_clean": [{ total_amount: "1000.00" }],
        "gold.fct_orders": [{ status: "pending", total_amount: "1000.00", currency: "EUR" }],
        "silver.payments": [
          { payment_id: "M1", amount: "500.00", currency: "EUR" },
          { payment_id: "M2", amount: "80000.00", currency: "JPY" },
        ],
        "silver.refunds": [{ amount: "5.00", currency: "USD" }],
      }),
    ).toEqual({});
  });

  it.for(["pending", "cancelled"] as const)("a paid order that is %s is named", async (status) => {
    expect(await differences({ "silver.orders_clean": [{ status }], "silver.payments": [{}] })).toEqual({
      [notCompleted]: named(1, `O1: status ${status}, payment_id M1, amount 10.00`),
    });
  });

  it.for(["completed", "failed"] as const)(
    "a refunded order without a refund is named, also when its payment is %s",
    async (payment_status) => {
      expect(
        await differences({
          "silver.orders_clean": [{ status: "refunded" }],
          "silver.payments": [{ payment_status }],
        }),
      ).toEqual({ [noRefund]: named(1, "O1: total_amount 10.00, updated_at 2026-03-10 12:00:00") });
    },
  );

  it("a refund of a cancelled order is named, since its sale is not in gross", async () => {
    expect(
      await differences({
        "silver.orders_clean": [{ status: "cancelled" }],
        "silver.payments": [{ payment_status: "refunded" }],
        "silver.refunds": [{}],
      }),
    ).toEqual({ [notSold]: named(1, "re_1: order_id O1, status cancelled, amount 10.00") });
  });

  it("a refunded order whose payment stays completed, since Stripe gave the money back, is none", async () => {
    expect(
      await differences({
        "silver.orders_clean": [{ status: "refunded" }],
        "silver.payments": [{}],
        "silver.refunds": [{}],
      }),
    ).toEqual({});
  });
});

describe("amounts in the reporting currency", () => {
  const check = "lines that are not in the reporting currency at the rate of their day";
  const sold = { status: "pending", amount: "16.00", currency: "GBP", amount_reporting: "20.00" } as const;

  const figures = (line: { currency: string; amount_reporting: string | null }) =>
    `currency ${line.currency}, amount 16.00, amount_reporting ${line.amount_reporting}`;

  it.for([
    ["at the rate of the day", sold, "pass"],
    ["unknown without a rate", { ...sold, currency: "NOK", amount_reporting: null }, "pass"],
    ["a cent apart", { ...sold, amount_reporting: "20.01" }, "warn"],
    ["still in the currency that the pages had before", { ...sold, amount_reporting: "16.00" }, "warn"],
    ["still converted into the currency before", { ...sold, currency: "EUR" }, "warn"],
  ] as const)("%s", async ([, line, status]) => {
    const { outcome } = await step(verdict, {
      "silver.currency_rates": [{ date: "2026-03-10", quote: "GBP", rate: "0.80000000" }],
      "gold.fct_order_items": [line],
    });
    expect(outcome.check(check)).toMatchObject(
      status === "warn" ? { status, message: named(1, `O1 O1: ${figures(line)}`) } : { status },
    );
  });
});

describe("Stripe and the shop's payments", () => {
  const order: Upstream = { "silver.orders_clean": [{ total_amount: "100.00" }] };

  it.for([
    ["the charge's number", { transaction_id: "ch_1" }, {}],
    ["the payment intent's number", { transaction_id: "pi_1" }, { payment_intent_id: "pi_1" }],
    ["order and amount", { transaction_id: "0815" }, { order_id: "O1" }],
  ] as const)("agree by %s", async ([, payment, charge]) => {
    expect(
      await differences({ ...order, "silver.payments": [payment], "silver.stripe_charges": [charge] }),
    ).toEqual({});
  });

  it("payments that are not Stripe's, and failed charges, are none of its money", async () => {
    expect(
      await differences({
        ...order,
        "silver.payments": [
          { payment_id: "M1", transaction_id: "ch_1" },
          { payment_id: "M2", transaction_id: "SEPA-1" },
          { payment_id: "M3", transaction_id: null },
        ],
        "silver.stripe_charges": [{}, { charge_id: "ch_2", status: "failed" }],
      }),
    ).toEqual({});
  });

  it("a cent is named, with the charge, the day and both sums", async () => {
    expect(
      await differences({
        ...order,
        "silver.payments": [
          { payment_id: "M1", transaction_id: "ch_1", amount: "10.01" },
          { payment_id: "M2", transaction_id: "ch_2", amount: "5.00" },
        ],
        "silver.stripe_charges": [{}, { charge_id: "ch_2", amount: "5.00" }],
      }),
    ).toEqual({ [apart]: named(1, "ch_1: day 2026-03-10, at_stripe 15.00, at_shop 15.01") });
  });

  it("two differences that cancel each other out are one day that differs", async () => {
    const found = await differences({
      ...order,
      "silver.payments": [
        { payment_id: "M1", transaction_id: "ch_1", amount: "10.01" },
        { payment_id: "M2", transaction_id: "ch_2", amount: "4.99" },
      ],
      "silver.stripe_charges": [{}, { charge_id: "ch_2", amount: "5.00" }],
    });
    expect(found[apart]).toBe(named(1, "ch_1: day 2026-03-10, at_stripe 15.00, at_shop 15.00"));
  });

  it("a charge that the shop does not know, and a number that Stripe does not, are named", async () => {
    const found = await differences({
      ...order,
      "silver.payments": [
        { payment_id: "M2", transaction_id: "ch_9", payment_date: "2026-03-11T08:00:00Z" },
        { payment_id: "M3", transaction_id: "ch_8", payment_date: "2026-03-01T08:00:00Z" },
      ],
      "silver.stripe_charges": [{}],
    });
    expect(found[apart]).toBe(
      named(
        2,
        "M2: day 2026-03-11, at_stripe 0.00, at_shop 10.00 and ch_1: day 2026-03-10, at_stripe 10.00, at_shop 0.00",
      ),
    );
  });
});

describe("the age of what arrives", () => {
  const dayBefore = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  const spendIsOld = "a campaign runs, and the newest marketing spend is more than three days old";
  const rateIsOld = "the newest exchange rate that landed is more than a week old";
  const start_date = "2026-01-01";

  it.for([
    ["spend of yesterday", false, dayBefore(1), { end_date: null }],
    ["spend of last week", true, dayBefore(7), { end_date: null }],
    ["spend of last week, when the last campaign ended", false, dayBefore(7), { end_date: dayBefore(7) }],
  ] as const)("%s: warns %s", async ([, warns, date, campaign]) => {
    const { outcome } = await step(verdict, {
      "silver.marketing_spend": [{ date }],
      "silver.campaigns": [{ start_date, ...campaign }],
    });
    expect(outcome.warnings.includes(spendIsOld)).toBe(warns);
  });

  it.for([
    [false, 6],
    [true, 8],
  ] as const)("exchange rates: warns %s at %i days", async ([warns, days]) => {
    const lake = await lakehouse();
    await lake.land("currency_rates/r.csv", `date,base,quote,rate\n${dayBefore(days)},EUR,NOK,11.5\n`);
    await lake.run("bronze.currency_rates_raw");
    const outcome = await lake.run(verdict);
    expect(outcome.warnings.includes(rateIsOld)).toBe(warns);
  });
});

const orderHeader =
  "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at";

it("a shop with orders of one product alone: nothing warns of what it never sent", async () => {
  const lake = await lakehouse();
  const day = "2026-03-10T12:00:00Z";
  await lake.land(
    "orders/o.csv",
    `${orderHeader}\nO1,C1,P1,1,10.00,10.00,${day},completed,${day}\nO2,C1,P1,1,8.00,8.00,${day},refunded,${day}\n`,
  );
  await lake.land(
    "customers/c.csv",
    "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at\n" +
      `C1,Ada,Byron,,,London,England,United Kingdom,2026-01-15,2026-01-15T09:00:00Z\n`,
  );
  await lake.land(
    "products/p.csv",
    "product_id,product_name,category,subcategory,brand,price,cost,updated_at\n" +
      "P1,Lamp,Home,Lighting,Lumen,10.00,4.00,2026-01-01T00:00:00Z\n",
  );
  const { report } = await lake.run();
  const sources = /order_items|payments|marketing|campaigns|currency|stripe|refunds/;
  expect(
    report.steps.flatMap(({ step: name, checks }) =>
      checks.filter(({ status, table }) => status !== "pass" && (sources.test(name) || sources.test(table))),
    ),
  ).toEqual([]);
  expect(await lake.rows(silver.refunds, "refund_id", "amount")).toEqual([
    { refund_id: "order:O2", amount: "8.00" },
  ]);
});

it("files as people export them: columns in another order, CRLF, a byte order mark, torn and unknown columns", async () => {
  const lake = await lakehouse();
  await lake.land(
    "order_items/untidy.csv",
    "\uFEFForder_id,order_item_id,updated_at,quantity,unit_price,product_id,discount,colour\r\n" +
      "O1,I1,2026-03-10 12:00:00,2, 9.99 ,P1,,red\r\n" +
      'O1,"I2",2026-03-10T12:00:00+01:00,,"5.005",P2,0.5,\r\n' +
      "O1,I3\r\n" +
      ",,,,,,,\r\n",
  );
  await lake.land(
    "payments/untidy.csv",
    "payment_id,order_id,amount,currency,payment_method,payment_status,transaction_id,payment_date,updated_at\n" +
      "M1,O1,24.49,eur,Card,COMPLETED,ch_1,2026-03-10,2026-03-10T12:00:00Z\n" +
      "M1,O1,24.49,eur,Card,COMPLETED,ch_1,2026-03-10,2026-03-10T12:00:00Z\n" +
      "M2,O1,1.000.00,EUR,card,completed,,2026-03-10,2026-03-10T12:00:00Z\n",
  );
  await lake.run("+silver.order_items");
  await lake.run("+silver.payments");
  expect(
    await lake.rows(silver.order_items, "order_item_id", "quantity", "unit_price", "amount", "updated_at"),
  ).toEqual([
    {
      order_item_id: "I1",
      quantity: 2,
      unit_price: "9.99",
      amount: "19.98",
      updated_at: "2026-03-10T12:00:00Z",
    },
    {
      order_item_id: "I2",
      quantity: 1,
      unit_price: "5.01",
      amount: "4.51",
      updated_at: "2026-03-10T11:00:00Z",
    },
  ]);
  expect(await lake.rows(silver.payments, "payment_id", "amount", "currency")).toEqual([
    { payment_id: "M1", amount: "24.49", currency: "EUR" },
  ]);
  expect(await lake.rows(silver.rejected_rows, "table_name", "source_row", "reasons")).toEqual([
    { table_name: "silver.order_items", source_row: 3, reasons: ["malformed line"] },
    { table_name: "silver.order_items", source_row: 4, reasons: ["malformed line"] },
    { table_name: "silver.payments", source_row: 3, reasons: ["amount is not an amount"] },
  ]);
});
