import { bigint, date, decimal, happened, int, oneOf, text, timestamp, total } from "../contracts/columns.js";
import { table } from "../contracts/table.js";
import { orderStatus } from "./order-status.js";
import { gold, updatedAt } from "./updated-at.js";

export * from "./commerce-gold.js";
export { product_ratings } from "./reviews-gold.js";

export const ltvSegment = ["High", "Medium", "Low"] as const;

export const daily_sales_summary = table(
  "gold.daily_sales_summary",
  "Revenue, orders and average order value per day and category, of completed orders (FR-006).",
  {
    date: date("UTC date of the orders.", happened),
    category: text("Category of the product now; Unknown when the product is not known."),
    revenue: total("Sum of the lines' amounts, in the reporting currency."),
    order_count: bigint("Completed orders with a line of this category.", { from: 0 }),
    avg_order_value: total("revenue ÷ order_count, rounded half up to the cent."),
    ...updatedAt,
  },
  { ...gold, key: ["date", "category"], clusterBy: ["date", "category"] },
);

export const daily_order_status = table(
  "gold.daily_order_status",
  "What has become of the orders of each day: their number and amount by category and status.",
  {
    date: date("UTC date on which the orders were placed.", happened),
    category: text("Category of the product now; Unknown when the product is not known."),
    status: oneOf(orderStatus, "Status of the orders now."),
    order_count: bigint("Orders with a line of this category.", { from: 1 }),
    amount: total("Sum of the lines' amounts, in the reporting currency."),
    ...updatedAt,
  },
  { ...gold, key: ["date", "category", "status"], clusterBy: ["date"] },
);

export const daily_sales_by_region = table(
  "gold.daily_sales_by_region",
  "Revenue and orders per day by the country and region in which the customer lived then, of completed orders.",
  {
    date: date("UTC date of the orders.", happened),
    country: text("The customer's country on that day; Unknown when the shop did not say."),
    region: text("The customer's region on that day; Unknown when the shop did not say."),
    revenue: total("Sum of the orders' totals, in the reporting currency."),
    order_count: bigint("Completed orders.", { from: 1 }),
    ...updatedAt,
  },
  { ...gold, key: ["date", "country", "region"], clusterBy: ["date"] },
);

export const customer_ltv = table(
  "gold.customer_ltv",
  "Each customer's revenue so far: one row for every customer, also for those who never ordered (FR-007).",
  {
    customer_id: text("The shop's customer number; Unknown for orders without one."),
    total_revenue: total("Sum of the totals of completed orders, in the reporting currency."),
    order_count: bigint("Completed orders.", { from: 0 }),
    first_order_date: date("UTC date of the first completed order.", happened).nullable(),
    last_order_date: date("UTC date of the last completed order.", happened).nullable(),
    ltv_segment: oneOf(ltvSegment, "High above 500, Medium from 100 to 500, Low below 100."),
    ...updatedAt,
  },
  { ...gold, key: ["customer_id"], person: "customer_id" },
);

export const product_performance = table(
  "gold.product_performance",
  "Units, revenue and margin per product and month, with the product's rank in its category (FR-008).",
  {
    month: date("First day of the month, UTC.", happened),
    product_id: text("The shop's product number; Unknown for orders without one."),
    product_name: text("Name now; Unknown when the product is not known."),
    category: text("Category now; Unknown when the product is not known."),
    units_sold: bigint("Units of completed orders.", { from: 0 }),
    total_revenue: total("Sum of the lines' amounts of completed orders, in the reporting currency."),
    total_cost: total(
      "units_sold × the product's purchase cost now. Null while the shop names no cost.",
    ).nullable(),
    margin: decimal(
      18,
      2,
      "total_revenue − total_cost, below 0 at a loss. Null while the shop names no cost.",
    ).nullable(),
    category_rank: int(
      "1 is the product with the most revenue in its category that month; ties by product_id.",
    ),
    ...updatedAt,
  },
  { ...gold, key: ["month", "product_id"] },
);

export const customer_cohorts = table(
  "gold.customer_cohorts",
  "How signup cohorts keep buying: active customers and revenue by months since signup (FR-014).",
  {
    cohort_month: date("First day of the month in which the cohort signed up.", happened),
    months_since: int("Whole calendar months between signup and order month.", { from: 0 }),
    customers: bigint("Size of the cohort.", { from: 0 }),
    active_customers: bigint("Customers of the cohort with a completed order in that month.", { from: 0 }),
    active_rate: decimal(9, 4, "active_customers ÷ customers.", { from: 0, to: 1 }),
    revenue: total("Revenue of the cohort in that month, in the reporting currency."),
    ...updatedAt,
  },
  { ...gold, key: ["cohort_month", "months_since"] },
);

/** A ratio: one count divided by another. */
const rate = (comment: string) => decimal(9, 4, comment, { from: 0 }).nullable();

export const hourly_traffic_metrics = table(
  "gold.hourly_traffic_metrics",
  "Traffic in the shop, hour by hour (FR-009).",
  {
    hour: timestamp("Start of the hour, UTC.", happened),
    date: date("UTC date of the hour."),
    events: bigint("Events of any kind.", { from: 0 }),
    page_views: bigint("Pages looked at.", { from: 0 }),
    unique_visitors: bigint(
      "Visitors with an event of any kind: by visitor_id, or by customer_id where there is none.",
      { from: 0 },
    ),
    add_to_carts: bigint("Products put into the cart.", { from: 0 }),
    purchases: bigint("Purchases.", { from: 0 }),
    searches: bigint("Searches.", { from: 0 }),
    add_to_cart_rate: rate("add_to_carts ÷ page_views. Null without any page view."),
    purchase_rate: rate("purchases ÷ page_views. Null without any page view."),
    ...updatedAt,
  },
  { ...gold, key: ["hour"], clusterBy: ["date"] },
);

export const conversion_funnel = table(
  "gold.conversion_funnel",
  "From looking to buying, per day and category.",
  {
    date: date("UTC date of the events.", happened),
    category: text("Category of the product now; Unknown when the product is not known."),
    visitors: bigint("Visitors with an event of this day and category.", { from: 0 }),
    page_views: bigint("Pages looked at.", { from: 0 }),
    add_to_carts: bigint("Products put into the cart.", { from: 0 }),
    purchases: bigint("Purchases.", { from: 0 }),
    cart_rate: rate("add_to_carts ÷ page_views. Null without any page view."),
    checkout_rate: rate("purchases ÷ add_to_carts. Null without anything put into the cart."),
    cart_abandonment: rate(
      "What was put into the cart and not bought, as a share: 1 − checkout_rate, at least 0. Null without anything put into the cart.",
    ),
    revenue: total(
      "Sum of quantity × price over purchases. A missing quantity counts as 1, a missing price as 0.",
    ),
    avg_order_value: total(
      "revenue ÷ purchases, rounded half up to the cent. Null without a purchase.",
    ).nullable(),
    revenue_per_visitor: total("revenue ÷ visitors, rounded half up to the cent."),
    ...updatedAt,
  },
  { ...gold, key: ["date", "category"], clusterBy: ["date"] },
);
