import { exported, given } from "./exported.js";

export const order_items_raw = exported("order_items", {
  order_item_id: given("The shop's number of this line."),
  order_id: given("The order it belongs to."),
  product_id: given("What was ordered."),
  quantity: given("How many units."),
  unit_price: given("Price of one unit."),
  discount: given("What is taken off the line, as an amount."),
  updated_at: given("When the shop last changed this line, ISO instant."),
});

export const payments_raw = exported("payments", {
  payment_id: given("The shop's number of this payment."),
  order_id: given("The order it pays for."),
  amount: given("The amount paid."),
  currency: given("Code of three letters, such as EUR."),
  payment_method: given("card, paypal, transfer and others."),
  payment_status: given("pending, completed, failed, cancelled, refunded or partially_refunded."),
  transaction_id: given(
    "The number that the payment service gave it: at Stripe the charge's or the payment intent's.",
  ),
  payment_date: given("When it was paid, ISO instant or date."),
  updated_at: given("When the shop last changed this payment, ISO instant."),
});

export const marketing_spend_raw = exported("marketing_spend", {
  date: given("The day, ISO date."),
  channel: given("Where the money went: paid, social, email, referral …"),
  campaign: given("The campaign, as utm_campaign names it."),
  spend: given("What it cost on that day."),
  currency: given("Code of three letters, such as EUR."),
  impressions: given("How often it was shown."),
  clicks: given("How often it was clicked."),
});

export const campaigns_raw = exported("campaigns", {
  campaign: given("The campaign, as utm_campaign names it."),
  channel: given("The channel it runs on."),
  name: given("Its name for people."),
  start_date: given("First day, ISO date."),
  end_date: given("Last day, ISO date; empty while it has no end."),
  budget: given("What it may cost in all."),
  currency: given("Code of three letters, such as EUR."),
});

export const currency_rates_raw = exported("currency_rates", {
  date: given("The day, ISO date."),
  base: given("The currency of which one unit is worth `rate` units of `quote`."),
  quote: given("The other currency."),
  rate: given("How many units of quote one unit of base is worth."),
});

/** An object of Stripe's API: its fields flattened as text, and the whole object. A changed object is a further row. */
const whole = {
  livemode: given("true of real money, false of Stripe's test mode."),
  value: given(
    "The whole object as JSON, as Stripe sent it, but for the receipt's link, which is another each time.",
  ),
};

export const stripe_charges_raw = exported(
  "stripe_charges",
  {
    charge_id: given("Stripe's number of the charge, ch_…"),
    payment_intent_id: given("The payment intent it belongs to, pi_…"),
    order_id: given("The shop's order, from the charge's metadata.order_id."),
    amount: given("In the currency's smallest unit: cents."),
    amount_refunded: given("How much of it was given back so far, in the smallest unit."),
    currency: given("Code of three letters, lower case."),
    status: given("succeeded, pending or failed."),
    balance_transaction_id: given("What it did to the balance, txn_…"),
    created: given("When it was made, in seconds since 1970."),
    ...whole,
  },
  { personal: ["value"], personBy: { column: "order_id", is: "silver.orders_clean.order_id" } },
);

export const stripe_refunds_raw = exported("stripe_refunds", {
  refund_id: given("Stripe's number of the refund, re_…"),
  charge_id: given("The charge it gives back, ch_…"),
  payment_intent_id: given("The payment intent it belongs to, pi_…"),
  amount: given("In the currency's smallest unit: cents."),
  currency: given("Code of three letters, lower case."),
  status: given("pending, requires_action, succeeded, failed or canceled."),
  reason: given("Why, such as requested_by_customer."),
  balance_transaction_id: given("What it did to the balance, txn_…"),
  created: given("When it was made, in seconds since 1970."),
  ...whole,
});

export const stripe_disputes_raw = exported(
  "stripe_disputes",
  {
    dispute_id: given("Stripe's number of the dispute, dp_…"),
    charge_id: given("The charge that the customer's bank disputes, ch_…"),
    amount: given("In the currency's smallest unit: cents."),
    currency: given("Code of three letters, lower case."),
    status: given("needs_response, under_review, won, lost and others."),
    reason: given("Why, such as fraudulent."),
    created: given("When it was made, in seconds since 1970."),
    ...whole,
  },
  { personal: ["value"], personBy: { column: "charge_id", is: "bronze.stripe_charges_raw.charge_id" } },
);

export const stripe_balance_transactions_raw = exported("stripe_balance_transactions", {
  balance_transaction_id: given("Stripe's number, txn_…"),
  type: given("charge, refund, adjustment, payout and others."),
  source_id: given("The object that caused it: a charge, a refund …"),
  amount: given("In the currency's smallest unit; below 0 of what left the balance."),
  fee: given("Stripe's fee, in the smallest unit."),
  net: given("amount − fee, in the smallest unit."),
  currency: given("Code of three letters, lower case."),
  created: given("When it was made, in seconds since 1970."),
  available_on: given("When the money can be paid out, in seconds since 1970."),
  value: given("The whole object as JSON, as Stripe sent it."),
});
