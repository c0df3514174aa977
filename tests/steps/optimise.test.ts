import { expect, it } from "vitest";
import { gold } from "shopmetrics";
import { step } from "./harness.ts";

it("care changes no row, and the embedded engine says that it has none to take (FR-011)", async () => {
  const given = await step("ops.optimise", { "gold.daily_sales_summary": [{}], "gold.customer_ltv": [{}] });
  expect(given.outcome.step("ops.optimise")).toMatchObject({
    status: "skipped",
    message: "not on this engine",
    out: 0,
  });
  expect(await given.rows(gold.daily_sales_summary, "revenue")).toEqual([{ revenue: "10.00" }]);
  expect(await given.rows(gold.customer_ltv, "total_revenue")).toEqual([{ total_revenue: "10.00" }]);
});
