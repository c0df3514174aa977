import { bigint, int, timestamp } from "../contracts/columns.js";
import { table, type Table } from "../contracts/table.js";
import { order_items_raw, payments_raw } from "./commerce-bronze.js";
import { customers_raw, orders_raw, products_raw } from "./customer-bronze.js";
import { audit, given, landsItself, messageAudit, topicStart } from "./exported.js";

/**
 * The tables of the shop's database that can take the place of exports: the columns that are read are those of the exports. `leaves`
 * names others that nobody needs; one that the database has in addition is told. A check compares the key, `amounts` and `instants` of
 * all rows with silver; of a customer only the key, since a history begins no version where only `updated_at` moved.
 */
export const databaseTables = {
  customers: {
    exported: customers_raw,
    key: "customer_id",
    leaves: ["account", "preferences", "created_at"],
    amounts: [],
    instants: [],
  },
  products: {
    exported: products_raw,
    key: "product_id",
    leaves: ["tags", "created_at"],
    amounts: ["price", "cost"],
    instants: ["updated_at"],
  },
  orders: {
    exported: orders_raw,
    key: "order_id",
    leaves: ["created_at"],
    amounts: ["total_amount"],
    instants: ["order_date", "updated_at"],
  },
  order_items: {
    exported: order_items_raw,
    key: "order_item_id",
    leaves: ["created_at"],
    amounts: ["unit_price", "discount"],
    instants: ["updated_at"],
  },
  payments: {
    exported: payments_raw,
    key: "payment_id",
    leaves: ["created_at"],
    amounts: ["amount"],
    instants: ["updated_at"],
  },
} as const;

export type DatabaseTable = keyof typeof databaseTables;

/** The column of a table that names a person, if it has one. */
export const personIn = (name: DatabaseTable): string | undefined =>
  (databaseTables[name].exported as Table).options.person;

/** Changes of a table of the shop's database, in the form that Debezium gives them. */
function changesOf(name: DatabaseTable) {
  return table(
    `bronze.${name}_changes`,
    `Changes of the table ${name} of the shop's database as they arrived, a row each, append-only: what an extraction read, or ` +
      "what change data capture sent.",
    {
      value: given("The change's text, exactly. Null for a tombstone, which says only that a key is gone."),
      kafka_topic: given("The topic; extracted for rows that were read from the database itself."),
      kafka_partition: int("The topic's partition.").nullable(),
      kafka_offset: bigint(
        "The message's offset in its partition; of an extraction, how many rows came before.",
      ).nullable(),
      kafka_timestamp: timestamp(
        "When the message was produced; of an extraction, when it began.",
      ).nullable(),
      kafka_key: given("The row's key."),
      kafka_schema_id: int("The schema's number in the registry, of a message that names one.").nullable(),
      op: given("r: read, c: inserted, u: updated, d: deleted, t: the whole table was emptied."),
      before: given(
        "The row before the change as JSON, as far as the database says; of a deletion at least its key.",
      ),
      after: given("The row after the change as JSON, every value as a text; null for a deletion."),
      source: given(
        "Where the change was in the database as JSON: lsn, the transaction, the time of its commit.",
      ),
      transaction: given("The transaction's id and the change's place in it as JSON, where it is told."),
      ...messageAudit,
    },
    {
      ...landsItself,
      files: "envelopes",
      standsFor: databaseTables[name].exported as Table,
      // Most lead to a person, by a number in them or in their order; all are treated alike.
      tags: { sensitivity: "personal" },
      personal: ["value", "before", "after"],
    },
  );
}

export const customers_changes = changesOf("customers");
export const products_changes = changesOf("products");
export const orders_changes = changesOf("orders");
export const order_items_changes = changesOf("order_items");
export const payments_changes = changesOf("payments");

/** The tables of bronze that hold the changes of the database's. */
export const changeTables = {
  customers: customers_changes,
  products: products_changes,
  orders: orders_changes,
  order_items: order_items_changes,
  payments: payments_changes,
} as const;

const watched = { ...landsItself, tags: { sensitivity: "internal" } } as const;

export const database_topic_starts = table(
  "bronze.database_topic_starts",
  "Where the reading of each partition of a topic of database changes started, and where it continued after a loss of messages that a " +
    "person accepted: append-only.",
  topicStart,
  watched,
);

export const database_states = table(
  "bronze.database_states",
  "What tables of the shop's database held when they were counted, a row for each: append-only. A check compares it with silver.",
  {
    observed_at: given("When they were counted, by the database's clock, ISO instant."),
    table_name: given("The table."),
    lsn: given("Where the log stood (LSN), as a number."),
    next_transaction: given("Transactions from this number on had not begun."),
    running_transactions: given("Transactions that were not over, with commas between."),
    confirmed_lsn: given(
      "Up to where in the log all had been sent on or read. Empty if nobody reads the log.",
    ),
    row_count: given("How many rows there were."),
    checksum: given("The sum of the rows' digests."),
    ...audit,
  },
  watched,
);

export const database_slots = table(
  "bronze.database_slots",
  "How far the readers of the shop database's log were, a row for each replication slot and look: append-only. While a slot has no " +
    "reader, the database keeps its log.",
  {
    observed_at: given("When it was looked at, by the database's clock, ISO instant."),
    lsn: given("Where the log stood (LSN), as a number."),
    slot_name: given("The slot."),
    plugin: given("How it writes the log: pgoutput of Debezium."),
    is_active: given("true while somebody reads it."),
    wal_status: given("reserved or extended; unreserved or lost when the database gives its log up."),
    confirmed_lsn: given("Up to where its reader has it, as a number."),
    behind_bytes: given("How many bytes of the log its reader lacks."),
    kept_bytes: given("How many bytes of the log the database keeps for it."),
    is_followed: given(
      "true of the slot of change data capture: the only one, or that of POSTGRES_SLOT. Empty of looks before there were several.",
    ),
    ...audit,
  },
  watched,
);
