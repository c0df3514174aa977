import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { type Day, type ShopSize, calendar } from "./calendar.js";
import { customerTables, customers } from "./customers.js";
import { drawMacros } from "./random.js";
import type { Entity, EntityName } from "./entity.js";
import { orderMacros, orders } from "./orders.js";
import { productTables, products } from "./products.js";
import { createTable } from "./tables.js";

export interface Shop {
  readonly connection: DuckDBConnection;
  readonly entities: Readonly<Record<EntityName, Entity>>;
  close(): void;
}

const calendarColumns =
  "day customers_before customers_after products_before products_after orders_before orders_after drift".split(
    " ",
  );

/** Sets up the shop in memory, with everything that exists at the end of `through`, ready to pick and render rows. */
export async function openShop(size: ShopSize, through: Day, duckdb: Record<string, string>): Promise<Shop> {
  const instance = await DuckDBInstance.create(":memory:", duckdb);
  const connection = await instance.connect();
  const days = calendar(size, through).map((day) => [
    day.day,
    day.customers.before,
    day.customers.after,
    day.products.before,
    day.products.after,
    day.orders.before,
    day.orders.after,
    Math.round(day.drift * 4294967295),
  ]);
  const statements = [
    ...drawMacros,
    ...orderMacros,
    createTable("calendar", calendarColumns, days),
    ...customerTables(size.seed),
    ...productTables(size.seed, days[0]?.[0] ?? size.from),
  ];
  for (const statement of statements) await connection.run(statement);
  return {
    connection,
    entities: {
      customers: customers(size.seed),
      orders: orders(size.seed),
      products: products(size.seed),
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
