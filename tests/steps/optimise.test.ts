import { expect, it } from "vitest";
import { gold } from "shopmetrics";
import { step } from "./harness.ts";

it("care changes no row of what people read (FR-011)", async () => {
  const given = await step("ops.optimise", { "gold.daily_sales_summary": [{}], "gold.customer_ltv": [{}] });
  expect(given.outcome.step("ops.optimise")).toMatchObject({
    status: "succeeded",
    out: 0,
  });
  expect(await given.rows(gold.daily_sales_summary, "revenue")).toEqual([{ revenue: "10.00" }]);
  expect(await given.rows(gold.customer_ltv, "total_revenue")).toEqual([{ total_revenue: "10.00" }]);
});
