import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import { lakehouse, step, type Lakehouse, type Upstream } from "./harness.ts";

const march = "2026-03-20T09:00:00Z";

/** Runs the step after each of these, and proves that a run from the beginning gives the same rows. */
async function arriving(...rounds: Upstream[]): Promise<Lakehouse> {
  const lake = await lakehouse();
  for (const round of rounds) {
    await lake.given(round);
    await lake.run("silver.refunds");
  }
  const before = await lake.contents(silver.refunds);
  await lake.run("silver.refunds", { full: true });
  expect(await lake.contents(silver.refunds)).toEqual(before);
  return lake;
}

const refundsOf = (lake: Lakehouse) =>
  lake.rows(silver.refunds, "refund_id", "order_id", "payment_id", "amount", "refund_date", "source");

const card = { payment_id: "M1", order_id: "O1", transaction_id: "ch_1" };
const ofCard = { refund_id: "re_1", order_id: "O1", payment_id: "M1", source: "stripe" };

describe("what Stripe knows", () => {
  it.for([
    ["charge", { transaction_id: "ch_1" }, {}, {}],
    ["payment intent", { transaction_id: "pi_1" }, { payment_intent_id: "pi_1" }, {}],
    [
      "payment intent, which the refund alone names",
      { transaction_id: "pi_1" },
      { payment_intent_id: "pi_1" },
      { charge_id: null, payment_intent_id: "pi_1" },
    ],
  ] as const)(
    "a refund counts with its own amount and time: by the %s",
    async ([, payment, charge, refund]) => {
      const lake = await arriving({
        "silver.orders_clean": [{ order_id: "O1" }],
        "silver.payments": [{ ...card, ...payment, payment_status: "partially_refunded" }],
        "silver.stripe_charges": [charge],
        "silver.stripe_refunds": [
          { amount: "4.00", created_at: march, reason: "requested_by_customer", ...refund },
        ],
      });
      expect(await refundsOf(lake)).toEqual([{ ...ofCard, amount: "4.00", refund_date: "2026-03-20" }]);
    },
  );

  it("a charge that no payment names is found by its order, and its payment is not counted again", async () => {
    const lake = await arriving({
      "silver.payments": [{ payment_id: "M1", transaction_id: "0815", payment_status: "refunded" }],
      "silver.stripe_charges": [{ order_id: "O1" }],
      "silver.stripe_refunds": [{ amount: "4.00", created_at: march }],
    });
    expect(await refundsOf(lake)).toEqual([
      { ...ofCard, payment_id: null, amount: "4.00", refund_date: "2026-03-20" },
    ]);
  });

  it.for(["pending", "failed", "canceled", "requires_action"] as const)(
    "a refund that is %s does not count",
    async (status) => {
      const lake = await arriving({
        "silver.payments": [{ ...card, payment_status: "refunded" }],
        "silver.stripe_charges": [{}],
        "silver.stripe_refunds": [{ status }],
      });
      expect(await refundsOf(lake)).toEqual([]);
    },
  );

  it("two refunds of one charge are two, and one that fails later goes", async () => {
    const lake = await arriving(
      {
        "silver.payments": [card],
        "silver.stripe_charges": [{}],
        "silver.stripe_refunds": [{ amount: "1.00" }, { refund_id: "re_2", amount: "2.00" }],
      },
      { "silver.stripe_refunds": [{ amount: "1.00", status: "failed" }] },
    );
    expect(await refundsOf(lake)).toMatchObject([{ refund_id: "re_2", amount: "2.00", order_id: "O1" }]);
  });

  it("a refund of which nothing is known belongs to the order Unknown, until its payment comes", async () => {
    const lake = await lakehouse();
    await lake.given({ "silver.stripe_refunds": [{ amount: "4.00" }] });
    await lake.run("silver.refunds");
    expect(await refundsOf(lake)).toMatchObject([{ order_id: "Unknown", payment_id: null }]);
    await lake.given({ "silver.payments": [{ ...card, payment_status: "refunded" }] });
    await lake.run("silver.refunds");
    expect(await refundsOf(lake)).toMatchObject([ofCard]);
  });

  it("a charge that comes after its refund says whose it was", async () => {
    const lake = await arriving(
      { "silver.stripe_refunds": [{ amount: "4.00" }] },
      { "silver.stripe_charges": [{ order_id: "O7" }] },
    );
    expect(await refundsOf(lake)).toMatchObject([{ refund_id: "re_1", order_id: "O7" }]);
  });
});

describe("what only the shop knows", () => {
  const transfer = { payment_id: "M2", order_id: "O1", transaction_id: "SEPA-1", amount: "6.00" };

  it("a refunded payment is a refund of its whole amount, when it last changed", async () => {
    const lake = await arriving({
      "silver.payments": [{ ...transfer, payment_status: "refunded", currency: "GBP", updated_at: march }],
    });
    expect(await lake.rows(silver.refunds)).toEqual([
      {
        refund_id: "payment:M2",
        order_id: "O1",
        payment_id: "M2",
        amount: "6.00",
        currency: "GBP",
        refunded_at: march,
        refund_date: "2026-03-20",
        reason: null,
        source: "payment",
      },
    ]);
  });

  it("half by card and half by transfer: each half by its own rule", async () => {
    const lake = await arriving({
      "silver.payments": [
        { ...card, payment_status: "refunded", amount: "4.00" },
        { ...transfer, payment_status: "refunded", updated_at: march },
      ],
      "silver.stripe_charges": [{ order_id: "O1", amount: "4.00" }],
      "silver.stripe_refunds": [{ amount: "3.00", created_at: march }],
    });
    expect(await refundsOf(lake)).toMatchObject([
      { refund_id: "payment:M2", amount: "6.00", source: "payment" },
      { refund_id: "re_1", amount: "3.00", source: "stripe" },
    ]);
  });

  it("a transfer is not taken for a charge of another amount whose payment never arrived", async () => {
    const lake = await arriving({
      "silver.payments": [{ ...transfer, payment_status: "refunded" }],
      "silver.stripe_charges": [{ order_id: "O1", amount: "4.00" }],
    });
    expect(await refundsOf(lake)).toMatchObject([{ refund_id: "payment:M2", amount: "6.00" }]);
  });

  it("a payment that turns out to be Stripe's is replaced by Stripe's refunds", async () => {
    const lake = await arriving(
      { "silver.payments": [{ ...card, payment_status: "refunded" }] },
      { "silver.stripe_charges": [{}], "silver.stripe_refunds": [{ amount: "4.00" }] },
    );
    expect(await refundsOf(lake)).toMatchObject([{ refund_id: "re_1", amount: "4.00" }]);
  });

  it("a payment that is no longer refunded leaves none, and a later change moves the day", async () => {
    const refunded = { ...transfer, payment_status: "refunded" as const };
    const moved = await arriving(
      { "silver.payments": [refunded] },
      { "silver.payments": [{ ...refunded, updated_at: march }] },
    );
    expect(await refundsOf(moved)).toMatchObject([{ refund_date: "2026-03-20" }]);
    const gone = await arriving({ "silver.payments": [refunded] }, { "silver.payments": [{ ...transfer }] });
    expect(await refundsOf(gone)).toEqual([]);
  });

  it("a payment given back in part is no refund, and a check names it; at Stripe it is known", async () => {
    const part = await step("silver.refunds", {
      "silver.payments": [
        { ...transfer, payment_status: "partially_refunded" },
        { ...card, payment_status: "partially_refunded" },
      ],
      "silver.stripe_charges": [{}],
    });
    expect(await part.rows(silver.refunds)).toEqual([]);
    expect(
      part.outcome.check("payments given back in part, of which nobody says how much").message,
    ).toContain("M2");
  });

  it("a refunded order without any payment is its own refund", async () => {
    const lake = await arriving({
      "silver.orders_clean": [
        { order_id: "O1", status: "refunded", total_amount: "25.00", updated_at: march },
        { order_id: "O2" },
      ],
    });
    expect(await refundsOf(lake)).toEqual([
      {
        refund_id: "order:O1",
        order_id: "O1",
        payment_id: null,
        amount: "25.00",
        refund_date: "2026-03-20",
        source: "order",
      },
    ]);
  });

  it("of an order that gets a payment or a charge only these count", async () => {
    const order = {
      "silver.orders_clean": [{ order_id: "O1", status: "refunded" as const, total_amount: "25.00" }],
    };
    const paid = await arriving(order, {
      "silver.payments": [{ ...transfer, payment_status: "completed" as const }],
    });
    expect(await refundsOf(paid)).toEqual([]);
    const charged = await arriving(order, { "silver.stripe_charges": [{ order_id: "O1" }] });
    expect(await refundsOf(charged)).toEqual([]);
  });

  it("an order that is completed again leaves none", async () => {
    const lake = await arriving(
      { "silver.orders_clean": [{ order_id: "O1", status: "refunded" }] },
      { "silver.orders_clean": [{ order_id: "O1", status: "completed" }] },
    );
    expect(await refundsOf(lake)).toEqual([]);
  });

  it("numbers of payments and orders that are the same stay apart", async () => {
    const lake = await arriving({
      "silver.orders_clean": [{ order_id: "1", status: "refunded" }],
      "silver.payments": [
        { payment_id: "1", order_id: "2", transaction_id: null, payment_status: "refunded" },
      ],
    });
    expect((await refundsOf(lake)).map(({ refund_id }) => refund_id)).toEqual(["order:1", "payment:1"]);
  });
});

it("a shop with nothing but orders gets no warning of what it never sent", async () => {
  const given = await step("silver.refunds", {
    "silver.orders_clean": [{ order_id: "O1", status: "refunded" }, { order_id: "O2" }],
  });
  expect(given.outcome.warnings).toEqual([]);
});

it("a run without anything new writes nothing", async () => {
  const lake = await lakehouse();
  await lake.given({
    "silver.orders_clean": [{ order_id: "O1", status: "refunded" }],
    "silver.payments": [{ ...card, order_id: "O3", payment_status: "refunded" }],
    "silver.stripe_charges": [{}],
    "silver.stripe_refunds": [{}],
  });
  expect((await lake.run("silver.refunds")).step("silver.refunds")).toMatchObject({ out: 2 });
  expect((await lake.run("silver.refunds")).step("silver.refunds")).toMatchObject({ in: 0, out: 0 });
});
