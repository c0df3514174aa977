import type { bronze, gold, Row, silver, Table } from "shopmetrics";

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

type Defaults = {
  readonly [Name in TableName]?: (given: Given<Name>, position: Position) => Row<Tables[Name]>;
};

const instant = "2026-03-10T12:00:00Z";

const from = (entity: string, { batch, row }: Position, ending = "csv") => ({
  source_file: `${entity}/${entity}_${String(batch).padStart(4, "0")}.${ending}`,
  source_row: row,
});

const arrived = (entity: string, position: Position) => ({
  _rescued_data: null,
  ...from(entity, position),
  ingested_at: instant,
});

/** A tenth of a second later; where it is no instant, at some time. */
function soonAfter(instant: string): string {
  const then = Date.parse(instant);
  return new Date(Number.isNaN(then) ? Date.UTC(2026, 2, 10, 12) : then + 100).toISOString();
}

/**
 * What a row holds where a test says nothing: an ordinary customer, product and completed order of 10.00. Rows of a later
 * batch come from a later file.
 */
export const defaults: Defaults = {
  "bronze.customers_raw": (given, position) => ({
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
    ...given,
  }),
  "bronze.products_raw": (given, position) => ({
    product_id: "P1",
    product_name: "Lamp",
    category: "Home",
    subcategory: "Lighting",
    brand: "Lumen",
    price: "10.00",
    cost: "4.00",
    updated_at: "2026-01-01T00:00:00Z",
    ...arrived("products", position),
    ...given,
  }),
  "bronze.orders_raw": (given, position) => ({
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
    ...given,
  }),
  "bronze.clickstream_raw": (given, position) => {
    const fields = {
      event_id: "E1",
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
    };
    const said = Object.entries(fields).map(([name, usual]) => {
      const value = given[name as keyof typeof fields];
      return [name, value === undefined ? usual : value] as const;
    });
    return {
      value: JSON.stringify(Object.fromEntries(said.filter(([, value]) => value !== null))),
      kafka_topic: "clickstream-events",
      kafka_partition: 0,
      kafka_offset: position.batch * 1000 + position.row,
      kafka_timestamp: soonAfter(given.event_ts ?? fields.event_ts),
      kafka_key: "C1",
      ...fields,
      _rescued_data: null,
      ...from("clickstream", position, "ndjson"),
      ingested_at: instant,
      ...given,
    };
  },
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
      ...given,
    };
  },
  "silver.dim_products": (given, position) => ({
    product_id: "P1",
    product_name: "Lamp",
    category: "Home",
    subcategory: "Lighting",
    brand: "Lumen",
    price: "10.00",
    cost: "4.00",
    updated_at: "2026-01-01T00:00:00Z",
    ...from("products", position),
    ...given,
  }),
  "silver.orders_clean": (given, position) => ({
    order_id: "O1",
    customer_id: "C1",
    customer_key: null,
    product_id: "P1",
    quantity: 1,
    unit_price: "10.00",
    total_amount: "10.00",
    order_date: instant,
    status: "completed",
    updated_at: instant,
    ...from("orders", position),
    ...given,
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
      quantity: null,
      price: null,
      device: null,
      country: null,
      received_at: event_ts,
      is_late: false,
      kafka_topic: "clickstream-events",
      kafka_partition: 0,
      kafka_offset: position.batch * 1000 + position.row,
      ...from("clickstream", position, "ndjson"),
      ...given,
    };
  },
  "silver.clickstream_sessions": (given) => ({
    customer_id: "C1",
    session_start: instant,
    session_end: instant,
    session_date: instant.slice(0, 10),
    session_duration: 0,
    event_count: 1,
    page_views: 1,
    searches: 0,
    add_to_carts: 0,
    purchases: 0,
    converted: false,
    ...given,
  }),
  "gold.daily_sales_summary": (given) => ({
    date: "2026-03-10",
    category: "Home",
    revenue: "10.00",
    order_count: 1,
    avg_order_value: "10.00",
    updated_at: instant,
    ...given,
  }),
  "gold.customer_ltv": (given) => ({
    customer_id: "C1",
    total_revenue: "10.00",
    order_count: 1,
    first_order_date: "2026-03-10",
    last_order_date: "2026-03-10",
    ltv_segment: "Low",
    updated_at: instant,
    ...given,
  }),
  "gold.product_performance": (given) => ({
    month: "2026-03-01",
    product_id: "P1",
    product_name: "Lamp",
    category: "Home",
    units_sold: 1,
    total_revenue: "10.00",
    category_rank: 1,
    updated_at: instant,
    ...given,
  }),
  "gold.customer_cohorts": (given) => ({
    cohort_month: "2026-01-01",
    months_since: 0,
    customers: 1,
    active_customers: 1,
    active_rate: "1.0000",
    revenue: "10.00",
    updated_at: instant,
    ...given,
  }),
  "gold.hourly_traffic_metrics": (given) => ({
    hour: "2026-03-01T12:00:00Z",
    date: "2026-03-01",
    events: 1,
    page_views: 1,
    unique_visitors: 1,
    add_to_carts: 0,
    purchases: 0,
    searches: 0,
    add_to_cart_rate: "0.0000",
    purchase_rate: "0.0000",
    updated_at: instant,
    ...given,
  }),
  "gold.conversion_funnel": (given) => ({
    date: "2026-03-01",
    category: "Home",
    visitors: 1,
    page_views: 1,
    add_to_carts: 0,
    purchases: 0,
    cart_rate: "0.0000",
    checkout_rate: null,
    cart_abandonment: null,
    revenue: "0.00",
    avg_order_value: null,
    revenue_per_visitor: "0.00",
    updated_at: instant,
    ...given,
  }),
};
