import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { fromOrders, step, type Lakehouse } from "./harness.ts";

const cohorts = "gold.customer_cohorts";
const toCohorts = fromOrders(cohorts);

const cells = (lake: Lakehouse) =>
  lake.rows(gold.customer_cohorts, "cohort_month", "months_since", "customers", "active_customers");

describe("cohorts of the month of signup by months since (FR-014)", () => {
  it("active customers are counted once a month, with their share and their revenue", async () => {
    const given = await step(toCohorts, {
      "silver.dim_customers": ["C1", "C2", "C3"].map((customer_id) => ({
        customer_id,
        signup_date: "2026-01-31",
      })),
      "silver.orders_clean": [
        { order_id: "O1", customer_id: "C1", order_date: "2026-01-31T00:00:00Z", total_amount: "1.00" },
        { order_id: "O2", customer_id: "C1", order_date: "2026-03-01T00:00:00Z", total_amount: "2.00" },
        { order_id: "O3", customer_id: "C1", order_date: "2026-03-31T23:59:59Z", total_amount: "4.00" },
        { order_id: "O4", customer_id: "C2", order_date: "2026-03-31T23:59:59Z", total_amount: "8.00" },
        { order_id: "O5", customer_id: "C3", status: "pending" },
      ],
    });
    const cohort = { cohort_month: "2026-01-01", customers: 3 };
    expect(await given.contents(gold.customer_cohorts)).toEqual([
      { ...cohort, months_since: 0, active_customers: 1, active_rate: "0.3333", revenue: "1.00" },
      { ...cohort, months_since: 2, active_customers: 2, active_rate: "0.6667", revenue: "14.00" },
    ]);
  });

  it("months count across the year's end", async () => {
    const given = await step(toCohorts, {
      "silver.dim_customers": [{ signup_date: "2024-12-31" }],
      "silver.orders_clean": [{ order_date: "2026-02-01T00:00:00Z" }],
    });
    expect(await cells(given)).toEqual([
      { cohort_month: "2024-12-01", months_since: 0, customers: 1, active_customers: 0 },
      { cohort_month: "2024-12-01", months_since: 14, customers: 1, active_customers: 1 },
    ]);
  });

  it("a cohort has a row for month 0 also when nobody bought", async () => {
    const given = await step(toCohorts, { "silver.dim_customers": [{ signup_date: "2024-02-29" }] });
    expect(await given.contents(gold.customer_cohorts)).toEqual([
      {
        cohort_month: "2024-02-01",
        months_since: 0,
        customers: 1,
        active_customers: 0,
        active_rate: "0.0000",
        revenue: "0.00",
      },
    ]);
  });

  it("an order placed before the signup counts as month 0", async () => {
    const given = await step(toCohorts, {
      "silver.dim_customers": [{ signup_date: "2026-03-15" }],
      "silver.orders_clean": [{ order_date: "2025-11-01T00:00:00Z" }],
    });
    expect(await cells(given)).toEqual([
      { cohort_month: "2026-03-01", months_since: 0, customers: 1, active_customers: 1 },
    ]);
  });

  it("customers without a signup date belong to no cohort", async () => {
    const given = await step(toCohorts, {
      "silver.dim_customers": [{ signup_date: null }],
      "silver.orders_clean": [{}],
    });
    expect(await cells(given)).toEqual([]);
  });

  it("a customer with several versions is one member, of the cohort of the current one", async () => {
    const given = await step(toCohorts, {
      "silver.dim_customers": [
        { effective_start_date: "2026-01-01T00:00:00Z", effective_end_date: "2026-02-01T00:00:00Z" },
        { effective_start_date: "2026-02-01T00:00:00Z", signup_date: "2026-02-01" },
      ],
      "silver.orders_clean": [{ order_date: "2026-02-10T00:00:00Z" }],
    });
    expect(await cells(given)).toEqual([
      { cohort_month: "2026-02-01", months_since: 0, customers: 1, active_customers: 1 },
    ]);
  });
});

describe("only touched cohorts are computed again", () => {
  it("a new member changes the size in all rows of the cohort, and no other cohort", async () => {
    const lake = await step(toCohorts, {
      "silver.dim_customers": [
        { customer_id: "C1", signup_date: "2026-01-01" },
        { customer_id: "C2", signup_date: "2026-02-01" },
      ],
      "silver.orders_clean": [{ customer_id: "C1", order_date: "2026-03-01T00:00:00Z" }],
    });
    await lake.given({ "silver.dim_customers": [{ customer_id: "C3", signup_date: "2026-01-20" }] });
    const outcome = await lake.run(toCohorts);
    expect(outcome.step(cohorts).out).toBe(2);
    expect(await cells(lake)).toEqual([
      { cohort_month: "2026-01-01", months_since: 0, customers: 2, active_customers: 0 },
      { cohort_month: "2026-01-01", months_since: 2, customers: 2, active_customers: 1 },
      { cohort_month: "2026-02-01", months_since: 0, customers: 1, active_customers: 0 },
    ]);
  });

  it("a corrected signup date moves the customer from one cohort to the other", async () => {
    const steps = `silver.dim_customers,${toCohorts}`;
    const lake = await step(steps, {
      "bronze.customers_raw": [
        { customer_id: "C1", signup_date: "2026-01-01" },
        { customer_id: "C2", signup_date: "2026-01-01" },
      ],
    });
    await lake.given({
      "bronze.customers_raw": [
        { customer_id: "C2", signup_date: "2026-02-01", updated_at: "2026-05-01T00:00:00Z" },
      ],
    });
    await lake.run(steps);
    expect(await cells(lake)).toEqual([
      { cohort_month: "2026-01-01", months_since: 0, customers: 1, active_customers: 0 },
      { cohort_month: "2026-02-01", months_since: 0, customers: 1, active_customers: 0 },
    ]);
    await lake.given({
      "bronze.customers_raw": [
        { customer_id: "C1", signup_date: "2026-02-01", updated_at: "2026-05-01T00:00:00Z" },
      ],
    });
    await lake.run(steps);
    expect(await cells(lake)).toEqual([
      { cohort_month: "2026-02-01", months_since: 0, customers: 2, active_customers: 0 },
    ]);
  });

  it("an order that changes hands or is refunded leaves the old cohort right", async () => {
    const lake = await step(toCohorts, {
      "silver.dim_customers": [
        { customer_id: "C1", signup_date: "2026-01-01" },
        { customer_id: "C2", signup_date: "2026-02-01" },
      ],
      "silver.orders_clean": [{ customer_id: "C1", order_date: "2026-03-01T00:00:00Z" }],
    });
    await lake.given({ "silver.orders_clean": [{ customer_id: "C2", order_date: "2026-03-01T00:00:00Z" }] });
    await lake.run(toCohorts);
    const nobody = [
      { cohort_month: "2026-01-01", months_since: 0, customers: 1, active_customers: 0 },
      { cohort_month: "2026-02-01", months_since: 0, customers: 1, active_customers: 0 },
    ];
    expect(await cells(lake)).toEqual([
      ...nobody,
      { cohort_month: "2026-02-01", months_since: 1, customers: 1, active_customers: 1 },
    ]);
    await lake.given({ "silver.orders_clean": [{ customer_id: "C2", status: "refunded" }] });
    await lake.run(toCohorts);
    expect(await cells(lake)).toEqual(nobody);
  });

  it("a customer who turns up after their orders brings them into the cohort", async () => {
    const lake = await step(toCohorts, { "silver.orders_clean": [{ order_date: "2026-03-10T00:00:00Z" }] });
    await lake.given({ "silver.dim_customers": [{ signup_date: "2026-02-10" }] });
    await lake.run(toCohorts);
    expect(await cells(lake)).toEqual([
      { cohort_month: "2026-02-01", months_since: 0, customers: 1, active_customers: 0 },
      { cohort_month: "2026-02-01", months_since: 1, customers: 1, active_customers: 1 },
    ]);
  });
});
