import type { bronze, gold, Row, silver, Table } from "shopmetrics";
import { plainInstant, plainValue } from "#lib/contracts/plain-value.js";

type TablesOf<Layer extends string, Module> = {
  [K in keyof Module & string as Module[K] extends Table ? `${Layer}.${K}` : never]: Module[K] extends Table
    ? Module[K]
    : never;
};

/** Every table a test may give rows of, by name. */
export type Tables = TablesOf<"bronze", typeof bronze> &
  TablesOf<"silver", typeof silver> &
  TablesOf<"gold", typeof gold>;

export type TableName = keyof Tables;

/** A row of which a test says only what matters to it. */
export type Given<Name extends TableName> = Partial<Row<Tables[Name]>>;

/** Where the n-th row (from 1) of the n-th batch (from 1) stands. */
interface Position {
  readonly batch: number;
  readonly row: number;
}

type Usual = {
  readonly [Name in TableName]?: Given<Name> | ((given: Given<Name>, position: Position) => Given<Name>);
};

const instant = plainInstant;
/** The same as Stripe writes it. */
const seconds = String(Date.parse(instant) / 1000);

const from = (entity: string, { batch, row }: Position, ending = "csv") => ({
  source_file: `${entity}/${entity}_${String(batch).padStart(4, "0")}.${ending}`,
  source_row: row,
});

const arrived = (entity: string, position: Position) => ({
  ...from(entity, position),
  ingested_at: instant,
});

/** What a table of envelopes tells of a message beside its text. */
function fieldsOf(message: string | null, names: readonly string[]): Record<string, string | null> {
  let given: unknown;
  try {
    given = JSON.parse(message ?? "");
  } catch {
    given = undefined;
  }
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  const of = (isObject ? given : {}) as Record<string, unknown>;
  const text = (value: unknown) =>
    value === null || typeof value === "string" ? value : JSON.stringify(value);
  return Object.fromEntries(names.map((name) => [name, text(of[name] ?? null)]));
}

/** A tenth of a second later; where it is no instant, at some time. */
function soonAfter(instant: string): string {
  const then = Date.parse(instant);
  return new Date(Number.isNaN(then) ? Date.UTC(2026, 2, 10, 12) : then + 100).toISOString();
}

/**
 * A whole row of which a test says only a part. What neither the test nor `usual` says is null where the contract allows it,
 * else a plain value of the column's type.
 */
export function completeRow<Name extends TableName>(
  table: Table,
  given: Given<Name>,
  position: Position,
): Row<Tables[Name]> {
  const plain = Object.fromEntries(
    table.columns.map((column) => [column.name, plainValue(column, position)]),
  );
  const ours = usual[table.name as Name];
  const said = typeof ours === "function" ? ours(given, position) : ours;
  return { ...plain, ...said, ...given } as Row<Tables[Name]>;
}

/**
 * What an ordinary row holds where a test says nothing: a customer, a product and a completed order of 10.00. Rows of a
 * later batch come from a later file.
 */
const usual: Usual = {
  "bronze.customers_raw": (_, position) => ({
    customer_id: "C1",
    first_name: "Ada",
    last_name: "Byron",
    email: "ada@example.com",
    phone: "+44 20 1",
    city: "London",
    region: "England",
    country: "United Kingdom",
    signup_date: "2026-01-15",
    updated_at: "2026-01-15T09:00:00Z",
    ...arrived("customers", position),
  }),
  "bronze.products_raw": (_, position) => ({
    product_id: "P1",
    product_name: "Lamp",
    category: "Home",
    subcategory: "Lighting",
    brand: "Lumen",
    price: "10.00",
    cost: "4.00",
    updated_at: "2026-01-01T00:00:00Z",
    ...arrived("products", position),
  }),
  "bronze.orders_raw": (_, position) => ({
    order_id: "O1",
    customer_id: "C1",
    product_id: "P1",
    quantity: "1",
    unit_price: "10.00",
    total_amount: "10.00",
    order_date: instant,
    status: "completed",
    updated_at: instant,
    ...arrived("orders", position),
  }),
  "bronze.clickstream_raw": (given, position) => {
    const ordinary = {
      event_id: "E1",
      visitor_id: null,
      customer_id: "C1",
      product_id: given.event_type === "search" ? null : "P1",
      event_type: "page_view",
      session_id: "S1",
      page: "/products/P1",
      event_ts: "2026-03-10T12:00:00.000Z",
      quantity: null,
      price: null,
      device: null,
      country: null,
      referrer: null,
      utm_source: null,
      utm_medium: null,
      utm_campaign: null,
      order_id: null,
    };
    const said = Object.entries(ordinary).map(([name, usual]) => {
      const value = given[name as keyof typeof ordinary];
      return [name, value === undefined ? usual : value] as const;
    });
    const value =
      given.value === undefined
        ? JSON.stringify(Object.fromEntries(said.filter(([, is]) => is !== null)))
        : given.value;
    const fields = fieldsOf(value, Object.keys(ordinary));
    for (const name of Object.keys(ordinary) as (keyof typeof ordinary)[])
      if (given[name] !== undefined && given[name] !== fields[name])
        throw new Error(`The message says ${name} ${fields[name]}, and the test says ${given[name]}.`);
    return {
      value,
      kafka_topic: "clickstream-events",
      kafka_partition: 0,
      kafka_offset: position.batch * 1000 + position.row,
      kafka_timestamp: soonAfter(given.event_ts ?? ordinary.event_ts),
      kafka_key: "C1",
      ...fields,
      ...from("clickstream", position, "ndjson"),
      ingested_at: instant,
    };
  },
  "bronze.order_items_raw": (_, position) => ({
    order_item_id: "I1",
    order_id: "O1",
    product_id: "P1",
    quantity: "1",
    unit_price: "10.00",
    discount: "0.00",
    updated_at: instant,
    ...arrived("order_items", position),
  }),
  "bronze.payments_raw": (_, position) => ({
    payment_id: "M1",
    order_id: "O1",
    amount: "10.00",
    currency: "EUR",
    payment_method: "card",
    payment_status: "completed",
    transaction_id: "ch_1",
    payment_date: instant,
    updated_at: instant,
    ...arrived("payments", position),
  }),
  "bronze.marketing_spend_raw": (_, position) => ({
    date: "2026-03-10",
    channel: "paid",
    campaign: "spring",
    spend: "100.00",
    currency: "EUR",
    impressions: "1000",
    clicks: "50",
    ...arrived("marketing_spend", position),
  }),
  "bronze.campaigns_raw": (_, position) => ({
    campaign: "spring",
    channel: "paid",
    name: "Spring",
    start_date: "2026-03-01",
    end_date: "2026-03-31",
    budget: "5000.00",
    currency: "EUR",
    ...arrived("campaigns", position),
  }),
  "bronze.currency_rates_raw": (_, position) => ({
    date: "2026-03-10",
    base: "EUR",
    quote: "NOK",
    rate: "11.50",
    ...arrived("currency_rates", position),
  }),
  "bronze.stripe_charges_raw": (_, position) => ({
    charge_id: "ch_1",
    order_id: "O1",
    amount: "1000",
    amount_refunded: "0",
    currency: "eur",
    status: "succeeded",
    created: seconds,
    livemode: "false",
    value: "{}",
    ...arrived("stripe_charges", position),
  }),
  "bronze.stripe_refunds_raw": (_, position) => ({
    refund_id: "re_1",
    charge_id: "ch_1",
    amount: "1000",
    currency: "eur",
    status: "succeeded",
    created: seconds,
    livemode: "false",
    value: "{}",
    ...arrived("stripe_refunds", position),
  }),
  "bronze.stripe_disputes_raw": (_, position) => ({
    dispute_id: "dp_1",
    charge_id: "ch_1",
    amount: "1000",
    currency: "eur",
    status: "needs_response",
    reason: "fraudulent",
    created: seconds,
    livemode: "false",
    value: "{}",
    ...arrived("stripe_disputes", position),
  }),
  "bronze.stripe_balance_transactions_raw": (_, position) => ({
    balance_transaction_id: "txn_1",
    type: "charge",
    source_id: "ch_1",
    amount: "1000",
    fee: "40",
    net: "960",
    currency: "eur",
    created: seconds,
    value: "{}",
    ...arrived("stripe_balance_transactions", position),
  }),
  "silver.dim_customers": (given) => {
    const {
      customer_id = "C1",
      effective_start_date = "2026-01-15T09:00:00Z",
      effective_end_date = null,
    } = given;
    return {
      surrogate_key: `${customer_id}@${effective_start_date}`,
      customer_id,
      first_name: "Ada",
      last_name: "Byron",
      email: "ada@example.com",
      phone: "+44 20 1",
      city: "London",
      region: "England",
      country: "United Kingdom",
      signup_date: "2026-01-15",
      effective_start_date,
      effective_end_date,
      is_current: effective_end_date === null,
    };
  },
  "silver.dim_products": (_, position) => ({
    product_id: "P1",
    product_name: "Lamp",
    category: "Home",
    subcategory: "Lighting",
    brand: "Lumen",
    price: "10.00",
    cost: "4.00",
    updated_at: "2026-01-01T00:00:00Z",
    ...from("products", position),
  }),
  "silver.orders_clean": (_, position) => ({
    order_id: "O1",
    customer_id: "C1",
    product_id: "P1",
    quantity: 1,
    unit_price: "10.00",
    total_amount: "10.00",
    status: "completed",
    ...from("orders", position),
  }),
  "silver.order_items": (_, position) => ({
    order_item_id: "I1",
    order_id: "O1",
    product_id: "P1",
    quantity: 1,
    unit_price: "10.00",
    discount: "0.00",
    amount: "10.00",
    updated_at: instant,
    ...from("order_items", position),
  }),
  "silver.payments": (_, position) => ({
    payment_id: "M1",
    order_id: "O1",
    amount: "10.00",
    currency: "EUR",
    payment_method: "card",
    payment_status: "completed",
    payment_date: instant,
    updated_at: instant,
    ...from("payments", position),
  }),
  "silver.refunds": ({ refunded_at = instant }) => ({
    refund_id: "re_1",
    order_id: "O1",
    amount: "10.00",
    currency: "EUR",
    refunded_at,
    refund_date: refunded_at.slice(0, 10),
    source: "stripe",
  }),
  "silver.marketing_spend": (_, position) => ({
    date: "2026-03-10",
    channel: "paid",
    campaign: "spring",
    spend: "100.00",
    currency: "EUR",
    ...from("marketing_spend", position),
  }),
  "silver.campaigns": (_, position) => ({
    campaign: "spring",
    channel: "paid",
    start_date: "2026-03-01",
    currency: "EUR",
    ...from("campaigns", position),
  }),
  "silver.currency_rates": ({ date = "2026-03-10" }) => ({
    date,
    base: "EUR",
    quote: "USD",
    rate: "1.25000000",
    known_date: date,
    is_filled: false,
  }),
  "silver.stripe_charges": (_, position) => ({
    charge_id: "ch_1",
    amount: "10.00",
    amount_refunded: "0.00",
    currency: "EUR",
    status: "succeeded",
    created_at: instant,
    ...from("stripe_charges", position),
  }),
  "silver.stripe_refunds": (_, position) => ({
    refund_id: "re_1",
    charge_id: "ch_1",
    amount: "10.00",
    currency: "EUR",
    status: "succeeded",
    created_at: instant,
    ...from("stripe_refunds", position),
  }),
  "silver.stripe_balance_transactions": ({ created_at = instant }, position) => ({
    balance_transaction_id: "txn_1",
    type: "charge",
    amount: "10.00",
    fee: "0.40",
    net: "9.60",
    currency: "EUR",
    created_at,
    created_date: created_at.slice(0, 10),
    ...from("stripe_balance_transactions", position),
  }),
  "silver.clickstream_clean": (given, position) => {
    const { event_ts = instant, event_type = "page_view" } = given;
    return {
      event_id: `E${position.batch}-${position.row}`,
      customer_id: "C1",
      product_id: event_type === "search" ? null : "P1",
      event_type,
      session_id: "S1",
      page: "/products/P1",
      event_ts,
      event_date: event_ts.slice(0, 10),
      received_at: event_ts,
      kafka_topic: "clickstream-events",
      kafka_offset: position.batch * 1000 + position.row,
      ...from("clickstream", position, "ndjson"),
    };
  },
  "silver.clickstream_late": { event_id: "E1", customer_id: "C1" },
  "silver.clickstream_sessions": {
    visitor_id: "C1",
    customer_id: "C1",
    event_count: 1,
    page_views: 1,
  },
  "gold.fct_order_items": ({ order_id = "O1" }) => ({
    line_id: order_id,
    order_id,
    product_id: "P1",
    customer_id: "C1",
    date: "2026-03-10",
    status: "completed",
    quantity: 1,
    unit_price: "10.00",
    gross_amount: "10.00",
    amount: "10.00",
    currency: "EUR",
    gross_reporting: "10.00",
    discount_reporting: "0.00",
    amount_reporting: "10.00",
  }),
  "gold.fct_orders": {
    order_id: "O1",
    customer_id: "C1",
    date: "2026-03-10",
    status: "completed",
    line_count: 1,
    units: 1,
    gross_amount: "10.00",
    total_amount: "10.00",
    currency: "EUR",
    total_reporting: "10.00",
  },
  "gold.order_touches": {
    order_id: "O1",
    touch: 1,
    date: "2026-03-10",
    channel: "paid",
    campaign: "spring",
    first_share: "1.000000",
    last_share: "1.000000",
    linear_share: "1.000000",
    revenue: "10.00",
  },
  "gold.daily_sales_summary": {
    date: "2026-03-10",
    category: "Home",
    revenue: "10.00",
    order_count: 1,
    avg_order_value: "10.00",
  },
  "gold.daily_order_status": {
    date: "2026-03-10",
    category: "Home",
    status: "completed",
    order_count: 1,
    amount: "10.00",
  },
  "gold.daily_sales_by_region": {
    date: "2026-03-10",
    country: "United Kingdom",
    region: "England",
    revenue: "10.00",
    order_count: 1,
  },
  "gold.customer_ltv": {
    customer_id: "C1",
    total_revenue: "10.00",
    order_count: 1,
    first_order_date: "2026-03-10",
    last_order_date: "2026-03-10",
    ltv_segment: "Low",
  },
  "gold.product_performance": {
    month: "2026-03-01",
    product_id: "P1",
    product_name: "Lamp",
    category: "Home",
    units_sold: 1,
    total_revenue: "10.00",
    total_cost: "4.00",
    margin: "6.00",
    category_rank: 1,
  },
  "gold.customer_cohorts": {
    cohort_month: "2026-01-01",
    customers: 1,
    active_customers: 1,
    active_rate: "1.0000",
    revenue: "10.00",
  },
  "gold.hourly_traffic_metrics": {
    hour: "2026-03-01T12:00:00Z",
    date: "2026-03-01",
    events: 1,
    page_views: 1,
    unique_visitors: 1,
    add_to_cart_rate: "0.0000",
    purchase_rate: "0.0000",
  },
  "gold.conversion_funnel": {
    date: "2026-03-01",
    category: "Home",
    visitors: 1,
    page_views: 1,
    cart_rate: "0.0000",
  },
};
