/**
 * What the compiler must refuse. Checked by `npm run typecheck`, never run: a line after `@ts-expect-error` that compiles
 * is an error of its own.
 */
/* oxlint-disable vitest/expect-expect -- the assertion is the @ts-expect-error */
import { describe, expectTypeOf, it } from "vitest";
import {
  bronze,
  changes,
  check,
  gold,
  history,
  merge,
  refresh,
  silver,
  sql,
  type ColumnOf,
  type Row,
  type Statement,
} from "shopmetrics";
import { bigint, boolean, money, text, timestamp } from "#lib/contracts/columns.js";
import { table, type OrderOf } from "#lib/contracts/table.js";
import { lakehouse, step } from "../steps/harness.ts";

const rows = sql`select 1 as one`;

describe("rows have the types that their contract says", () => {
  it("money is exact text, instants and dates are ISO text, counts are numbers", () => {
    type Order = Row<typeof silver.orders_clean>;
    expectTypeOf<Order["total_amount"]>().toEqualTypeOf<string>();
    expectTypeOf<Order["quantity"]>().toEqualTypeOf<number>();
    expectTypeOf<Order["order_date"]>().toEqualTypeOf<string>();
    expectTypeOf<Order["customer_key"]>().toEqualTypeOf<string | null>();
    expectTypeOf<Order["status"]>().toEqualTypeOf<"pending" | "completed" | "cancelled" | "refunded">();
    expectTypeOf<Row<typeof silver.dim_customers>["is_current"]>().toEqualTypeOf<boolean>();
    expectTypeOf<Row<typeof silver.rejected_rows>["reasons"]>().toEqualTypeOf<string[]>();
    expectTypeOf<Row<typeof gold.customer_ltv>["ltv_segment"]>().toEqualTypeOf<"High" | "Medium" | "Low">();
  });

  it("everything in bronze is text that may be missing", () => {
    expectTypeOf<Row<typeof bronze.orders_raw>["quantity"]>().toEqualTypeOf<string | null>();
  });

  it("a misspelt column, a missing one or a wrong type is no row", () => {
    type Day = Row<typeof gold.daily_sales_summary>;
    const good = {
      date: "2026-03-10",
      category: "Home",
      revenue: "10.00",
      order_count: 1,
      avg_order_value: "10.00",
      updated_at: "2026-03-11T02:00:00Z",
    };
    const { category, ...rest } = good;
    const fine: Day = good;
    // @ts-expect-error the column is called category
    const misspelt: Day = { ...rest, categroy: category };
    // @ts-expect-error category is missing
    const missing: Day = rest;
    // @ts-expect-error money is text, never a floating-point number
    const floating: Day = { ...good, revenue: 10.0 };
    // @ts-expect-error category is never null
    const empty: Day = { ...good, category: null };
    void [fine, misspelt, missing, floating, empty];
  });

  it("the names of a table's columns are known", () => {
    expectTypeOf<ColumnOf<typeof silver.dim_products>>().toEqualTypeOf<
      | "product_id"
      | "product_name"
      | "category"
      | "subcategory"
      | "source_load"
      | "brand"
      | "price"
      | "cost"
      | "updated_at"
      | "source_file"
      | "source_row"
      | "change_lsn"
    >();
  });
});

describe("a misspelt column does not compile", () => {
  it("in refresh", async () => {
    await refresh(gold.daily_sales_summary, rows, { by: ["date"], in: rows });
    // @ts-expect-error the table has no column day
    await refresh(gold.daily_sales_summary, rows, { by: ["day"], in: rows });
    // @ts-expect-error a scope needs at least one column
    await refresh(gold.daily_sales_summary, rows, { by: [], in: rows });
    // @ts-expect-error a scope needs its values
    await refresh(gold.daily_sales_summary, rows, { by: ["date"] });
  });

  it("in history", async () => {
    await history(silver.dim_customers, rows, { by: "customer_id" });
    // @ts-expect-error the table has no column customer
    await history(silver.dim_customers, rows, { by: "customer" });
  });

  it("in the order of changes, which the contract declares", async () => {
    const logged = table(
      "silver.logged",
      "Rows of a database.",
      { id: text("A key."), price: money("A price.") },
      { key: ["id"], order: { lsn: bigint("Position in the log."), place: bigint("Place at it.") } },
    );
    expectTypeOf<OrderOf<typeof logged>>().toEqualTypeOf<"lsn" | "place">();
    expectTypeOf<ColumnOf<typeof logged>>().toEqualTypeOf<"id" | "price">();
    await merge(logged, rows, { deleted: "is_deleted", order: ["lsn", "place"] });
    // @ts-expect-error the order has no column lns
    await merge(logged, rows, { order: ["lns", "place"] });
    // @ts-expect-error a column of the table is none of the order
    await merge(logged, rows, { order: ["price"] });
    // @ts-expect-error an order has at least one column
    await merge(logged, rows, { order: [] });
    // @ts-expect-error the contract of products declares no order
    await merge(silver.dim_products, rows, { order: ["updated_at"] });
    // @ts-expect-error the option is called deleted
    await merge(logged, rows, { delete: "is_deleted", order: ["lsn", "place"] });
    // @ts-expect-error a history's order has at least one column
    await history(silver.dim_customers, rows, { by: "customer_id", order: [] });
  });

  it("in check.fresh", async () => {
    await check.fresh(silver.orders_clean, "updated_at", { maxHours: 48 });
    // @ts-expect-error the table has no column changed_at
    await check.fresh(silver.orders_clean, "changed_at", { maxHours: 48 });
    // @ts-expect-error a check warns or halts
    await check.fresh(silver.orders_clean, "updated_at", { maxHours: 48, severity: "fatal" });
  });

  it("in a contract's key, newest, tracks, auditColumns, clusterBy and references", () => {
    const shape = {
      id: text("A key."),
      price: money("A price.").nullable(),
      is_new: boolean("A flag."),
      updated_at: timestamp("A time."),
    };
    type Options = NonNullable<Parameters<typeof table<typeof shape>>[3]>;
    expectTypeOf<NonNullable<Options["key"]>[number]>().toEqualTypeOf<
      "id" | "price" | "is_new" | "updated_at"
    >();
    const fine: Options = { key: ["id"], newest: ["updated_at"], tracks: ["price"], clusterBy: ["id"] };
    // @ts-expect-error there is no column idd
    const key: Options = { key: ["idd"] };
    // @ts-expect-error there is no column updated
    const newest: Options = { newest: ["updated"] };
    // @ts-expect-error there is no column prices
    const tracks: Options = { tracks: ["prices"] };
    // @ts-expect-error there is no column updated
    const auditColumns: Options = { auditColumns: ["updated"] };
    // @ts-expect-error there is no column day
    const clusterBy: Options = { clusterBy: ["day"] };
    // @ts-expect-error there is no column customer
    const references: Options = { references: { customer: "silver.dim_customers.customer_id" } };
    void [fine, key, newest, tracks, auditColumns, clusterBy, references];
  });

  it("in a table's name: it stands in a layer", () => {
    // @ts-expect-error platinum is no layer
    expectTypeOf(table("platinum.metals", "No.", {})).toBeObject();
  });

  it("in the name of a table", () => {
    // @ts-expect-error silver has no orders
    void silver.orders;
    void changes(bronze.orders_raw);
  });
});

describe("what is no statement does not compile", () => {
  it("text where a statement is wanted", async () => {
    expectTypeOf(rows).toEqualTypeOf<Statement>();
    // @ts-expect-error SQL comes from the sql tag, never from text
    await merge(silver.dim_products, "select 1");
  });

  it("a value that SQL cannot bind", () => {
    void sql`select ${1}, ${"a"}, ${true}, ${null}, ${silver.orders_clean}, ${rows}`;
    // @ts-expect-error an object is no value
    void sql`select ${{ a: 1 }}`;
    // @ts-expect-error undefined is no value
    void sql`select ${undefined}`;
    // @ts-expect-error an array is no value
    void sql`select ${[1, 2]}`;
  });
});

describe("step tests are typed by the contracts", () => {
  it("upstream rows", async () => {
    await step("silver.orders_clean", { "bronze.orders_raw": [{ order_id: "O1" }, { quantity: null }] });
    // @ts-expect-error the column is called order_id
    await step("silver.orders_clean", { "bronze.orders_raw": [{ oder_id: "O1" }] });
    // @ts-expect-error bronze is text
    await step("silver.orders_clean", { "bronze.orders_raw": [{ quantity: 1 }] });
    // @ts-expect-error there is no such table
    await step("silver.orders_clean", { "bronze.order_raw": [{ order_id: "O1" }] });
  });

  it("expected rows", async () => {
    const lake = await lakehouse();
    const days = await lake.rows(gold.daily_sales_summary, "date", "revenue");
    expectTypeOf(days).toEqualTypeOf<Pick<Row<typeof gold.daily_sales_summary>, "date" | "revenue">[]>();
    // @ts-expect-error the table has no column day
    await lake.rows(gold.daily_sales_summary, "day");
  });
});
