import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import type { Given } from "./defaults.ts";
import { lakehouse, step } from "./harness.ts";

type Line = Given<"bronze.campaigns_raw">;

describe("one row per campaign", () => {
  it("the file loaded last wins, whichever name its file has", async () => {
    const lake = await lakehouse();
    await lake.given({
      "bronze.campaigns_raw": [{ budget: "100.00", source_load: 1, source_file: "campaigns/z.csv" }],
    });
    await lake.run("silver.campaigns");
    await lake.given({
      "bronze.campaigns_raw": [
        { campaign: "SPRING", budget: "200.00", source_load: 2, source_file: "campaigns/a.csv" },
      ],
    });
    await lake.run("silver.campaigns");
    expect(await lake.rows(silver.campaigns, "campaign", "budget")).toEqual([
      { campaign: "spring", budget: "200.00" },
    ]);
  });

  it("of two channels in one file the last row's counts, which a check names", async () => {
    const check = "campaigns that one file gives on several channels, of which the last row counts";
    const twice = await step("silver.campaigns", {
      "bronze.campaigns_raw": [{ channel: "social" }, { channel: "email", campaign: "SPRING" }],
    });
    expect(await twice.rows(silver.campaigns, "channel")).toEqual([{ channel: "email" }]);
    expect(twice.outcome.check(check).message).toContain("channel email, other_channel social");
    const repeated = await step("silver.campaigns", { "bronze.campaigns_raw": [{}, { budget: "1.00" }] });
    expect(repeated.outcome.check(check).status).toBe("pass");
  });

  it("end, name and budget may be empty, and an empty currency is the orders' own", async () => {
    const given = await step("silver.campaigns", {
      "bronze.campaigns_raw": [{ end_date: "", name: " ", budget: "", currency: " " }],
    });
    expect(await given.rows(silver.campaigns, "end_date", "name", "budget", "currency")).toEqual([
      { end_date: null, name: null, budget: null, currency: "EUR" },
    ]);
  });

  it("one that ends before it starts is kept and named", async () => {
    const given = await step("silver.campaigns", { "bronze.campaigns_raw": [{ end_date: "2026-02-01" }] });
    expect(await given.rows(silver.campaigns, "campaign")).toEqual([{ campaign: "spring" }]);
    expect(given.outcome.warnings).toEqual(["end_date is not before start_date"]);
  });
});

describe("refused rows", () => {
  it.for([
    ["campaign is missing", { campaign: " " }],
    ["channel is missing", { channel: "" }],
    ["start_date is not a date", { start_date: "" }],
    ["end_date is not a date", { end_date: "open" }],
    ["budget is not an amount", { budget: "5k" }],
    ["budget is negative", { budget: "-5" }],
    ["budget is negative", { budget: "-0.001" }],
    ["currency is no code of three letters", { currency: "EU" }],
  ] satisfies [string, Line][])("%s (%o)", async ([reason, line]) => {
    const given = await step("silver.campaigns", { "bronze.campaigns_raw": [line] });
    expect(await given.rows(silver.rejected_rows, "table_name", "reasons")).toEqual([
      { table_name: "silver.campaigns", reasons: [reason] },
    ]);
    expect(await given.rows(silver.campaigns)).toEqual([]);
  });
});
