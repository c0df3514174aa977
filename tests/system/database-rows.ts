import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Client } from "pg";
import { envelopes, type RawMessage } from "#lib/kafka/envelope.js";
import { landWhole } from "#lib/landing/new-file.js";
import type { Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

/** The steps from the database to silver, and the checks of both: gold takes as long again. */
export const toSilver =
  "bronze.database,silver.dim_customers,silver.dim_products,silver.orders_clean,silver.order_items,silver.payments,ops.data_quality";

/** What silver must hold of a table of the database, as the database itself says it. */
const expected = {
  "silver.orders_clean": [
    "order_id, customer_id, total_amount, order_date, status, updated_at",
    `select order_id, customer_id, total_amount::text, ${utc("order_date")}, status::text, ${utc("updated_at")} from orders`,
  ],
  "silver.order_items": [
    "order_item_id, order_id, product_id, quantity, unit_price, discount, updated_at",
    `select order_item_id, order_id, product_id, quantity::text, unit_price::text, discount::text, ${utc("updated_at")} from order_items`,
  ],
  "silver.payments": [
    "payment_id, order_id, amount, currency, payment_status, transaction_id, updated_at",
    `select payment_id, order_id, amount::text, currency, payment_status::text, transaction_id, ${utc("updated_at")} from payments`,
  ],
  "silver.dim_products": [
    "product_id, product_name, category, price, cost, updated_at",
    `select product_id, product_name, category, price::text, cost::text, ${utc("updated_at")} from products`,
  ],
  "silver.dim_customers where is_current": [
    "customer_id, first_name, email, phone, city, signup_date",
    "select customer_id, first_name, email, phone, city, signup_date::text from customers",
  ],
} as const;

function utc(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')`;
}

/** What the check that compares counts and checksums said of each table in the newest run, and what it measured. */
export async function agreement(shop: Lakehouse): Promise<Record<string, string>> {
  const rows = await query(
    shop,
    `select table_name, status from ops.check_results
      where check_name = 'counts and checksums differ from the database''s'
      qualify row_number() over (partition by table_name order by checked_at desc) = 1 order by table_name`,
  );
  return Object.fromEntries(rows.map(({ table_name, status }) => [String(table_name), String(status)]));
}

export const allAgree = {
  "silver.dim_customers": "pass",
  "silver.dim_products": "pass",
  "silver.order_items": "pass",
  "silver.orders_clean": "pass",
  "silver.payments": "pass",
};

/** Which rows silver has and the database has not, or the other way round, of each table the first three. */
export async function differences(
  shop: Lakehouse,
  database: Client,
): Promise<Record<string, { here: string[]; there: string[] }>> {
  const found: Record<string, { here: string[]; there: string[] }> = {};
  for (const [table, [columns, select]] of Object.entries(expected)) {
    const texts = columns.split(", ").map((name) => `cast(${name} as varchar) as ${name}`);
    const kept = await query(shop, `select ${texts.join(", ")} from ${table}`);
    const { rows } = await database.query<unknown[]>({ text: select, rowMode: "array" });
    const here = kept.map((row) => JSON.stringify(Object.values(row))).toSorted();
    const there = rows.map((row) => JSON.stringify(row)).toSorted();
    if (JSON.stringify(here) === JSON.stringify(there)) continue;
    const [inSilver, inDatabase] = [new Set(here), new Set(there)];
    found[table] = {
      here: here.filter((row) => !inDatabase.has(row)).slice(0, 3),
      there: there.filter((row) => !inSilver.has(row)).slice(0, 3),
    };
  }
  return found;
}

/** A message of change data capture; `value` is its text. */
export const messageOf = (offset: number, key: unknown, value: string): RawMessage => ({
  offset: String(offset),
  timestamp: String(Date.parse("2026-03-01T10:00:00Z")),
  key: Buffer.from(JSON.stringify(key)),
  value: Buffer.from(value),
});

/** Lands messages of a table's topic as one file, as if they had been read there. */
export async function landMessages(
  shop: Lakehouse,
  table: string,
  name: string,
  messages: readonly RawMessage[],
): Promise<void> {
  const folder = path.join(shop.landing, `${table}_changes`);
  await mkdir(folder, { recursive: true });
  await landWhole(folder, `${name}.ndjson`, envelopes(`shop.public.${table}`, 0)(messages));
}
