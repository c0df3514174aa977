import { describe, expect, it } from "vitest";
import { gold } from "shopmetrics";
import { lakehouse, step } from "./harness.ts";

const calendar = "gold.dim_date";
const firstOrder = (order_date: string) => ({ "silver.orders_clean": [{ order_date }] });

describe("one row per day", () => {
  it("of the years whose holidays are known, also of a shop without orders", async () => {
    const given = await step(calendar, {});
    const days = (await given.rows(gold.dim_date, "date")).map(({ date }) => date);
    expect([days[0], days.at(-1), days.length]).toEqual(["2000-01-01", "2040-12-31", 41 * 365 + 11]);
  });

  it("and of years before and after them in which somebody ordered, of which a check warns", async () => {
    const lake = await lakehouse();
    await lake.given({
      "silver.orders_clean": [
        { order_id: "O1", order_date: "1998-06-15T10:00:00Z" },
        { order_id: "O2", order_date: "2041-01-01T00:00:00Z" },
      ],
    });
    const { report } = await lake.run(calendar);
    const days = await lake.rows(gold.dim_date, "date");
    expect([days[0]!.date, days.at(-1)!.date]).toEqual(["1998-01-01", "2041-12-31"]);
    expect(report.steps[0]!.checks.filter(({ status }) => status === "warn")).toMatchObject([
      { name: "years without known holidays", failedRows: 3 },
    ]);
  });

  it("says what kind of day it is; weeks are those of ISO 8601", async () => {
    const given = await step(calendar, firstOrder("2026-06-15T10:00:00Z"), { date: "2026-03-11" });
    const rows = new Map((await given.contents(gold.dim_date)).map((row) => [row["date"], row]));
    expect(rows.get("2027-01-03")).toEqual({
      date: "2027-01-03",
      year: 2027,
      quarter: 1,
      month: 1,
      day: 3,
      month_name: "January",
      month_start: "2027-01-01",
      quarter_start: "2027-01-01",
      week: 53,
      week_year: 2026,
      week_start: "2026-12-28",
      weekday: 7,
      weekday_name: "Sunday",
      is_weekend: true,
      holiday: null,
      fiscal_year: 2027,
      fiscal_quarter: 1,
    });
    expect(rows.get("2026-12-25")).toMatchObject({ weekday_name: "Friday", is_weekend: false, week: 52 });
    const holidays = [...rows.values()].filter(({ year, holiday }) => year === 2026 && holiday !== null);
    expect(holidays.map(({ date, holiday }) => [date, holiday])).toEqual([
      ["2026-01-01", "New Year's Day"],
      ["2026-04-03", "Good Friday"],
      ["2026-04-06", "Easter Monday"],
      ["2026-05-01", "Labour Day"],
      ["2026-05-14", "Ascension Day"],
      ["2026-05-25", "Whit Monday"],
      ["2026-10-03", "National Holiday"],
      ["2026-12-25", "Christmas Day"],
      ["2026-12-26", "Boxing Day"],
    ]);
  });
});

describe("a calendar does not change from day to day", () => {
  it("new orders of known years write no row, and without new ones it has nothing to do", async () => {
    const lake = await step(calendar, firstOrder("2025-06-15T10:00:00Z"));
    await lake.given({ "silver.orders_clean": [{ order_id: "O2", order_date: "2026-01-01T00:00:00Z" }] });
    expect((await lake.run(calendar, { date: "2026-03-12" })).step(calendar)).toMatchObject({
      out: 0,
      deleted: 0,
    });
    expect((await lake.run(calendar, { date: "2027-01-01" })).step(calendar)).toMatchObject({
      status: "skipped",
      message: "nothing new",
    });
  });
});
