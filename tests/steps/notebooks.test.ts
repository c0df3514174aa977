/**
 * The unit tests that notebooks hold. Their rows go on record as those of any step test, so that the warehouse's test runs the
 * deployed tasks over them, too, and compares all tables.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { shop } from "#lib/shop/index.js";
import { completeRows } from "#lib/unit/fill.js";
import { runUnitTest } from "#lib/unit/run-unit-test.js";
import { compile } from "../../build/src/compile/compile.ts";
import { openTestEngine } from "./engine.ts";
import { record } from "./recorded.ts";

const { plans, tests } = await compile(fileURLToPath(new URL("../..", import.meta.url)), shop);
const recorded = new Set<string>();

describe("the unit tests of notebooks", () => {
  it.each(
    tests.map(
      (placed) =>
        [
          `${path.basename(placed.place.path)} cell ${placed.place.cell}:${placed.place.line}`,
          placed,
        ] as const,
    ),
  )("%s", async (_, { step, test }) => {
    const plan = plans.find((one) => one.step === step)!;
    const rows = JSON.stringify([step, test.arrivals]);
    if (!recorded.has(rows)) {
      const recorder = record();
      for (const [index, { given }] of test.arrivals.entries()) {
        for (const named of given)
          recorder.round.given.push({
            table: named.table,
            rows: completeRows(shop.tables.get(named.table)!, named, index + 1),
          });
        recorder.ran();
      }
    }
    recorded.add(rows);
    await expect(
      runUnitTest(plan, test, { tables: shop.tables, open: openTestEngine }),
    ).resolves.toBeUndefined();
  });

  it("stand in the notebooks where a rule is best seen by an example", () => {
    const steps = new Set(tests.map(({ step }) => step));
    expect([...steps]).toEqual(
      expect.arrayContaining([
        "gold.customer_ltv",
        "gold.daily_sales_summary",
        "silver.clickstream_clean",
        "silver.clickstream_sessions",
        "silver.dim_customers",
        "silver.orders_clean",
      ]),
    );
  });
});
