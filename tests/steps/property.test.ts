import { describe, expect, it } from "vitest";
import { bronze, gold, silver } from "shopmetrics";
import { lakehouse, type Lakehouse } from "./harness.ts";
import { randomHistory } from "./history.ts";

// PROPERTY_RUNS=2000 npx vitest run --project steps property
// A failure names its seed: PROPERTY_SEED=<seed> PROPERTY_RUNS=1 runs that history alone.
const runs = Number(process.env["PROPERTY_RUNS"] ?? 3);
const first = Number(process.env["PROPERTY_SEED"] ?? 1);
const seeds = Array.from({ length: runs }, (_, index) => first + index);

const raw = [
  bronze.customers_raw,
  bronze.products_raw,
  bronze.orders_raw,
  bronze.order_items_raw,
  bronze.payments_raw,
  bronze.currency_rates_raw,
  bronze.campaigns_raw,
  bronze.marketing_spend_raw,
  bronze.clickstream_raw,
];
const kept = [
  silver.dim_customers,
  silver.dim_products,
  silver.orders_clean,
  silver.order_items,
  silver.payments,
  silver.refunds,
  silver.currency_rates,
  silver.campaigns,
  silver.marketing_spend,
  silver.clickstream_clean,
  silver.clickstream_late,
  silver.clickstream_sessions,
  silver.visitor_identities,
  silver.rejected_rows,
  gold.dim_date,
  gold.fct_order_items,
  gold.fct_orders,
  gold.fct_daily_revenue,
  gold.order_touches,
  gold.marketing_performance,
  gold.daily_sales_summary,
  gold.daily_order_status,
  gold.daily_sales_by_region,
  gold.customer_ltv,
  gold.product_performance,
  gold.customer_cohorts,
  gold.hourly_traffic_metrics,
  gold.conversion_funnel,
];
const steps = [...raw, ...kept].map(({ name }) => name).filter((name) => name !== "silver.rejected_rows");
/** The pages of the dashboard keep no table and have their own tests. */
const pipeline = [...steps, "ops.data_quality"].join(",");

describe("however a history arrives and however runs are cut, the tables are the same (NFR-007)", () => {
  it.for(seeds)("history %i", async (seed) => {
    const { batches, random } = randomHistory(seed);

    const lake = await lakehouse();
    for (const files of batches) {
      for (const { path, text } of files) await lake.land(path, text);
      // Some runs do only some steps, some recompute, some days nobody runs anything.
      for (let runsOfDay = Math.floor(random() * 3); runsOfDay > 0; runsOfDay--) {
        const some = random() < 0.5 ? steps.filter(() => random() < 0.6) : steps;
        if (some.length > 0) await lake.run(some.join(","), { full: random() < 0.15 });
      }
    }
    await lake.run(pipeline);
    const incremental = await contents(lake);

    const again = await lake.run(pipeline);
    const worked = again.report.steps.filter(({ status }) => status === "succeeded");
    expect(
      worked.map(({ step }) => step),
      "a run with nothing new has nothing to do but the verdict",
    ).toEqual(["ops.data_quality"]);

    const full = await lake.run(pipeline, { full: true });
    expect(await contents(lake), "--full over the same bronze").toEqual(incremental);
    const rewritten = full.report.steps.filter(({ out, deleted }) => out + deleted > 0);
    expect(
      rewritten.map(({ step }) => step),
      "--full rewrites no row that is right",
    ).toEqual([]);

    const fresh = await lakehouse();
    for (const { path, text } of batches.flat()) await fresh.land(path, text);
    await fresh.run(pipeline);
    expect(await contents(fresh), "a fresh warehouse that loads everything at once").toEqual(incremental);
  });
});

async function contents(lake: Lakehouse): Promise<Record<string, object[]>> {
  const tables: Record<string, object[]> = {};
  for (const table of [...raw, ...kept]) tables[table.name] = await lake.contents(table);
  return tables;
}
