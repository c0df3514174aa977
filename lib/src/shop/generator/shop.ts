import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { type Day, type ShopSize, calendar } from "./calendar.js";
import { customerTables, customers } from "./customers.js";
import { drawMacros } from "./random.js";
import type { Entity, EntityName } from "./entity.js";
import { marketing } from "./campaigns.js";
import { orderItems } from "./order-items.js";
import { orders } from "./orders.js";
import { payments, paymentTable } from "./payments.js";
import { productTables, products } from "./products.js";
import { type Currencies, salesMacros, salesTables } from "./sales.js";
import { stripeEntities } from "./stripe.js";
import { createTable } from "./tables.js";

export interface Shop {
  readonly connection: DuckDBConnection;
  readonly entities: ReadonlyMap<EntityName, Entity>;
  /** Fills the tables that the exports of sales on a day read, unless they are there. */
  sell(day: Day, isHistory: boolean): Promise<void>;
  close(): void;
}

/** Visits of these days before an order may lead to it. */
export const daysAhead = 14;

const calendarColumns =
  "day customers_before customers_after products_before products_after orders_before orders_after drift".split(
    " ",
  );

/** Sets up the shop in memory, with everything that exists at the end of `through`, ready to pick and render rows. */
export async function openShop(
  size: ShopSize & Currencies,
  through: Day,
  duckdb: Record<string, string>,
): Promise<Shop> {
  const instance = await DuckDBInstance.create(":memory:", duckdb);
  const connection = await instance.connect();
  const days = calendar(size, through + daysAhead).map((day) => [
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
    ...salesMacros,
    createTable("calendar", calendarColumns, days),
    ...customerTables(size.seed),
    ...productTables(size.seed, days[0]?.[0] ?? size.from),
  ];
  const run = async (some: readonly string[]) => {
    for (const statement of some) await connection.run(statement);
  };
  await run(statements);
  const { campaigns, marketing_spend } = marketing(size, size);
  const entities = [
    customers(size.seed),
    products(size.seed),
    orders(size.seed),
    orderItems,
    payments,
    campaigns,
  ].concat(marketing_spend, stripeEntities);
  let sold: Day | undefined;
  return {
    connection,
    entities: new Map(entities.map((entity) => [entity.name, entity])),
    async sell(day, isHistory) {
      if (sold === day) return;
      await run([...salesTables(size.seed, size, day, isHistory), paymentTable(size.seed)]);
      sold = day;
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
