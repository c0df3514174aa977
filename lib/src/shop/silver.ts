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
import { orderStatus } from "./order-status.js";
import { byLog, change_lsn, name, origin, words } from "./origin.js";

export * from "./commerce-silver.js";
export { product_reviews } from "./reviews-silver.js";

/** Where a visitor came from. */
const origins = {
  referrer: text("The page that led here, as the browser names it.").nullable(),
  utm_source: text("Who sent the visitor, of a link with utm parameters.").nullable(),
  utm_medium: text("By which means, such as cpc or email.").nullable(),
  utm_campaign: text("For which campaign.").nullable(),
};

/** What leads visitors to the shop. */
export const channels = ["direct", "search", "paid", "email", "social", "referral", "other"] as const;

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
    signup_date: date("UTC day of signing up, which names the customer's cohort.", happened).nullable(),
    effective_start_date: timestamp("Start of this version: the change's updated_at.", happened),
    effective_end_date: timestamp(
      "End of this version: the next version's start. Null while current.",
    ).nullable(),
    is_current: boolean("Whether this is the current version."),
    end_reason: oneOf(
      ["changed", "deleted"],
      "Why this version ended: the customer changed, or the shop deleted them. Null while current.",
    ).nullable(),
  },
  {
    key: ["surrogate_key"],
    tracks: ["customer_id", "region", "country", "signup_date", "effective_start_date", "effective_end_date"],
    tags: { sensitivity: "personal" },
    person: "customer_id",
    personal: ["first_name", "last_name", "email", "phone", "city"],
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
    change_lsn,
  },
  {
    key: ["product_id"],
    order: byLog,
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
    product_id: text(
      "What was ordered. Null of an order with lines, and when the shop did not say.",
      name,
    ).nullable(),
    quantity: int("Units ordered. An empty quantity counts as 1.", units),
    unit_price: money("Price of one unit. Null of an order with lines.").nullable(),
    total_amount: money(
      "What the customer pays. When empty, quantity × unit_price as it was given, rounded to the cent.",
    ),
    order_date: timestamp("When the order was placed, UTC.", happened),
    status: oneOf(orderStatus, "State of the order."),
    updated_at: timestamp("When the shop last changed the order, UTC.", happened),
    ...origin,
    change_lsn,
  },
  {
    key: ["order_id"],
    person: "customer_id",
    order: byLog,
    newest: ["updated_at", "source_load", "source_file", "source_row"],
    auditColumns: ["source_load"],
    tracks: [
      "customer_id",
      "customer_key",
      "product_id",
      "quantity",
      "unit_price",
      "total_amount",
      "order_date",
      "status",
      "updated_at",
    ],
    references: {
      customer_key: "silver.dim_customers.surrogate_key",
      product_id: "silver.dim_products.product_id",
    },
    optionalReferences: ["product_id"],
    relations: [
      {
        name: "total_amount is quantity × unit_price, give or take a third",
        holds:
          // And half a cent a unit: the price may have been rounded.
          "abs(total_amount - quantity * unit_price) <= 0.34 * greatest(total_amount, quantity * unit_price) + 0.005 * quantity",
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
    visitor_id: text(
      "The browser's cookie. Null in messages of the older form; the visitor then is the customer.",
    ).nullable(),
    customer_id: text("The customer. Null while nobody is logged in.").nullable(),
    product_id: text(
      "What was looked at, put into the cart or bought. Null for a search and on pages without a product.",
    ).nullable(),
    event_type: oneOf(eventTypes, "What the shopper did."),
    session_id: text("The shop's own idea of a session: kept, not trusted. See clickstream_sessions."),
    page: text("Where in the shop."),
    event_ts: timestamp("When it happened, UTC.", happened),
    event_date: date("UTC date of event_ts."),
    quantity: int("How many units.", units).nullable(),
    price: money("Price of one unit.").nullable(),
    device: text("The device.").nullable(),
    country: text("The visitor's country.").nullable(),
    ...origins,
    order_id: text("The order, of a purchase.").nullable(),
    received_at: timestamp("When it reached Kafka.", { daysAfterLoad: 1 }),
    is_late: boolean("Whether it arrived more than 10 minutes after it happened."),
    kafka_topic: text("The topic it came from."),
    kafka_partition: int("The topic's partition."),
    kafka_offset: bigint("Its offset in the partition."),
    ...origin,
  },
  {
    key: ["event_id"],
    person: "customer_id",
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
      "visitor_id",
      "customer_id",
      "product_id",
      "event_type",
      "page",
      "event_ts",
      "event_date",
      "quantity",
      "price",
      "device",
      "country",
      "referrer",
      "utm_source",
      "utm_medium",
      "utm_campaign",
      "order_id",
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
    visitor_id: text("The browser's cookie. Null in messages of the older form.").nullable(),
    customer_id: text("The customer. Null while nobody is logged in.").nullable(),
    event_type: oneOf(eventTypes, "What the shopper did."),
    page: text("Where in the shop.").nullable(),
    event_ts: timestamp("When it happened, UTC."),
    event_date: date("UTC date of event_ts."),
    device: text("The device.").nullable(),
    country: text("The visitor's country.").nullable(),
    ...origins,
  },
  {
    key: ["event_id"],
    person: "customer_id",
    tracks: [
      "visitor_id",
      "customer_id",
      "event_type",
      "page",
      "event_ts",
      "event_date",
      "device",
      "country",
      "referrer",
      "utm_source",
      "utm_medium",
      "utm_campaign",
    ],
    tags: { sensitivity: "personal" },
  },
);

export const clickstream_sessions = table(
  "silver.clickstream_sessions",
  "A visitor's events without a pause of more than 30 minutes: one row per session (FR-010).",
  {
    visitor_id: text("The browser's cookie; of events without one, the customer's number."),
    has_cookie: boolean("Whether visitor_id is a browser's cookie. Otherwise it is a customer's number."),
    customer_id: text(
      "The first customer who was known in it. Null while nobody was. All of them are in visitor_identities.",
    ).nullable(),
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
    landing_page: text("The first event's page.").nullable(),
    device: text("The first event's device.").nullable(),
    country: text("The first event's country.").nullable(),
    channel: oneOf(
      channels,
      "What led here, by the first event's utm parameters and referrer. Null where the first event has no visitor_id.",
    ).nullable(),
    ...origins,
  },
  {
    key: ["visitor_id", "has_cookie", "session_start"],
    person: "customer_id",
    formerly: { visitor_id: "customer_id", has_cookie: "channel is not null" },
    tracks: ["session_end"],
    clusterBy: ["session_date"],
    tags: { sensitivity: "personal" },
  },
);

export const visitor_identities = table(
  "silver.visitor_identities",
  "Which customer a visitor was, and when: a stretch of a session for each customer who was logged in during it.",
  {
    visitor_id: text("The browser's cookie."),
    customer_id: text("The customer."),
    tied_from: timestamp(
      "From when on the visitor is this customer, UTC: the session's start, or the login after another customer.",
    ),
    tied_until: timestamp(
      "Until when, UTC: the session's last event, or the login of the next customer, which is not included.",
    ),
    tied_date: date("UTC date of tied_from."),
    identified_at: timestamp("The first event of this stretch that names the customer, UTC."),
    session_start: timestamp("Start of the visitor's session, as in clickstream_sessions."),
    event_count: bigint("Events of this stretch that name the customer.", { from: 1 }),
  },
  {
    key: ["visitor_id", "tied_from", "customer_id"],
    person: "customer_id",
    relations: [
      {
        name: "tied_from is not after identified_at, and that not after tied_until",
        holds: "tied_from <= identified_at and identified_at <= tied_until",
      },
    ],
    clusterBy: ["tied_date"],
    tags: { sensitivity: "personal" },
  },
);

export { rejected_rows } from "../contracts/quarantine.js";
