import { existsSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { literal } from "../../engine/duckdb/literals.js";
import { InputError } from "../../errors.js";
import type { Catalog } from "./visit.js";

/**
 * Customers and products from the landed exports, so that silver knows the customers and products of the events.
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
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
