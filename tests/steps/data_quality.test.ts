import { expect, it } from "vitest";
import { ops } from "shopmetrics";
import { lakehouse, step } from "./harness.ts";

const verdict = "ops.data_quality";

const header =
  "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at";
const line = (id: string, day: string) => `${id},,P1,1,10.00,10.00,${day},completed,${day}`;

it("a whole run over good files passes every check and keeps each result in ops.check_results (FR-005)", async () => {
  const lake = await lakehouse();
  await lake.land("orders/orders.csv", `${header}\n${line("O1", new Date().toISOString())}\n`);
  const { report } = await lake.run();
  const measured = report.steps.flatMap(({ checks }) => checks);
  expect(measured.filter(({ status }) => status === "fail")).toEqual([]);
  const kept = await lake.rows(ops.check_results, "run_id", "step", "check_name", "status");
  expect(kept).toHaveLength(measured.length);
  expect(kept).toContainEqual({
    run_id: report.runId,
    step: verdict,
    check_name: "lifetime value equals daily sales",
    status: "pass",
  });
});

it("bronze that holds more than the ledger of files halts (NFR-007)", async () => {
  const lake = await lakehouse();
  await lake.land("orders/orders.csv", `${header}\n${line("O1", "2026-03-01")}\n`);
  await lake.run("bronze.orders_raw");
  await lake.run(verdict);
  await lake.given({ "bronze.orders_raw": [{ order_id: "FORGED" }] });
  const failed = await lake.fails(verdict);
  expect(failed.message).toContain('check "bronze differs from the ledger of files" of bronze.orders_raw: 1');
});

it.for([
  ["revenue of completed orders equals daily sales", { "gold.fct_orders": [{ total_reporting: "10.01" }] }],
  [
    "lifetime value equals daily sales",
    { "gold.fct_orders": [{}], "gold.customer_ltv": [{ total_revenue: "10.01" }] },
  ],
  [
    "product revenue equals daily sales",
    {
      "gold.fct_orders": [{}],
      "gold.customer_ltv": [{}],
      "gold.product_performance": [{ total_revenue: "9.99" }],
    },
  ],
  [
    "completed orders equal daily sales",
    {
      "gold.fct_orders": [{}],
      "gold.customer_ltv": [{}],
      "gold.product_performance": [{}],
      "gold.daily_order_status": [{ amount: "9.99" }, { status: "refunded", amount: "0.01" }],
    },
  ],
  [
    "revenue of all regions equals daily sales",
    {
      "gold.fct_orders": [{}],
      "gold.customer_ltv": [{}],
      "gold.product_performance": [{}],
      "gold.daily_order_status": [{}],
      "gold.daily_sales_by_region": [{ revenue: "9.99" }],
    },
  ],
  [
    "cohorts hold the revenue of all customers with a signup date",
    {
      "gold.fct_orders": [{}],
      "gold.customer_ltv": [{}],
      "gold.product_performance": [{}],
      "gold.daily_order_status": [{}],
      "gold.daily_sales_by_region": [{}],
      "gold.customer_cohorts": [{ revenue: "10.01" }],
    },
  ],
] as const)("gold tables that tell of different revenue halt: %s", async ([name, tables]) => {
  const lake = await lakehouse();
  await lake.given({ "gold.daily_sales_summary": [{}], ...tables });
  expect((await lake.fails(verdict)).message).toContain(`check "${name}"`);
});

it("gold that differs from a plain sum over the exports warns (AC-005)", async () => {
  const lake = await lakehouse();
  const day = "2026-03-01";
  const changed = `O1,,P1,1,10.00,12.00,${day},completed,2026-03-02`;
  await lake.land(
    "orders/o1.csv",
    `${header}\n${line("O1", day)}\n${line("O2", day)}\nO3,,P1,2,7.50,,${day},completed,${day}\n`,
  );
  await lake.land("orders/o2.csv", `${header}\n${changed}\nO4,,P1,1,1.00,-1.00,${day},completed,${day}\n`);
  const name = "revenue equals that of the exports' latest lines";
  expect((await lake.run()).check(name)).toMatchObject({ status: "pass", figure: 0 });
  await lake.taken("gold.daily_sales_summary", { date: day, category: "Unknown" });
  const gone = await lake.fails(verdict);
  expect(gone.message).toContain("revenue of completed orders equals daily sales");
  await lake.land("orders/o3.csv", `${header}\n${line("O5", day)}\n`);
  await lake.run("bronze.orders_raw");
  await lake.run("gold.daily_sales_summary", { full: true });
  const late = (await lake.run(verdict)).check(name);
  expect(late).toMatchObject({ status: "warn" });
  expect(late.figure).toBeCloseTo(10 / 47, 5);
});

it("a newest change in the future is no proof of freshness", async () => {
  const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();
  const given = await step(verdict, {
    "silver.orders_clean": [{ updated_at: hours(20) }],
    "silver.clickstream_clean": [{ received_at: hours(-72) }],
  });
  expect(given.outcome.check("hours by which the newest updated_at lies in the future")).toMatchObject({
    status: "warn",
    threshold: 1,
  });
  expect(given.outcome.check("received_at is fresh")).toMatchObject({ status: "warn" });
});

it("orders that are older than two days only warn, with their age in hours", async () => {
  const updated_at = new Date(Date.now() - 72 * 3_600_000).toISOString();
  const given = await step(verdict, { "silver.orders_clean": [{ updated_at }] });
  const check = given.outcome.check("updated_at is fresh");
  expect(check).toMatchObject({ status: "warn", threshold: 48 });
  expect(check.figure).toBeCloseTo(72, 1);
});

it("an empty warehouse is no error: it warns that there are no sales", async () => {
  const given = await step(verdict, {});
  expect(given.outcome.warnings).toEqual(["at least 1 rows"]);
  expect(given.outcome.check("updated_at is fresh")).toMatchObject({ status: "pass", figure: null });
});
