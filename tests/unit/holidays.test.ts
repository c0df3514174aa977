import { describe, expect, it } from "vitest";
import { holidays } from "shopmetrics";

const given = async (country: string, years: { from: number; to: number }, locale = "en-GB") => {
  const { strings, values } = await holidays(country, { ...years, locale });
  const days = strings.flatMap((text) => [...text.matchAll(/date'([\d-]+)'/g)].map(([, day]) => day!));
  return new Map(days.map((day, index) => [day, values[index]]));
};
const year = { from: 2026, to: 2026 };

describe("the public holidays of a country", () => {
  it("are those of the whole country, by the names that the locale's language has for them", async () => {
    const german = await given("DE", year);
    expect(german.get("2026-10-03")).toBe("National Holiday");
    expect(german.has("2026-01-06"), "Epiphany is a holiday in three states only").toBe(false);
    expect((await given("DE", year, "de-DE")).get("2026-01-01")).toBe("Neujahr");
  });

  it("move with Easter and the weekend, and cover the years asked for", async () => {
    const british = await given("GB", { from: 2026, to: 2027 });
    expect(british.get("2026-04-03")).toBe("Good Friday");
    expect(british.get("2027-03-26")).toBe("Good Friday");
    expect([...british.keys()].every((day) => /^202[67]-/.test(day))).toBe(true);
  });

  it("are all whole days of a feast", async () => {
    const turkish = await given("TR", year, "en-GB");
    const feast = [...turkish].filter(([day]) => day >= "2026-05-25" && day <= "2026-06-01");
    expect(feast.map(([day]) => day)).toEqual([27, 28, 29, 30].map((day) => `2026-05-${day}`));
  });

  it("are one for each day, in the order of days", async () => {
    for (const country of ["US", "FR", "IN", "IL", "CN", "JP"]) {
      const days = [...(await given(country, { from: 2024, to: 2028 })).keys()];
      expect(days, country).toEqual([...new Set(days)].toSorted());
      expect(days.length, country).toBeGreaterThan(20);
    }
  });

  it("of a country that nobody has written down are an error that names the setting and the known ones", async () => {
    await expect(holidays("XX", { ...year, locale: "en" })).rejects.toThrow(
      /^SHOPMETRICS_COUNTRY=XX: no public holidays are known of this country\. Set the code of one of these: AD, AE, .*\bDE\b/,
    );
  });
});
