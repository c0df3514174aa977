import {
  bigint,
  boolean,
  date,
  happened,
  int,
  money,
  oneOf,
  text,
  timestamp,
  units,
} from "../contracts/columns.js";
import { eventTypes } from "./event.js";
import { table } from "../contracts/table.js";

/** The four states of an order. Only completed orders count as revenue. */
export const orderStatus = ["pending", "completed", "cancelled", "refunded"] as const;

/** Of numbers by which the shop names things, and of its other texts. */
const name = { longest: 200 } as const;
const words = { longest: 2000 } as const;

const origin = {
  source_file: text("The landed file this version came from."),
  source_row: bigint("Position of the record in that file."),
  source_load: bigint(
    "Number of that file among the loaded ones: a file that was loaded later has a greater one.",
  ),
};

export const dim_customers = table(
  "silver.dim_customers",
  "Every version of every customer, with the time in which it was valid: a slowly changing dimension of type 2 (FR-004).",
  {
    surrogate_key: text("Key of this version: md5 of customer_id and effective_start_date in microseconds."),
    customer_id: text("The shop's customer number.", name),
    first_name: text("First name.", words).nullable(),
    last_name: text("Last name.", words).nullable(),
    email: text("E-mail address.", words).nullable(),
    phone: text("Phone number.", words).nullable(),
    city: text("City.", words).nullable(),
    region: text("Region or state.", words).nullable(),
    country: text("Country.", words).nullable(),
    signup_date: date("Day of signing up, which names the customer's cohort.", happened).nullable(),
    effective_start_date: timestamp("Start of this version: the change's updated_at.", happened),
    effective_end_date: timestamp(
      "End of this version: the next version's start. Null while current.",
    ).nullable(),
    is_current: boolean("Whether this is the current version."),
  },
  {
    key: ["surrogate_key"],
    tracks: ["customer_id", "signup_date", "effective_start_date", "effective_end_date"],
    tags: { sensitivity: "personal" },
    personal: ["first_name", "last_name", "email", "phone"],
  },
);

export const dim_products = table(
  "silver.dim_products",
  "One row per product as it is now: a slowly changing dimension of type 1.",
  {
    product_id: text("The shop's product number.", name),
    product_name: text("Name.", words).nullable(),
    category: text("Category.", words).nullable(),
    subcategory: text("Subcategory.", words).nullable(),
    brand: text("Brand.", words).nullable(),
    price: money("List price now.").nullable(),
    cost: money("Purchase cost now.").nullable(),
    updated_at: timestamp("When the shop last changed the product.", happened),
    ...origin,
  },
  {
    key: ["product_id"],
    newest: ["updated_at", "source_load", "source_file", "source_row"],
    auditColumns: ["source_load"],
    tracks: ["product_name", "category"],
    tags: { sensitivity: "internal" },
  },
);

export const orders_clean = table(
  "silver.orders_clean",
  "One row per order: the latest version by updated_at, typed, validated and tied to the customer version of its day (FR-003).",
  {
    order_id: text("The shop's order number.", name),
    customer_id: text("Who ordered. Null when the shop did not say.", name).nullable(),
    customer_key: text(
      "The customer's version at order_date. Null while the customer is unknown.",
    ).nullable(),
    product_id: text("What was ordered. Null when the shop did not say.", name).nullable(),
    quantity: int("Units ordered. An empty quantity counts as 1.", units),
    unit_price: money("Price of one unit.").nullable(),
    total_amount: money("What the customer pays. When empty, quantity × unit_price."),
    order_date: timestamp("When the order was placed, UTC.", happened),
    status: oneOf(orderStatus, "State of the order."),
    updated_at: timestamp("When the shop last changed the order, UTC.", happened),
    ...origin,
  },
  {
    key: ["order_id"],
    newest: ["updated_at", "source_load", "source_file", "source_row"],
    auditColumns: ["source_load"],
    tracks: ["customer_id", "product_id", "quantity", "total_amount", "order_date", "status"],
    references: {
      customer_key: "silver.dim_customers.surrogate_key",
      product_id: "silver.dim_products.product_id",
    },
    relations: [
      {
        name: "total_amount is quantity × unit_price, give or take a third",
        holds:
          "abs(total_amount - quantity * unit_price) <= 0.34 * greatest(total_amount, quantity * unit_price)",
      },
    ],
    tags: { sensitivity: "internal" },
  },
);

export const clickstream_clean = table(
  "silver.clickstream_clean",
  "One row per event of the clickstream: the first copy that arrived, typed and validated by the producer's contract.",
  {
    event_id: text("The event's id."),
    customer_id: text("Who."),
    product_id: text("What was looked at, put into the cart or bought. Null for a search.").nullable(),
    event_type: oneOf(eventTypes, "What the shopper did."),
    session_id: text("The shop's own idea of a session: kept, not trusted. See clickstream_sessions."),
    page: text("Where in the shop."),
    event_ts: timestamp("When it happened, UTC.", happened),
    event_date: date("UTC date of event_ts."),
    quantity: int("How many units.", units).nullable(),
    price: money("Price of one unit.").nullable(),
    device: text("The device.").nullable(),
    country: text("The visitor's country.").nullable(),
    received_at: timestamp("When it reached Kafka.", { daysAfterLoad: 1 }),
    is_late: boolean("Whether it arrived more than 10 minutes after it happened."),
    kafka_topic: text("The topic it came from."),
    kafka_partition: int("The topic's partition."),
    kafka_offset: bigint("Its offset in the partition."),
    ...origin,
  },
  {
    key: ["event_id"],
    oldest: [
      "received_at",
      "kafka_topic",
      "kafka_partition",
      "kafka_offset",
      "source_load",
      "source_file",
      "source_row",
    ],
    tracks: [
      "customer_id",
      "product_id",
      "event_type",
      "event_ts",
      "event_date",
      "quantity",
      "price",
      "is_late",
    ],
    clusterBy: ["event_date"],
    tags: { sensitivity: "personal" },
  },
);

export const clickstream_late = table(
  "silver.clickstream_late",
  "The late events that daily runs have added to their sessions.",
  {
    event_id: text("The event's id."),
    customer_id: text("Who."),
    event_type: oneOf(eventTypes, "What the shopper did."),
    event_ts: timestamp("When it happened, UTC."),
    event_date: date("UTC date of event_ts."),
  },
  {
    key: ["event_id"],
    tracks: ["customer_id", "event_type", "event_ts", "event_date"],
    tags: { sensitivity: "personal" },
  },
);

export const clickstream_sessions = table(
  "silver.clickstream_sessions",
  "A customer's events without a pause of more than 30 minutes: one row per session (FR-010).",
  {
    customer_id: text("Who."),
    session_start: timestamp("The first event, UTC."),
    session_end: timestamp("The last event, UTC."),
    session_date: date("UTC date of session_start."),
    session_duration: bigint("Seconds from the first event to the last."),
    event_count: bigint("Events."),
    page_views: bigint("Of these, pages looked at."),
    searches: bigint("Of these, searches."),
    add_to_carts: bigint("Of these, products put into the cart."),
    purchases: bigint("Of these, purchases."),
    converted: boolean("Whether there was a purchase."),
  },
  {
    key: ["customer_id", "session_start"],
    clusterBy: ["session_date"],
    tags: { sensitivity: "personal" },
  },
);

export { rejected_rows } from "../contracts/quarantine.js";
