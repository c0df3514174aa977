import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import type { Given } from "./defaults.ts";
import { lakehouse, step } from "./harness.ts";

type Line = Given<"bronze.payments_raw">;

describe("one row per payment", () => {
  it("the newest change wins, and what did not change is not written again", async () => {
    const lake = await lakehouse();
    await lake.given({
      "bronze.payments_raw": [{ payment_status: "pending", updated_at: "2026-03-10T12:00:00Z" }],
    });
    await lake.run("silver.payments");
    await lake.given({
      "bronze.payments_raw": [
        { payment_status: "completed", updated_at: "2026-03-10T12:05:00Z" },
        { payment_status: "failed", updated_at: "2026-03-10T11:00:00Z" },
      ],
    });
    await lake.run("silver.payments");
    expect(await lake.rows(silver.payments, "payment_id", "payment_status")).toEqual([
      { payment_id: "M1", payment_status: "completed" },
    ]);
    expect((await lake.run("silver.payments")).step("silver.payments")).toMatchObject({ in: 0, out: 0 });
  });

  it("case and spaces do not matter, and an empty currency is the orders' own", async () => {
    const given = await step("silver.payments", {
      "bronze.payments_raw": [
        { currency: " usd ", payment_status: " Completed", payment_method: "Card ", transaction_id: " " },
        { payment_id: "M2", currency: "" },
      ],
    });
    expect(
      await given.rows(
        silver.payments,
        "payment_id",
        "currency",
        "payment_status",
        "payment_method",
        "transaction_id",
      ),
    ).toEqual([
      {
        payment_id: "M1",
        currency: "USD",
        payment_status: "completed",
        payment_method: "card",
        transaction_id: null,
      },
      {
        payment_id: "M2",
        currency: "EUR",
        payment_status: "completed",
        payment_method: "card",
        transaction_id: "ch_1",
      },
    ]);
  });

  it.for(["pending", "failed", "cancelled"] as const)(
    "a %s payment without a date has that of its last change",
    async (status) => {
      const given = await step("silver.payments", {
        "bronze.payments_raw": [
          { payment_status: status, payment_date: "", updated_at: "2026-03-10T12:05:00Z" },
        ],
      });
      expect(await given.rows(silver.payments, "payment_date")).toEqual([
        { payment_date: "2026-03-10T12:05:00Z" },
      ]);
    },
  );

  it("half cents are rounded up and named; a payment of an unknown order is kept and named", async () => {
    const given = await step("silver.payments", {
      "silver.orders_clean": [{ order_id: "O9" }],
      "bronze.payments_raw": [{ amount: "10.005" }],
    });
    expect(await given.rows(silver.payments, "amount")).toEqual([{ amount: "10.01" }]);
    expect(given.outcome.warnings).toEqual([
      "amounts with more than two decimals, rounded half up",
      "order_id is known in silver.orders_clean",
    ]);
  });
});

describe("refused payments", () => {
  it.for([
    ["payment_id is missing", { payment_id: "" }],
    ["amount is missing", { amount: " " }],
    ["amount is not an amount", { amount: "ten" }],
    ["amount is negative", { amount: "-10.00" }],
    ["amount is negative", { amount: "-0.001" }],
    ["currency is no code of three letters", { currency: "€" }],
    ["currency is no code of three letters", { currency: "EURO" }],
    ["payment_status is not known", { payment_status: "done" }],
    ["payment_status is not known", { payment_status: null }],
    ["payment_date is not a date", { payment_date: "" }],
    ["payment_date is not a date", { payment_date: "10.03.2026", payment_status: "pending" }],
    ["payment_date is more than 1 day after it was loaded", { payment_date: "2062-03-10" }],
    ["payment_date is before 1900-01-01", { payment_date: "0026-03-10" }],
    ["updated_at is not a timestamp", { updated_at: "" }],
  ] satisfies [string, Line][])("%s (%o)", async ([reason, line]) => {
    const given = await step("silver.payments", { "bronze.payments_raw": [line] });
    expect(await given.rows(silver.rejected_rows, "table_name", "reasons")).toEqual([
      { table_name: "silver.payments", reasons: [reason] },
    ]);
    expect(await given.rows(silver.payments)).toEqual([]);
  });
});
