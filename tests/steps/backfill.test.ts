import { beforeEach, describe, expect, it } from "vitest";
import { gold, ops, type Table } from "shopmetrics";
import { fromOrders, lakehouse, type Lakehouse, type Outcome } from "./harness.ts";

const days = { from: "2026-03-10", to: "2026-03-11" };
const sales = "gold.daily_sales_summary";
const tables = [
  gold.conversion_funnel,
  gold.customer_cohorts,
  gold.customer_ltv,
  gold.daily_order_status,
  gold.daily_sales_by_region,
  gold.daily_sales_summary,
  gold.fct_daily_revenue,
  gold.hourly_traffic_metrics,
  gold.product_performance,
];
/** What the others are computed from: their rows are of orders. */
const facts = [gold.fct_order_items, gold.fct_orders];
const pipeline = [...facts, ...tables].map(({ name }) => name).join(",");

let lake: Lakehouse;
beforeEach(async () => {
  lake = await lakehouse();
  const each = ["2026-02-01", "2026-03-10", "2026-03-11", "2026-04-20"];
  await lake.given({
    "silver.dim_products": [{ product_id: "P1", category: "Home" }],
    "silver.dim_customers": each.map((signup_date, n) => ({ customer_id: `C${n}`, signup_date })),
    "silver.orders_clean": each.map((day, n) => ({
      order_id: `O${n}`,
      customer_id: `C${n}`,
      product_id: "P1",
      order_date: `${day}T10:00:00Z`,
      total_amount: `${n + 1}0.00`,
    })),
    "silver.clickstream_clean": each.map((day, n) => ({
      event_id: `E${n}`,
      customer_id: `C${n}`,
      product_id: "P1",
      event_ts: `${day}T10:00:00Z`,
      event_date: day,
    })),
  });
  await lake.run(pipeline);
});

const contents = async (all: readonly Table[] = [...facts, ...tables]) =>
  Object.fromEntries(
    await Promise.all(all.map(async (table) => [table.name, await lake.contents(table)] as const)),
  );

/** What a run says that it changed in each table. */
const changed = ({ report }: Outcome) =>
  Object.fromEntries(
    report.steps.flatMap(({ step, changed: rows }) =>
      rows ? [[step, [rows.added, rows.changed, rows.removed]] as const] : [],
    ),
  );

const nothing = Object.fromEntries([...facts, ...tables].map(({ name }) => [name, [0, 0, 0]]));

describe("a backfill of business dates", () => {
  it("mends the rows of its dates, leaves others as they are, and says which rows it changed", async () => {
    await lake.damage(
      `update ${sales} set revenue = 1 where date = date'2026-03-10'`,
      `delete from ${sales} where date = date'2026-03-11'`,
      `insert into ${sales} (date, category, revenue, order_count, avg_order_value, updated_at)
values (date'2026-03-10', 'Ghost', 5, 1, 5, timestamp'2026-03-12 00:00:00')`,
      `update ${sales} set revenue = 2 where date = date'2026-04-20'`,
    );
    const outcome = await lake.run(sales, { backfill: days });
    expect(await lake.rows(gold.daily_sales_summary, "date", "category", "revenue")).toEqual([
      { date: "2026-02-01", category: "Home", revenue: "10.00" },
      { date: "2026-03-10", category: "Home", revenue: "20.00" },
      { date: "2026-03-11", category: "Home", revenue: "30.00" },
      { date: "2026-04-20", category: "Home", revenue: "2.00" },
    ]);
    expect(outcome.report.backfill).toEqual(days);
    expect(outcome.step(sales).changed).toEqual({
      added: 1,
      changed: 1,
      removed: 1,
      keys: { added: ["2026-03-11 Home"], changed: ["2026-03-10 Home"], removed: ["2026-03-10 Ghost"] },
    });
    const last = (await lake.rows(ops.step_runs)).find(({ rows_added }) => rows_added !== null);
    expect(last).toMatchObject({
      step: sales,
      rows_added: 1,
      rows_changed: 1,
      rows_removed: 1,
      changed_keys: "added: 2026-03-11 Home / changed: 2026-03-10 Home / removed: 2026-03-10 Ghost",
    });
    expect((await lake.rows(ops.runs, "from_date", "to_date")).filter(({ from_date }) => from_date)).toEqual([
      { from_date: days.from, to_date: days.to },
    ]);
  });

  it("changes nothing where the rows are right, also when it is repeated", async () => {
    const before = await contents();
    expect(changed(await lake.run(pipeline, { backfill: days }))).toEqual(nothing);
    await lake.damage(`delete from ${sales} where date = date'2026-03-11'`);
    expect(changed(await lake.run(pipeline, { backfill: days }))).toEqual({ ...nothing, [sales]: [1, 0, 0] });
    expect(changed(await lake.run(pipeline, { backfill: days }))).toEqual(nothing);
    expect(await contents()).toEqual(before);
  });

  it("computes every table anew: days, hours, months, and customers and cohorts with orders or signups of its days", async () => {
    const before = await contents();
    await lake.damage(
      `update gold.conversion_funnel set page_views = 9 where date <> date'2026-02-01'`,
      `update gold.daily_order_status set amount = 9 where date <> date'2026-02-01'`,
      `update gold.daily_sales_by_region set revenue = 9 where date <> date'2026-02-01'`,
      `update gold.fct_daily_revenue set refund = 9 where date <> date'2026-02-01'`,
      `update gold.fct_orders set units = 9 where date <> date'2026-02-01'`,
      `update gold.hourly_traffic_metrics set events = 9 where date <> date'2026-02-01'`,
      `update gold.product_performance set units_sold = 9 where month <> date'2026-02-01'`,
      `update gold.customer_ltv set total_revenue = 9 where customer_id <> 'C0'`,
      `update gold.customer_cohorts set revenue = 9 where cohort_month <> date'2026-02-01'`,
    );
    expect(changed(await lake.run(pipeline, { backfill: days }))).toEqual({
      "gold.conversion_funnel": [0, 2, 0],
      "gold.customer_cohorts": [0, 1, 0],
      "gold.customer_ltv": [0, 2, 0],
      "gold.daily_order_status": [0, 2, 0],
      "gold.daily_sales_by_region": [0, 2, 0],
      [sales]: [0, 0, 0],
      "gold.fct_daily_revenue": [0, 2, 0],
      "gold.fct_order_items": [0, 0, 0],
      "gold.fct_orders": [0, 2, 0],
      "gold.hourly_traffic_metrics": [0, 2, 0],
      "gold.product_performance": [0, 1, 0],
    });
    const rest = { from: "2026-04-20", to: "2026-04-20" };
    expect(changed(await lake.run(pipeline, { backfill: rest }))).toEqual({
      "gold.conversion_funnel": [0, 1, 0],
      "gold.customer_cohorts": [0, 1, 0],
      "gold.customer_ltv": [0, 1, 0],
      "gold.daily_order_status": [0, 1, 0],
      "gold.daily_sales_by_region": [0, 1, 0],
      [sales]: [0, 0, 0],
      "gold.fct_daily_revenue": [0, 1, 0],
      "gold.fct_order_items": [0, 0, 0],
      "gold.fct_orders": [0, 1, 0],
      "gold.hourly_traffic_metrics": [0, 1, 0],
      "gold.product_performance": [0, 1, 0],
    });
    expect(await contents()).toEqual(before);
  });

  it("brings back rows that are lost, and takes away rows that nothing stands behind", async () => {
    const before = await contents();
    await lake.damage(
      ...tables.map(({ name }) => `delete from ${name}`),
      ...facts.map(
        ({ name }) => `delete from ${name} where date between date'2026-03-10' and date'2026-03-11'`,
      ),
      `insert into gold.hourly_traffic_metrics
(hour, date, events, page_views, unique_visitors, add_to_carts, purchases, searches, updated_at)
values (timestamp'2026-03-10 03:00:00', date'2026-03-10', 1, 1, 1, 0, 0, 0, timestamp'2026-03-12 00:00:00')`,
      `insert into gold.customer_ltv (customer_id, total_revenue, order_count, first_order_date, last_order_date, ltv_segment, updated_at)
values ('nobody', 1, 1, date'2026-03-10', date'2026-03-10', 'Low', timestamp'2026-03-12 00:00:00')`,
      `insert into gold.customer_cohorts (cohort_month, months_since, customers, active_customers, active_rate, revenue, updated_at)
values (date'2025-12-01', 3, 1, 1, 1, 1, timestamp'2026-03-12 00:00:00')`,
    );
    expect(changed(await lake.run(pipeline, { backfill: days }))).toEqual({
      "gold.conversion_funnel": [2, 0, 0],
      "gold.customer_cohorts": [1, 0, 1],
      "gold.customer_ltv": [2, 0, 1],
      "gold.daily_order_status": [2, 0, 0],
      "gold.daily_sales_by_region": [2, 0, 0],
      [sales]: [2, 0, 0],
      "gold.fct_daily_revenue": [2, 0, 0],
      "gold.fct_order_items": [2, 0, 0],
      "gold.fct_orders": [2, 0, 0],
      "gold.hourly_traffic_metrics": [2, 0, 1],
      "gold.product_performance": [1, 0, 0],
    });
    await lake.run(pipeline, { backfill: { from: "2026-01-01", to: "2026-12-31" } });
    expect(await contents()).toEqual(before);
  });

  it("takes a key that stands twice for one row", async () => {
    const before = await contents([gold.daily_sales_summary]);
    await lake.damage(`insert into ${sales} select * from ${sales} where date = date'2026-03-10'`);
    expect(changed(await lake.run(sales, { backfill: days }))).toEqual({ [sales]: [0, 1, 0] });
    expect(await contents([gold.daily_sales_summary])).toEqual(before);
  });

  it("also takes in what is new, and leaves nothing to the next run", async () => {
    await lake.given({
      "silver.orders_clean": [{ order_id: "O9", order_date: "2026-04-25T10:00:00Z", total_amount: "5.00" }],
    });
    const one = [1, 0, 0];
    expect(changed(await lake.run(fromOrders(sales), { backfill: days }))).toEqual({
      "gold.fct_order_items": one,
      "gold.fct_orders": one,
      [sales]: one,
    });
    expect((await lake.run(sales)).step(sales)).toMatchObject({ status: "skipped", message: "nothing new" });
  });

  it("is warned by a check of the whole table that would halt another run, and names no row of other dates", async () => {
    await lake.damage(
      `update ${sales} set revenue = 1 where date = date'2026-03-10'`,
      `delete from ${sales} where date = date'2026-04-20'`,
    );
    const outcome = await lake.run(sales, { backfill: days });
    expect(outcome.check("revenue equals that of completed orders").status).toBe("warn");
    expect(changed(outcome)).toEqual({ [sales]: [0, 1, 0] });
    await lake.given({ "silver.orders_clean": [{ order_id: "O9", total_amount: "5.00" }] });
    const failed = await lake.fails(fromOrders(sales));
    expect(failed.message).toContain('check "revenue equals that of completed orders"');
  });

  it("runs gold steps and the pages that show their tables, whatever is new elsewhere", async () => {
    const { report } = await lake.run(undefined, { backfill: days });
    const steps = report.steps.map(({ step }) => step);
    expect(steps.filter((step) => !step.startsWith("dashboard.")).toSorted()).toEqual(
      [...facts, ...tables, gold.marketing_performance, gold.order_touches, gold.product_ratings]
        .map(({ name }) => name)
        .toSorted(),
    );
    expect(steps).toContain("dashboard.sales");
  });
});

it("a run without such dates computes no day anew and counts no changed rows", async () => {
  await lake.damage(`update ${sales} set revenue = 1 where date = date'2026-03-10'`);
  const outcome = await lake.run(pipeline);
  expect(outcome.report.backfill).toBeUndefined();
  expect(outcome.report.steps.map(({ status }) => status)).toEqual(
    [...facts, ...tables].map(() => "skipped"),
  );
});
