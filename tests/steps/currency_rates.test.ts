import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import type { Given } from "./defaults.ts";
import { lakehouse, step, type Lakehouse } from "./harness.ts";

type Line = Given<"bronze.currency_rates_raw">;

/** The rows of a pair of which the list beside the notebook knows nothing. */
const rowsOf = async (lake: Lakehouse, one: string, other: string) =>
  (await lake.rows(silver.currency_rates)).filter(
    ({ base, quote }) => [base, quote].toSorted().join() === [one, other].toSorted().join(),
  );

async function arriving(...batches: Line[][]): Promise<Lakehouse> {
  const lake = await lakehouse();
  for (const [index, lines] of batches.entries()) {
    await lake.given({
      "bronze.currency_rates_raw": lines.map((line) => ({ source_load: index + 1, ...line })),
    });
    await lake.run("silver.currency_rates");
  }
  return lake;
}

const friday: Line = { date: "2026-09-04", rate: "11.50" };
const monday: Line = { date: "2026-09-07", rate: "11.60" };

describe("a rate for each day", () => {
  it("of two rates in one file the last row counts, which a check names; the same one turned round is no other", async () => {
    const check = "days of which one file gives two rates, of which the last row counts";
    const twice = await step("silver.currency_rates", {
      "bronze.currency_rates_raw": [friday, { ...friday, rate: "11.70" }],
    });
    expect(await rowsOf(twice, "EUR", "NOK")).toMatchObject([{ rate: "11.70000000" }]);
    expect(twice.outcome.check(check).message).toContain("rate 11.50000000, other_rate 11.70000000");
    const turned = await step("silver.currency_rates", {
      "bronze.currency_rates_raw": [friday, friday, { ...friday, base: "NOK", quote: "EUR", rate: "0.087" }],
    });
    expect(turned.outcome.check(check).status).toBe("pass");
  });

  it("weekends have Friday's, marked; the newest rate holds for all later days", async () => {
    const lake = await arriving([friday, monday]);
    const of = { base: "EUR", quote: "NOK" };
    expect(await rowsOf(lake, "EUR", "NOK")).toEqual([
      {
        ...of,
        date: "2026-09-04",
        rate: "11.50000000",
        known_date: "2026-09-04",
        is_filled: false,
        valid_until: "2026-09-05",
      },
      {
        ...of,
        date: "2026-09-05",
        rate: "11.50000000",
        known_date: "2026-09-04",
        is_filled: true,
        valid_until: "2026-09-06",
      },
      {
        ...of,
        date: "2026-09-06",
        rate: "11.50000000",
        known_date: "2026-09-04",
        is_filled: true,
        valid_until: "2026-09-07",
      },
      {
        ...of,
        date: "2026-09-07",
        rate: "11.60000000",
        known_date: "2026-09-07",
        is_filled: false,
        valid_until: null,
      },
    ]);
  });

  it("a day that comes later fills the gap behind it, and one that comes late changes only what follows it", async () => {
    const saturday: Line = { date: "2026-09-05", rate: "11.52" };
    const late = await arriving([friday], [monday], [saturday]);
    const sorted = await arriving([friday, saturday, monday]);
    expect(await rowsOf(late, "EUR", "NOK")).toEqual(await rowsOf(sorted, "EUR", "NOK"));
    expect((await rowsOf(late, "EUR", "NOK")).map(({ rate }) => rate.slice(0, 5))).toEqual([
      "11.50",
      "11.52",
      "11.52",
      "11.60",
    ]);
  });

  it("of two rates for one day the file loaded later counts, and the days filled from it follow", async () => {
    const lake = await arriving([friday, monday], [{ ...friday, rate: "11.40" }]);
    expect((await rowsOf(lake, "EUR", "NOK")).map(({ rate }) => rate.slice(0, 5))).toEqual([
      "11.40",
      "11.40",
      "11.40",
      "11.60",
    ]);
  });

  it("a pair that lands the other way round is turned", async () => {
    const lake = await arriving([
      { ...friday, base: "NOK", quote: "EUR", rate: "0.08" },
      { ...monday, rate: "11.60" },
    ]);
    expect(await rowsOf(lake, "EUR", "NOK")).toMatchObject([
      { base: "EUR", quote: "NOK", date: "2026-09-04", rate: "12.50000000" },
      { date: "2026-09-05" },
      { date: "2026-09-06" },
      { base: "EUR", quote: "NOK", date: "2026-09-07", rate: "11.60000000", valid_until: null },
    ]);
  });

  it("a run without anything new writes nothing", async () => {
    const lake = await arriving([friday, monday]);
    expect((await lake.run("silver.currency_rates")).step("silver.currency_rates")).toMatchObject({
      status: "skipped",
    });
  });

  it("all from the beginning gives the same rows", async () => {
    const lake = await arriving([friday, monday], [{ ...friday, rate: "11.40" }]);
    const before = await lake.contents(silver.currency_rates);
    await lake.run("silver.currency_rates", { full: true });
    expect(await lake.contents(silver.currency_rates)).toEqual(before);
  });
});

describe("the list beside the notebook", () => {
  it("has euros in six currencies, each day from January 2022", async () => {
    const lake = await lakehouse();
    await lake.run("silver.currency_rates");
    const rows = await lake.rows(silver.currency_rates);
    expect([...new Set(rows.map(({ base, quote }) => `${base} ${quote}`))].toSorted()).toEqual(
      ["CHF", "GBP", "JPY", "PLN", "SEK", "USD"].map((quote) => `EUR ${quote}`),
    );
    const dollars = rows.filter(({ quote }) => quote === "USD");
    expect(dollars[0]).toMatchObject({ date: "2022-01-01", is_filled: false });
    expect(dollars[1]).toMatchObject({ date: "2022-01-02", known_date: "2022-01-01", is_filled: true });
    expect(dollars.at(-1)).toMatchObject({ date: "2026-11-01", valid_until: null });
    const days = (Date.parse(dollars.at(-1)!.date) - Date.parse(dollars[0]!.date)) / 86_400_000 + 1;
    expect(dollars).toHaveLength(days);
  });

  it("a landed rate wins over it, and for a week; a month later the list counts again", async () => {
    const lake = await arriving([{ date: "2026-02-26", quote: "USD", rate: "1.5" }]);
    const dollars = new Map((await rowsOf(lake, "EUR", "USD")).map((row) => [row.date, row]));
    expect(dollars.get("2026-02-25")).toMatchObject({ known_date: "2026-02-01" });
    expect(dollars.get("2026-02-26")).toMatchObject({ rate: "1.50000000", is_filled: false });
    expect(dollars.get("2026-03-01")).toMatchObject({ rate: "1.50000000", known_date: "2026-02-26" });
    expect(dollars.get("2026-04-01")).toMatchObject({ known_date: "2026-04-01", is_filled: false });
  });

  it("is turned where the pair lands the other way round", async () => {
    const lake = await arriving([{ date: "2026-02-26", base: "USD", quote: "EUR", rate: "0.8" }]);
    const pairs = new Set((await rowsOf(lake, "EUR", "USD")).map(({ base, quote }) => `${base} ${quote}`));
    expect([...pairs]).toEqual(["USD EUR"]);
  });
});

it("a rate that is far from the one before is named", async () => {
  const lake = await arriving([friday]);
  await lake.given({ "bronze.currency_rates_raw": [{ ...monday, rate: "116.00" }] });
  const { warnings } = await lake.run("silver.currency_rates");
  expect(warnings).toEqual(["new rates that differ from the one before by more than a fifth"]);
});

describe("refused rates", () => {
  it.for([
    ["date is not a date", { date: "4.9.2026" }],
    ["date is more than 1 day after it was loaded", { date: "2099-09-04" }],
    ["base is no code of three letters", { base: "" }],
    ["quote is no code of three letters", { quote: "crowns" }],
    ["base and quote are the same", { quote: "eur " }],
    ["rate is not a number", { rate: "11,50" }],
    ["rate is not above 0", { rate: "0" }],
    ["rate is not above 0", { rate: "-11.5" }],
    ["rate is not above 0", { rate: "0.000000001" }],
  ] satisfies [string, Line][])("%s (%o)", async ([reason, line]) => {
    const given = await step("silver.currency_rates", { "bronze.currency_rates_raw": [line] });
    expect(await given.rows(silver.rejected_rows, "table_name", "reasons")).toEqual([
      { table_name: "silver.currency_rates", reasons: [reason] },
    ]);
    expect(await rowsOf(given, "EUR", "NOK")).toEqual([]);
  });
});
