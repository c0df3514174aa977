/**
 * A random shop with order lines, payments in three currencies, rates and refunds, taken in by several runs, and the same tables computed
 * again from the landed lines by the plainest code: no line of it is shared with the pipeline. RECOMPUTE_SEED=<seed> gives another shop.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

let state = Number(process.env["RECOMPUTE_SEED"] ?? 11);
const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const upTo = (most: number) => Math.floor(random() * most);
const pick = <T>(list: readonly T[]): T => list[upTo(list.length)]!;
const written = (cents: bigint) =>
  `${cents < 0n ? "-" : ""}${(cents < 0n ? -cents : cents) / 100n}.${String((cents < 0n ? -cents : cents) % 100n).padStart(2, "0")}`;
const dayOf = (n: number) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
/** Rounded half up; both are positive. */
const divided = (a: bigint, b: bigint) => (2n * a + b) / (2n * b);
const sum = (amounts: readonly bigint[]) => amounts.reduce((all, one) => all + one, 0n);

interface Order {
  id: string;
  customer: string;
  product: string;
  quantity: number;
  total: bigint;
  at: string;
  status: string;
  updated: string;
}
interface Item {
  id: string;
  order: string;
  product: string;
  quantity: number;
  price: bigint;
  discount: bigint;
}
interface Payment {
  id: string;
  order: string;
  amount: bigint;
  currency: string;
  status: string;
  at: string;
  updated: string;
}

/** What a unit of EUR is worth in DKK from a day on, in hundredths, and of DKK in NOK always: no amount falls upon half a cent. */
const kroner = [
  { from: dayOf(20), rate: 746n },
  { from: dayOf(60), rate: 754n },
  { from: dayOf(90), rate: 738n },
];
const norwegian = 150n;

function inEuros(amount: bigint, currency: string, day: string): bigint {
  if (currency === "EUR") return amount;
  const { rate } = kroner.findLast(({ from }) => from <= day) ?? kroner[0]!;
  return currency === "DKK" ? divided(amount * 100n, rate) : divided(amount * 10_000n, rate * norwegian);
}

const instant = (day: number) => `${dayOf(day)}T${String(upTo(24)).padStart(2, "0")}:${10 + upTo(50)}:00Z`;

function newShop() {
  const orders: Order[] = [];
  const items: Item[] = [];
  const payments: Payment[] = [];
  for (let n = 0; n < 400; n++) {
    const id = `O${n}`;
    const at = instant(upTo(120));
    const own = Array.from({ length: pick([0, 0, 1, 2, 3, 7]) }, (_, index): Item => {
      const [quantity, price] = [1 + upTo(3), BigInt(pick([0, 333, 1999, upTo(20_000)]))];
      const discount = random() < 0.3 ? BigInt(upTo(Number(price) + 1)) : 0n;
      return { id: `I${n}-${index}`, order: id, product: `P${upTo(9)}`, quantity, price, discount };
    });
    const adding = sum(own.map(({ quantity, price, discount }) => BigInt(quantity) * price - discount));
    const total = own.length > 0 ? adding + BigInt(pick([0, 0, 0, 499, 1])) : BigInt(upTo(30_000));
    const status = pick(["completed", "completed", "completed", "pending", "cancelled", "refunded"]);
    orders.push({
      id,
      customer: pick(["", `C${upTo(90)}`]),
      product: own.length > 0 ? "" : `P${upTo(9)}`,
      quantity: 1 + upTo(4),
      total,
      at,
      status,
      updated: instant(121 + upTo(30)),
    });
    items.push(...own);
    for (let part = pick([0, 1, 1, 2]); part > 0; part--)
      payments.push({
        id: `M${n}-${part}`,
        order: id,
        amount: total,
        currency: pick(["EUR", "EUR", "DKK", "NOK"]),
        status: pick(["completed", "completed", "refunded", "failed", "pending"]),
        at: instant(upTo(120)),
        updated: instant(121 + upTo(60)),
      });
  }
  return { orders, items, payments };
}
type Shop = ReturnType<typeof newShop>;

function recompute({ orders, items, payments }: Shop) {
  const currencyOf = (id: string) =>
    payments
      .filter(({ order, status }) => order === id && status !== "failed")
      .toSorted((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at < b.at ? -1 : 1))[0]?.currency ??
    "EUR";
  const lines = orders.flatMap((order) => {
    const { id, total, at, status } = order;
    const [day, currency] = [at.slice(0, 10), currencyOf(id)];
    const own = items
      .filter((item) => item.order === id)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((item) => ({ ...item, amount: BigInt(item.quantity) * item.price - item.discount }));
    const adding = sum(own.map(({ amount }) => amount));
    const weights = own.map(({ amount }) => (adding === 0n ? 1n : amount));
    const whole = sum(weights);
    const reached = (count: number) => divided(total * sum(weights.slice(0, count)), whole);
    const parts =
      own.length > 0
        ? own.map((item, n) => ({ ...item, line: item.id, share: reached(n + 1) - reached(n) }))
        : [{ ...order, line: id, discount: 0n, share: total }];
    return parts.map(({ line, product, quantity, discount, share }) => {
      const worth = inEuros(share, currency, day);
      const off = inEuros(discount, currency, day);
      return { line, order, id, product, day, status, quantity, share, discount, currency, worth, off };
    });
  });
  const refunds = [
    ...payments
      .filter(({ status }) => status === "refunded")
      .map(({ order, amount, currency, updated }) => ({
        order,
        amount,
        currency,
        day: updated.slice(0, 10),
      })),
    ...orders
      .filter(({ id, status }) => status === "refunded" && !payments.some(({ order }) => order === id))
      .map(({ id, total, updated }) => ({
        order: id,
        amount: total,
        currency: "EUR",
        day: updated.slice(0, 10),
      })),
  ];
  const isFirst = (order: Order) =>
    order.status === "completed" &&
    order.customer !== "" &&
    !orders.some(
      ({ customer, status, at, id }) =>
        customer === order.customer &&
        status === "completed" &&
        (at < order.at || (at === order.at && id < order.id)),
    );
  const days = new Map<string, { orders: Set<string>; parts: bigint[]; inEuros: bigint[] }>();
  const day = (date: string, currency: string) => {
    const key = `${date}|${currency}`;
    if (!days.has(key)) days.set(key, { orders: new Set(), parts: [0n, 0n, 0n], inEuros: [0n, 0n, 0n] });
    return days.get(key)!;
  };
  const add = (to: bigint[], amounts: readonly bigint[]) =>
    amounts.forEach((amount, n) => (to[n]! += amount));
  for (const line of lines) {
    if (line.status !== "completed" && line.status !== "refunded") continue;
    const at = day(line.day, line.currency);
    at.orders.add(line.id);
    add(at.parts, [line.share + line.discount, line.discount, 0n]);
    add(at.inEuros, [line.worth + line.off, line.off, 0n]);
  }
  for (const refund of refunds) {
    const at = day(refund.day, refund.currency);
    add(at.parts, [0n, 0n, refund.amount]);
    add(at.inEuros, [0n, 0n, inEuros(refund.amount, refund.currency, refund.day)]);
  }
  const sold = lines.filter(({ status }) => status === "completed");
  const sales = new Set(sold.map(({ day: date }) => date));
  return {
    lines: lines.map((line) =>
      [
        line.line,
        line.id,
        line.product,
        line.day,
        line.status,
        line.quantity,
        ...[line.share + line.discount, line.discount, line.share].map(written),
        line.currency,
        ...[line.worth + line.off, line.worth].map(written),
      ].join("|"),
    ),
    orders: orders.map((order) => {
      const own = lines.filter(({ id }) => id === order.id);
      const { currency } = own[0]!;
      const of = (some: readonly { order: string; currency: string; amount: bigint }[]) =>
        sum(
          some
            .filter((one) => one.order === order.id && one.currency === currency)
            .map(({ amount }) => amount),
        );
      return [
        order.id,
        isFirst(order),
        own.length,
        own.reduce((all, { quantity }) => all + quantity, 0),
        written(order.total),
        written(of(payments.filter(({ status }) => status === "completed" || status === "refunded"))),
        written(of(refunds)),
        currency,
        written(sum(own.map(({ worth }) => worth))),
      ].join("|");
    }),
    revenue: [...days].map(([key, { orders: of, parts, inEuros: euros }]) => {
      const net = ([gross, discount, refund]: readonly bigint[]) => gross! - discount! - refund!;
      return [key, of.size, ...parts.map(written), written(net(parts)), written(net(euros))].join("|");
    }),
    daily: [...sales].map((date) => {
      const same = sold.filter((line) => line.day === date);
      return [
        date,
        written(sum(same.map(({ worth }) => worth))),
        new Set(same.map(({ id }) => id)).size,
      ].join("|");
    }),
  };
}

const csv = (header: string, rows: readonly (readonly unknown[])[]) =>
  `${[header, ...rows.map((row) => row.join(","))].join("\n")}\n`;
const orderRows = (orders: readonly Order[]) =>
  csv(
    "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at",
    orders.map((one) => [
      one.id,
      one.customer,
      one.product,
      one.quantity,
      "",
      written(one.total),
      one.at,
      one.status,
      one.updated,
    ]),
  );
const itemRows = (items: readonly Item[]) =>
  csv(
    "order_item_id,order_id,product_id,quantity,unit_price,discount,updated_at",
    items.map((one) => [
      one.id,
      one.order,
      one.product,
      one.quantity,
      written(one.price),
      written(one.discount),
      `${dayOf(121)}T00:00:00Z`,
    ]),
  );
const paymentRows = (payments: readonly Payment[]) =>
  csv(
    "payment_id,order_id,amount,currency,payment_method,payment_status,transaction_id,payment_date,updated_at",
    payments.map((one) => [
      one.id,
      one.order,
      written(one.amount),
      one.currency,
      "paypal",
      one.status,
      "",
      one.at,
      one.updated,
    ]),
  );

describe("a random shop with order lines and three currencies", () => {
  let lake: Lakehouse;
  let expected: ReturnType<typeof recompute>;

  beforeAll(async () => {
    lake = await lakehouse();
    const shop = newShop();
    // First everything is pending and the lines of half the orders are missing; then come the rest, payments, and rates, bit by bit.
    const early = shop.orders.map((order) => ({
      ...order,
      status: "pending",
      updated: `${dayOf(120)}T00:00:00Z`,
    }));
    await lake.land("orders/1.csv", orderRows(early));
    await lake.land("order_items/1.csv", itemRows(shop.items.filter((_, n) => n % 2 === 0)));
    await lake.land(
      "payments/1.csv",
      paymentRows(shop.payments.map((one) => ({ ...one, status: "pending", updated: one.at }))),
    );
    const rates = (some: readonly (typeof kroner)[number][]) =>
      csv("date,base,quote,rate", [
        ...some.map(({ from, rate }) => [from, "EUR", "DKK", written(rate)]),
        [dayOf(0), "DKK", "NOK", written(norwegian)],
      ]);
    await lake.land("currency_rates/1.csv", rates(kroner.slice(0, 1)));
    succeeded(await lake.shopmetrics("run --quiet"));
    await lake.land("orders/2.csv", orderRows(shop.orders.slice(0, 250)));
    await lake.land("order_items/2.csv", itemRows(shop.items.filter((_, n) => n % 2 === 1)));
    await lake.land("currency_rates/2.csv", rates(kroner.slice(2)));
    succeeded(await lake.shopmetrics("run --quiet"));
    await lake.land("orders/3.csv", orderRows(shop.orders.slice(250)));
    await lake.land("payments/2.csv", paymentRows(shop.payments));
    await lake.land("currency_rates/3.csv", rates(kroner.slice(1, 2)));
    succeeded(await lake.shopmetrics("run --quiet"));
    expected = recompute(shop);
  });

  it.each([
    [
      "lines",
      `select concat_ws('|', line_id, order_id, product_id, date, status, quantity, gross_amount, discount_amount, amount, currency,
         gross_reporting, amount_reporting) from gold.fct_order_items`,
    ],
    [
      "orders",
      `select concat_ws('|', order_id, is_first_order, line_count, units, total_amount, paid_amount, refunded_amount, currency,
         total_reporting) from gold.fct_orders`,
    ],
    [
      "revenue",
      "select concat_ws('|', date, currency, order_count, gross, discount, refund, net, net_reporting) from gold.fct_daily_revenue",
    ],
    ["daily", "select concat_ws('|', date, revenue, order_count) from gold.daily_sales_summary"],
  ] as const)("has the %s that plain code computes from the landed lines", async (name, sql) => {
    const found = (await query(lake, sql)).map((row) => String(Object.values(row)[0])).toSorted();
    expect(found).toEqual(expected[name].toSorted());
    expect(found.length).toBeGreaterThan(50);
  });
});
