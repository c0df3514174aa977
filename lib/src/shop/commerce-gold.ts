import {
  bigint,
  boolean,
  date,
  decimal,
  happened,
  int,
  oneOf,
  text,
  timestamp,
  total,
} from "../contracts/columns.js";
import { table } from "../contracts/table.js";
import { orderStatus } from "./order-status.js";
import { gold, updatedAt } from "./updated-at.js";

/** DECIMAL(18,2) that may be below 0. */
const balance = (comment: string) => decimal(18, 2, comment);

const inReporting = "in the reporting currency. Null while no exchange rate is known.";

export const dim_date = table(
  "gold.dim_date",
  "The calendar: one row per day of 2000 to 2040, and of the other years in which somebody ordered.",
  {
    date: date("The day."),
    year: int("Calendar year."),
    quarter: int("Quarter of the calendar year.", { from: 1, to: 4 }),
    month: int("Month of the year.", { from: 1, to: 12 }),
    day: int("Day of the month.", { from: 1, to: 31 }),
    month_name: text("January to December."),
    month_start: date("First day of the month."),
    quarter_start: date("First day of the quarter."),
    week: int("Week by ISO 8601.", { from: 1, to: 53 }),
    week_year: int("Year that the ISO week belongs to."),
    week_start: date("Monday of the week."),
    weekday: int("Monday is 1, Sunday 7.", { from: 1, to: 7 }),
    weekday_name: text("Monday to Sunday."),
    is_weekend: boolean("Saturday or Sunday."),
    holiday: text("Name of the public holiday in the settings' country. Null on other days.").nullable(),
    fiscal_year: int("The fiscal year, named by the calendar year in which it ends."),
    fiscal_quarter: int("Quarter of the fiscal year.", { from: 1, to: 4 }),
    ...updatedAt,
  },
  { ...gold, key: ["date"] },
);

export const fct_order_items = table(
  "gold.fct_order_items",
  "One row per line of an order. An order without lines is its own line. The lines of an order add up to its total, to the cent.",
  {
    line_id: text("The line's number; of an order without lines, the order's."),
    order_id: text("The order."),
    order_item_id: text("The shop's number of the line. Null when the order is its own line.").nullable(),
    product_id: text("What was ordered. Null when the shop did not say.").nullable(),
    customer_id: text("Who ordered. Null when the shop did not say.").nullable(),
    customer_key: text("The customer's version at the time. Null while the customer is unknown.").nullable(),
    date: date("UTC date of the order.", happened),
    status: oneOf(orderStatus, "State of the order."),
    quantity: int("Units."),
    unit_price: decimal(12, 2, "Price of one unit.").nullable(),
    gross_amount: total("amount + discount_amount."),
    discount_amount: total("What was taken off the line."),
    amount: total(
      "The line's share of the order's total, by the lines' own amounts: where they do not add up to the total, shipping or a " +
        "rebate is spread over them.",
    ),
    currency: text("The order's currency: that of its payments, else that of the settings."),
    gross_reporting: total("amount_reporting + discount_reporting.").nullable(),
    discount_reporting: total(`discount_amount ${inReporting}`).nullable(),
    amount_reporting: total(`amount ${inReporting}`).nullable(),
    ...updatedAt,
  },
  {
    ...gold,
    key: ["line_id", "order_id"],
    person: "customer_id",
    tracks: [
      "order_id",
      "product_id",
      "customer_id",
      "customer_key",
      "date",
      "status",
      "quantity",
      "gross_amount",
      "amount",
      "currency",
      "gross_reporting",
      "amount_reporting",
    ],
    references: {
      customer_key: "silver.dim_customers.surrogate_key",
      product_id: "silver.dim_products.product_id",
      date: "gold.dim_date.date",
    },
    clusterBy: ["date"],
  },
);

export const fct_orders = table(
  "gold.fct_orders",
  "One row per order, with what was paid and given back.",
  {
    order_id: text("The order."),
    customer_id: text("Who ordered. Null when the shop did not say.").nullable(),
    customer_key: text("The customer's version at the time. Null while the customer is unknown.").nullable(),
    date: date("UTC date of the order.", happened),
    ordered_at: timestamp("When it was placed, UTC.", happened),
    status: oneOf(orderStatus, "State of the order."),
    is_first_order: boolean("Whether it is the customer's first completed order."),
    line_count: int("Lines; 1 when the order is its own line.", { from: 1 }),
    units: bigint("Units of all lines.", { from: 0 }),
    gross_amount: total("total_amount + discount_amount."),
    discount_amount: total("What was taken off the lines."),
    total_amount: total("What the customer pays."),
    paid_amount: total("Sum of its payments in its currency that were made, also of those given back later."),
    refunded_amount: total("Sum of its refunds in its currency."),
    currency: text("The order's currency: that of its payments, else that of the settings."),
    total_reporting: total(`Sum of the lines' amounts, ${inReporting}`).nullable(),
    ...updatedAt,
  },
  {
    ...gold,
    key: ["order_id"],
    person: "customer_id",
    tracks: ["customer_id", "date", "status", "is_first_order", "total_reporting"],
    references: { customer_key: "silver.dim_customers.surrogate_key", date: "gold.dim_date.date" },
    clusterBy: ["date"],
  },
);

export const fct_daily_revenue = table(
  "gold.fct_daily_revenue",
  "From gross to net, per day and currency: what was sold on the day, given back on the day, and what the payment service took.",
  {
    date: date("UTC date: of the orders, of the refunds, of the fees.", happened),
    currency: text("The currency of the amounts."),
    order_count: bigint("Orders sold: completed, or refunded since.", { from: 0 }),
    gross: total("Their amounts before discounts."),
    discount: total("What was taken off."),
    refund: total("What was given back on this day, of orders of any day."),
    fee: balance("What the payment service took on this day; below 0 when it gave back more than it took."),
    net: balance("gross − discount − refund − fee."),
    gross_reporting: total(`gross ${inReporting}`).nullable(),
    discount_reporting: total(`discount ${inReporting}`).nullable(),
    refund_reporting: total(`refund ${inReporting}`).nullable(),
    fee_reporting: balance(`fee ${inReporting}`).nullable(),
    net_reporting: balance(`net ${inReporting}`).nullable(),
    ...updatedAt,
  },
  {
    ...gold,
    key: ["date", "currency"],
    references: { date: "gold.dim_date.date" },
    relations: [
      { name: "net is gross − discount − refund − fee", holds: "net = gross - discount - refund - fee" },
    ],
    clusterBy: ["date"],
  },
);

/** A part of 1: how much of an order a visit is credited with. */
const share = (comment: string) => decimal(9, 6, comment, { from: 0, to: 1 });

export const order_touches = table(
  "gold.order_touches",
  "The visits that led to an order: those of the same visitor in the 30 days before it, with the share that each model credits.",
  {
    order_id: text("The order, as the purchase in the clickstream names it."),
    touch: int("1 is the first visit.", { from: 1 }),
    date: date("UTC date of the purchase.", happened),
    session_start: timestamp("When the visit began, UTC."),
    channel: text("What led here: the campaign's channel, else the visit's own."),
    campaign: text("The campaign; (none) of a visit without one."),
    first_share: share("1 for the first visit, 0 for others."),
    last_share: share("1 for the last visit, 0 for others."),
    linear_share: share(
      "The same for each visit; the last one takes what rounding leaves, so they add up to 1.",
    ),
    is_new_customer: boolean("Whether it is the customer's first completed order."),
    revenue: total(
      "The order's total in the reporting currency; 0 while the order is not completed or not known.",
    ),
    ...updatedAt,
  },
  { ...gold, key: ["order_id", "touch"], tracks: ["date"], clusterBy: ["date"] },
);

export const marketing_performance = table(
  "gold.marketing_performance",
  "What marketing cost and brought, per day, channel and campaign. An order counts for its last visit (last touch).",
  {
    date: date("UTC day: of the money spent, of the visits, of the purchases.", happened),
    channel: text("What led here: the campaign's channel, else the visit's own."),
    campaign: text("The campaign; (none) of visits without one."),
    spend: total(`What it cost ${inReporting}`).nullable(),
    impressions: bigint("How often it was shown.", { from: 0 }),
    clicks: bigint("How often it was clicked.", { from: 0 }),
    visits: bigint("Sessions that began on this day.", { from: 0 }),
    orders: bigint("Completed orders whose last visit it was.", { from: 0 }),
    new_customers: bigint("Of these, first orders of a customer.", { from: 0 }),
    revenue: total("Their totals in the reporting currency."),
    cac: total("Customer acquisition cost: spend ÷ new_customers. Null without any.").nullable(),
    roas: decimal(12, 4, "Return on advertising spend: revenue ÷ spend. Null without any spend.", {
      from: 0,
    }).nullable(),
    ...updatedAt,
  },
  {
    ...gold,
    key: ["date", "channel", "campaign"],
    references: { date: "gold.dim_date.date" },
    clusterBy: ["date"],
  },
);
