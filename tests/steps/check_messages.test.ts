import { expect, it } from "vitest";
import { ops, silver } from "shopmetrics";
import { lakehouse, step } from "./harness.ts";

/*
 * What people read of a check. The engine that measures it makes the words, so these tests hold on each engine, and what
 * the step tests leave is compared between them.
 */

it("a row's key and what was judged name it: up to three of the rows, in the order of their names", async () => {
  const orders = Array.from({ length: 40 }, (_, index) => ({
    order_id: `O-${index + 1001}`,
    ...(index < 4 && { quantity: "2", unit_price: "10.00", total_amount: "99.50" }),
  }));
  const given = await step("silver.orders_clean", { "bronze.orders_raw": orders });
  const totals = given.outcome.check("total_amount is quantity × unit_price, give or take a third");
  expect(totals.message).toBe(
    "4 of 40 rows, such as O-1001: quantity 2, unit_price 10.00, total_amount 99.50 and " +
      "O-1002: quantity 2, unit_price 10.00, total_amount 99.50 and O-1003: quantity 2, unit_price 10.00, total_amount 99.50; at most 0",
  );
  expect(given.outcome.check("status is one of pending, completed, cancelled, refunded").message).toBe(
    "0 of 40 rows; at most 0",
  );
});

it("an unknown reference is named with the row, and so is a value that is missing where one has to be", async () => {
  const given = await step("silver.orders_clean", {
    "bronze.orders_raw": [
      { order_id: "O1", product_id: "P9", customer_id: "C9" },
      { order_id: "O2", product_id: null, customer_id: "C9" },
    ],
  });
  expect(given.outcome.check("product_id is known in silver.dim_products").message).toBe(
    "1 of 2 rows, such as O1: product_id P9; at most 0",
  );
  const known = given.outcome.check("customer_key is known in silver.dim_customers");
  expect(known.message).toBe(
    "2 of 2 rows, such as O1: customer_key null and O2: customer_key null; at most 0",
  );
});

it("a key that is not unique is named", async () => {
  const lake = await lakehouse();
  const row = { date: "2026-03-01", category: "Toys" };
  const twice = lake.given({ "gold.daily_sales_summary": [row, row, { ...row, category: "Books" }] });
  await expect(twice).rejects.toThrow("1 of 3 rows, such as 2026-03-01 Toys; at most 0");
});

it("a share is in percent, of so many rows, with the refused rows by file and place and their reasons", async () => {
  const orders = Array.from({ length: 8 }, (_, index) => ({
    order_id: `O${index}`,
    ...(index === 5 && { status: "lost", quantity: "x" }),
    ...(index === 2 && { order_date: "soon" }),
    source_file: "orders/o.csv",
  }));
  const given = await step("silver.orders_clean", { "bronze.orders_raw": orders });
  expect(given.outcome.check("refused orders").message).toBe(
    "25 % (2 of 8 rows), such as orders/o.csv row 3: reasons order_date is not a date and " +
      "orders/o.csv row 6: reasons quantity is not a number, status is not known; at most 5 %",
  );
  expect(given.outcome.check("null order_id").message).toBe("0 % (0 of 8 rows); at most 1 %");
  expect(await given.rows(silver.rejected_rows, "reasons")).toHaveLength(2);
});

it("rows that should not be there are counted by themselves and named by what the check selects", async () => {
  const prices = (price: string, cost: string) => ({ price, cost });
  const given = await step("silver.dim_products", {
    "bronze.products_raw": [
      { product_id: "P1", ...prices("3.00", "4.50") },
      { product_id: "P2", ...prices("9.999", "1.00") },
      { product_id: "P3", ...prices("9.99", "1.00") },
    ],
  });
  expect(given.outcome.check("priced below cost").message).toBe(
    "1 row, such as P1: price 3.00, cost 4.50; at most 0",
  );
  expect(given.outcome.check("amounts with more than two decimals, rounded half up").message).toBe(
    "1 row, such as P2: price 9.999, cost 1.00; at most 0",
  );
});

it("one thing is told as one", async () => {
  const given = await step("silver.clickstream_sessions", { "silver.clickstream_clean": [{}] });
  expect(given.outcome.check("sessions hold each event once").message).toBe(
    "1 event, as expected; at most 0 % apart",
  );
  expect(given.outcome.check("converted is not null").message).toBe("0 of 1 row; at most 0");
});

it("two sums are told with what they are of, and how far they are apart", async () => {
  const lake = await lakehouse();
  await lake.given({
    "gold.daily_sales_summary": [{ revenue: "1234567.50" }],
    "gold.fct_orders": [{ total_reporting: "1234567.50" }],
    "gold.customer_ltv": [{ total_revenue: "1234568.00" }],
  });
  const failed = await lake.fails("ops.data_quality");
  expect(failed.message).toMatch(
    /cell \d+:\d+: check "lifetime value equals daily sales" of gold\.customer_ltv: 1,234,568\.00 instead of 1,234,567\.50 in the shop's currency, less than 0\.0001 % apart; at most 0 % apart$/,
  );
  const kept = (await lake.rows(ops.check_results)).find(({ status }) => status === "fail");
  expect(failed.message).toContain(`of gold.customer_ltv: ${kept!.message}`);
  expect(failed.message).toContain(`cell ${kept!.cell}:${kept!.line}: `);
});

it("ages are in hours, an empty table has nothing to measure, and too few rows say how many there are", async () => {
  const updated_at = new Date(Date.now() - 72.5 * 3_600_000).toISOString();
  const given = await step("ops.data_quality", { "silver.orders_clean": [{ updated_at }] });
  const messages = (name: string) =>
    given.outcome.report.steps
      .flatMap(({ checks }) => checks)
      .filter((check) => check.name === name)
      .map(({ table, message }) => `${table}: ${message}`);
  expect(messages("updated_at is fresh")).toEqual([
    "silver.orders_clean: 72.5 hours; at most 48 hours",
    "silver.dim_products: nothing to measure; at most 744 hours",
    "silver.order_items: nothing to measure; at most 48 hours",
    "silver.payments: nothing to measure; at most 48 hours",
  ]);
  expect(messages("hours by which the newest updated_at lies in the future")[0]).toBe(
    "silver.orders_clean: 0 hours; at most 1 hour",
  );
  expect(messages("at least 1 rows")).toEqual([
    "gold.daily_sales_summary: 1 row too few (0 rows); at most 0",
  ]);
});

it("names, e-mail addresses and phone numbers of persons are in no message", async () => {
  const given = await step("silver.dim_customers", {
    "bronze.customers_raw": [
      { customer_id: "C1", first_name: "x".repeat(2500), email: "ada@example.com" },
      { customer_id: "", first_name: "Grace", email: "grace@example.com", phone: "0123" },
    ],
  });
  const results = await given.rows(ops.check_results);
  expect(results.some(({ sample }) => sample)).toBe(true);
  const told = results.map(({ sample, message }) => `${sample} ${message}`).join("\n");
  expect(told).not.toMatch(/xxx|Grace|@|0123/);
});
