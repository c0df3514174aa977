import { bigint, int, timestamp } from "../contracts/columns.js";
import { table } from "../contracts/table.js";
import { given, landsItself, messageAudit, topicStart } from "./exported.js";

export * from "./commerce-bronze.js";
export * from "./customer-bronze.js";
export {
  customers_changes,
  database_slots,
  database_states,
  database_topic_starts,
  order_items_changes,
  orders_changes,
  payments_changes,
  products_changes,
} from "./database-bronze.js";
export { product_reviews_changes } from "./reviews-bronze.js";

export const clickstream_raw = table(
  "bronze.clickstream_raw",
  "The messages of the clickstream's topic as they arrived: the raw value, its " +
    "place in Kafka and its fields as text, append-only (FR-002).",
  {
    value: given(
      "The message's text, exactly. Null when the message had none, or is no UTF-8 (see _rescued_data).",
    ),
    kafka_topic: given("The topic; simulated for the generator's events, which never were in Kafka."),
    kafka_partition: int("The topic's partition.").nullable(),
    kafka_offset: bigint("The message's offset in its partition.").nullable(),
    kafka_timestamp: timestamp("When the message was produced, by Kafka's account.").nullable(),
    kafka_key: given("The message's key: the visitor, or the customer where there is no visitor_id."),
    kafka_schema_id: int("The schema's number in the registry, of a message that names one.").nullable(),
    event_id: given(
      "The event's id. This and the fields below are null where the value is no JSON object or lacks them.",
    ),
    visitor_id: given("The browser's cookie. Null in messages of the older form."),
    customer_id: given("The customer; null while nobody is logged in."),
    product_id: given(
      "What was looked at, put into the cart or bought; null for a search and on pages without a product.",
    ),
    event_type: given("page_view, add_to_cart, purchase or search."),
    session_id: given("The shop's own idea of a session: kept, not trusted."),
    page: given("Where in the shop."),
    event_ts: given("When it happened, ISO instant."),
    quantity: given("How many units."),
    price: given("Price of one unit."),
    device: given("The device."),
    country: given("The visitor's country."),
    referrer: given("The page that led here, as the browser names it."),
    utm_source: given("Who sent the visitor, of a link with utm parameters."),
    utm_medium: given("By which means, such as cpc or email."),
    utm_campaign: given("For which campaign."),
    order_id: given("The order, of a purchase."),
    ...messageAudit,
  },
  {
    auditColumns: ["ingested_at", "source_load"],
    files: "envelopes",
    // Most queries ask which offsets of a partition it holds.
    clusterBy: ["kafka_topic", "kafka_partition", "kafka_offset"],
    person: "customer_id",
    tags: { sensitivity: "internal" },
  },
);

export const topic_starts = table(
  "bronze.topic_starts",
  "Where the reading of each partition of a topic started, and where it continued after a loss of messages " +
    "that a person accepted: append-only.",
  topicStart,
  { ...landsItself, tags: { sensitivity: "internal" } },
);
