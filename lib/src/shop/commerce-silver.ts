import {
  bigint,
  boolean,
  date,
  decimal,
  happened,
  int,
  money,
  oneOf,
  text,
  timestamp,
  units,
} from "../contracts/columns.js";
import { table } from "../contracts/table.js";
import { byLog, change_lsn, name, origin, words } from "./origin.js";

/** The states of a payment. What counts as paid: completed, refunded and partially_refunded. */
export const paymentStatus = [
  "pending",
  "completed",
  "failed",
  "cancelled",
  "refunded",
  "partially_refunded",
] as const;

/** Who says that money was given back. */
export const refundSource = ["stripe", "dispute", "payment", "order"] as const;

const internal = { tags: { sensitivity: "internal" } };
/** Of what arrives in files: two rows of one key are compared by their change, then by the file that was loaded later. */
const byChange = {
  newest: ["updated_at", "source_load", "source_file", "source_row"],
  auditColumns: ["source_load"],
  ...internal,
} as const;
/** Of things that carry no time of their change: the file loaded later is the newer. */
const byLoad = {
  newest: ["source_load", "source_file", "source_row"],
  auditColumns: ["source_load"],
  ...internal,
} as const;

const ofSettings = "Code of three letters. An empty one is the orders' own currency of the settings.";
const currency = (comment: string) => text(comment, { longest: 3 });

/** DECIMAL(12,2) that may be below 0. */
const signed = (comment: string) =>
  decimal(12, 2, comment, { from: -9_999_999_999.99, to: 9_999_999_999.99 });

export const order_items = table(
  "silver.order_items",
  "One row per line of an order: the latest version by updated_at, typed and validated. An order without any is its own line.",
  {
    order_item_id: text("The shop's number of this line.", name),
    order_id: text("The order it belongs to.", name),
    product_id: text("What was ordered. Null when the shop did not say.", name).nullable(),
    quantity: int("Units ordered. An empty quantity counts as 1.", units),
    unit_price: money("Price of one unit on that day."),
    discount: money("What is taken off the line. An empty discount counts as 0."),
    amount: money("quantity × unit_price − discount as they were given, rounded to the cent."),
    updated_at: timestamp("When the shop last changed the line, UTC.", happened),
    ...origin,
    change_lsn,
  },
  {
    key: ["order_item_id"],
    order: byLog,
    ...byChange,
    tracks: ["order_id", "product_id", "quantity", "unit_price", "discount", "amount"],
    references: {
      order_id: "silver.orders_clean.order_id",
      product_id: "silver.dim_products.product_id",
    },
  },
);

export const payments = table(
  "silver.payments",
  "One row per payment: the latest version by updated_at, typed and validated.",
  {
    payment_id: text("The shop's number of this payment.", name),
    order_id: text("The order it pays for. Null when the shop did not say.", name).nullable(),
    amount: money("The amount, in its currency."),
    currency: currency(ofSettings),
    payment_method: text("card, paypal, transfer and others.", words).nullable(),
    payment_status: oneOf(paymentStatus, "State of the payment."),
    transaction_id: text(
      "The payment service's number: at Stripe the charge's or the payment intent's.",
      name,
    ).nullable(),
    payment_date: timestamp("When it was paid, UTC.", happened),
    updated_at: timestamp("When the shop last changed the payment, UTC.", happened),
    ...origin,
    change_lsn,
  },
  {
    key: ["payment_id"],
    order: byLog,
    ...byChange,
    tracks: [
      "order_id",
      "amount",
      "currency",
      "payment_status",
      "transaction_id",
      "payment_date",
      "updated_at",
    ],
    references: { order_id: "silver.orders_clean.order_id" },
  },
);

export const refunds = table(
  "silver.refunds",
  "One row per refund: what Stripe gave back or lost to a dispute, else what a payment says, else what an order without any payment says.",
  {
    refund_id: text(
      "Stripe's number of the refund or of the lost dispute, else payment: and the payment's number, else order: and the order's.",
    ),
    order_id: text("The order. Unknown when no payment or charge says whose it was."),
    payment_id: text("The payment that was given back. Null when none is known.").nullable(),
    amount: money("What was given back, in its currency."),
    currency: currency("Code of three letters."),
    refunded_at: timestamp("When it was given back, UTC.", happened),
    refund_date: date("UTC date of refunded_at."),
    reason: text("Why. Null when nobody said.").nullable(),
    source: oneOf(refundSource, "Who says so."),
  },
  {
    key: ["refund_id"],
    tracks: ["order_id", "amount", "currency", "refund_date"],
    references: { order_id: "silver.orders_clean.order_id", payment_id: "silver.payments.payment_id" },
    optionalReferences: ["payment_id"],
    ...internal,
  },
);

export const marketing_spend = table(
  "silver.marketing_spend",
  "What marketing cost per day, channel and campaign: the file loaded last wins.",
  {
    date: date("The day.", happened),
    channel: text("Where the money went, lower case.", name),
    campaign: text(
      "The campaign as utm_campaign names it, lower case; (none) when the shop did not say.",
      name,
    ),
    spend: money("What it cost on that day, in its currency."),
    currency: currency(ofSettings),
    impressions: bigint("How often it was shown.", { from: 0 }).nullable(),
    clicks: bigint("How often it was clicked.", { from: 0 }).nullable(),
    ...origin,
  },
  {
    key: ["date", "channel", "campaign"],
    ...byLoad,
    tracks: ["date", "channel", "campaign", "spend", "currency", "impressions", "clicks"],
  },
);

export const campaigns = table(
  "silver.campaigns",
  "One row per marketing campaign: the file loaded last wins.",
  {
    campaign: text("The campaign as utm_campaign names it, lower case.", name),
    channel: text("The channel it runs on, lower case.", name),
    name: text("Its name for people.", words).nullable(),
    start_date: date("First day.", { from: "1900-01-01" }),
    end_date: date("Last day. Null while it has no end.", { from: "1900-01-01" }).nullable(),
    budget: money("What it may cost in all, in its currency.").nullable(),
    currency: currency(ofSettings),
    ...origin,
  },
  {
    key: ["campaign"],
    ...byLoad,
    tracks: ["campaign", "channel"],
    relations: [{ name: "end_date is not before start_date", holds: "end_date >= start_date" }],
  },
);

export const currency_rates = table(
  "silver.currency_rates",
  "The exchange rate of each day: days without one have the last known rate, and say so.",
  {
    date: date("The day.", happened),
    base: currency("The currency of which one unit is worth `rate` units of quote."),
    quote: currency("The other currency."),
    rate: decimal(18, 8, "How many units of quote one unit of base is worth.", { from: "0.00000001" }),
    known_date: date("The day that this rate was given for: date itself, or an earlier one."),
    is_filled: boolean("Whether the rate is that of an earlier day."),
    valid_until: date(
      "The next row's date. Null for the newest row, which holds for all later days.",
    ).nullable(),
  },
  {
    key: ["date", "base", "quote"],
    tracks: ["date", "base", "quote", "rate"],
    relations: [{ name: "known_date is not after date", holds: "known_date <= date" }],
    ...internal,
  },
);

/** Of what Stripe keeps: which mode it was made in, and where it landed. */
const live = { livemode: boolean("Whether it is real money; false in Stripe's test mode.") };

export const stripe_charges = table(
  "silver.stripe_charges",
  "One row per charge at Stripe, as it was last seen.",
  {
    charge_id: text("Stripe's number of the charge, ch_…", name),
    payment_intent_id: text("The payment intent it belongs to, pi_…", name).nullable(),
    order_id: text("The shop's order, from the charge's metadata.", name).nullable(),
    amount: money("The amount, in its currency."),
    amount_refunded: money("How much of it was given back so far."),
    currency: currency("Code of three letters, upper case."),
    status: oneOf(["succeeded", "pending", "failed"], "State of the charge."),
    balance_transaction_id: text("What it did to the balance, txn_…", name).nullable(),
    created_at: timestamp("When it was made, UTC.", happened),
    ...live,
    ...origin,
  },
  {
    key: ["charge_id"],
    ...byLoad,
    tracks: ["payment_intent_id", "order_id", "amount", "currency", "status", "created_at"],
  },
);

export const stripe_refunds = table(
  "silver.stripe_refunds",
  "One row per refund at Stripe, as it was last seen.",
  {
    refund_id: text("Stripe's number of the refund, re_…", name),
    charge_id: text("The charge it gives back, ch_…", name).nullable(),
    payment_intent_id: text("The payment intent it belongs to, pi_…", name).nullable(),
    amount: money("What is given back, in its currency."),
    currency: currency("Code of three letters, upper case."),
    status: oneOf(["pending", "requires_action", "succeeded", "failed", "canceled"], "State of the refund."),
    reason: text("Why, such as requested_by_customer.", words).nullable(),
    balance_transaction_id: text("What it did to the balance, txn_…", name).nullable(),
    created_at: timestamp("When it was made, UTC.", happened),
    ...live,
    ...origin,
  },
  {
    key: ["refund_id"],
    ...byLoad,
    tracks: ["charge_id", "payment_intent_id", "amount", "currency", "status", "reason", "created_at"],
  },
);

export const stripe_disputes = table(
  "silver.stripe_disputes",
  "One row per dispute at Stripe, as it was last seen: a customer's bank wants a charge back.",
  {
    dispute_id: text("Stripe's number of the dispute, dp_…", name),
    charge_id: text("The disputed charge, ch_…", name).nullable(),
    amount: money("The disputed amount, in its currency."),
    currency: currency("Code of three letters, upper case."),
    status: text("needs_response, under_review, won, lost and others.", name),
    reason: text("Why, such as fraudulent.", words).nullable(),
    created_at: timestamp("When it was made, UTC.", happened),
    ...live,
    ...origin,
  },
  {
    key: ["dispute_id"],
    ...byLoad,
    tracks: ["charge_id", "amount", "currency", "status", "created_at", "reason"],
    references: { charge_id: "silver.stripe_charges.charge_id" },
    optionalReferences: ["charge_id"],
  },
);

export const stripe_balance_transactions = table(
  "silver.stripe_balance_transactions",
  "One row per change of the balance at Stripe, with Stripe's fee, as it was last seen.",
  {
    balance_transaction_id: text("Stripe's number, txn_…", name),
    type: text("charge, refund, adjustment, payout and others.", name),
    source_id: text("The object that caused it: a charge, a refund …", name).nullable(),
    amount: signed("The amount, in its currency; below 0 of what left the balance."),
    fee: signed("Stripe's fee; below 0 of a fee that was given back."),
    net: signed("amount − fee."),
    currency: currency("Code of three letters, upper case."),
    created_at: timestamp("When it was made, UTC.", happened),
    created_date: date("UTC date of created_at."),
    available_on: date("When the money can be paid out, UTC date.").nullable(),
    ...origin,
  },
  {
    key: ["balance_transaction_id"],
    ...byLoad,
    tracks: ["source_id", "fee", "currency", "created_date"],
    relations: [{ name: "net is amount − fee", holds: "net = amount - fee" }],
  },
);
