import { bigint, int, timestamp } from "../contracts/columns.js";
import { table } from "../contracts/table.js";
import { given, landsItself, messageAudit } from "./exported.js";

export const product_reviews_changes = table(
  "bronze.product_reviews_changes",
  "Changes of the collection reviews of the shop's MongoDB as they arrived, a row each, append-only: what was read, or what the change " +
    "stream said.",
  {
    value: given("The change's text, exactly."),
    kafka_topic: given("Always extracted: the changes come from the database itself and not by Kafka."),
    kafka_partition: int("Always 0.").nullable(),
    kafka_offset: bigint("How many changes came before.").nullable(),
    kafka_timestamp: timestamp(
      "When the change was made; of a document that was read, when the reading began.",
    ).nullable(),
    kafka_key: given(
      "The document's _id as Extended JSON; null for a row that only says where the stream goes on.",
    ),
    op: given(
      "r: read, c: inserted, u: updated or replaced, d: deleted, m: where the change stream goes on.",
    ),
    before: given("Of a deletion the document's _id; null otherwise."),
    after: given(
      "The document after the change as canonical Extended JSON, in which values keep their types; null for a deletion.",
    ),
    source: given(
      "Where the change stands in the database's log as JSON: position, time, and the token that goes on behind it.",
    ),
    ...messageAudit,
  },
  {
    ...landsItself,
    files: "envelopes",
    tags: { sensitivity: "personal" },
    personal: ["value", "after"],
  },
);
