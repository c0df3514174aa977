import { existsSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { literal } from "../../engine/duckdb/literals.js";
import { InputError } from "../../errors.js";
import type { Catalog } from "./visit.js";

/**
 * Customers, products and the campaigns that run today from the landed exports, so that silver knows those of the events.
 *
 * @throws InputError when no customers or products have landed
 */
export async function landedCatalog(landing: string): Promise<Catalog> {
  for (const entity of ["customers", "products"])
    if (!existsSync(path.join(landing, entity)))
      throw new InputError(
        `${path.join(landing, entity)} does not exist: events need customers and products. Run \`npx shopmetrics generate\` first.`,
      );
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const options = "header = true, all_varchar = true, ignore_errors = true, union_by_name = true";
  const exports = (entity: string) => `read_csv(${literal(path.join(landing, entity, "*.csv"))}, ${options})`;
  const select = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  try {
    const customers = await select(
      `select distinct customer_id from ${exports("customers")} where customer_id is not null order by 1`,
    );
    const products = await select(
      `select product_id, max(cast(try_cast(price as decimal(12, 2)) as varchar)) as price from ${exports("products")}
where product_id is not null group by 1 having price is not null order by 1`,
    );
    const campaigns = existsSync(path.join(landing, "campaigns"))
      ? await select(
          `select distinct campaign, channel from ${exports("campaigns")} where campaign is not null
and current_date between try_cast(start_date as date) and coalesce(try_cast(end_date as date), current_date) order by 1, 2`,
        )
      : [];
    if (customers.length === 0 || products.length === 0)
      throw new InputError(
        `${landing} holds exports without customers or without products, and events need both. Run \`npx shopmetrics generate\` first.`,
      );
    return {
      customers: customers.map((row) => String(row["customer_id"])),
      products: products.map((row) => ({
        product_id: String(row["product_id"]),
        price: String(row["price"]),
      })),
      campaigns: campaigns.map((row) => ({
        campaign: String(row["campaign"]),
        channel: String(row["channel"]),
      })),
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
