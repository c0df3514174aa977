import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import type { Given } from "./defaults.ts";
import { lakehouse, step } from "./harness.ts";

type Line = Given<"bronze.marketing_spend_raw">;

describe("one row per day, channel and campaign", () => {
  it("the file loaded last wins, and in one file the last row, which a check names", async () => {
    const lake = await lakehouse();
    await lake.given({ "bronze.marketing_spend_raw": [{ spend: "100.00", source_load: 1 }] });
    await lake.run("silver.marketing_spend");
    await lake.given({
      "bronze.marketing_spend_raw": [
        { spend: "90.00", source_load: 2 },
        { spend: "95.00", source_load: 2 },
      ],
    });
    const second = await lake.run("silver.marketing_spend");
    expect(await lake.rows(silver.marketing_spend, "spend")).toEqual([{ spend: "95.00" }]);
    expect(
      second.check("days of a campaign that one file gives twice, of which the last row counts").message,
    ).toContain("2026-03-10 paid spring");
    expect((await lake.run("silver.marketing_spend")).step("silver.marketing_spend")).toMatchObject({
      in: 0,
      out: 0,
    });
  });

  it("channel and campaign are lower case; without a campaign it is (none); impressions may be unknown", async () => {
    const given = await step("silver.marketing_spend", {
      "bronze.marketing_spend_raw": [
        { channel: " Paid", campaign: "SPRING ", currency: "usd" },
        { channel: "email", campaign: " ", impressions: "", clicks: null },
      ],
    });
    expect(
      await given.rows(silver.marketing_spend, "channel", "campaign", "currency", "impressions", "clicks"),
    ).toEqual([
      { channel: "email", campaign: "(none)", currency: "EUR", impressions: null, clicks: null },
      { channel: "paid", campaign: "spring", currency: "USD", impressions: 1000, clicks: 50 },
    ]);
  });
});

describe("refused rows", () => {
  it.for([
    ["date is not a date", { date: "March 10" }],
    ["date is not a date", { date: "2026" }],
    ["date is more than 1 day after it was loaded", { date: "2036-03-10" }],
    ["channel is missing", { channel: "" }],
    ["spend is missing", { spend: "" }],
    ["spend is not an amount", { spend: "12 EUR" }],
    ["spend is negative", { spend: "-0.001" }],
    ["currency is no code of three letters", { currency: "euro" }],
    ["impressions is not a whole number", { impressions: "1.5" }],
    ["impressions is negative", { impressions: "-1" }],
    ["clicks is not a whole number", { clicks: "many" }],
  ] satisfies [string, Line][])("%s (%o)", async ([reason, line]) => {
    const given = await step("silver.marketing_spend", { "bronze.marketing_spend_raw": [line] });
    expect(await given.rows(silver.rejected_rows, "table_name", "reasons")).toEqual([
      { table_name: "silver.marketing_spend", reasons: [reason] },
    ]);
    expect(await given.rows(silver.marketing_spend)).toEqual([]);
  });
});
