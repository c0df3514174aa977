import { InputError } from "../errors.js";
import type { Statement } from "../sql/statement.js";
import { valuesOf } from "./seed.js";

const dayMillis = 86_400_000;

/**
 * The public holidays of a whole country, as a select of `date` and `holiday`, its name. They are computed when the notebook is
 * compiled, or when its cell runs, and become part of the step. Holidays of one region only are left out.
 *
 * @param country its code of two letters
 * @param options.from the first year
 * @param options.to the last year
 * @param options.locale in whose language the names are, where they are known in it; otherwise in English or the country's own
 * @example
 * const free = await holidays(settings().business.country, { from: 2000, to: 2040, locale: settings().look.locale });
 *
 * @throws InputError when nobody has written down the country's holidays
 */
export async function holidays(
  country: string,
  { from, to, locale }: { from: number; to: number; locale: string },
): Promise<Statement> {
  const { default: Holidays } = await import("date-holidays");
  const known = Object.keys(new Holidays().getCountries());
  if (!known.includes(country))
    throw new InputError(
      `SHOPMETRICS_COUNTRY=${country}: no public holidays are known of this country. Set the code of one of these: ` +
        `${known.toSorted().join(", ")}.`,
    );
  const calendar = new Holidays(country, {
    languages: [locale.slice(0, 2).toLowerCase(), "en"],
    types: ["public"],
  });
  const names = new Map<string, string>();
  for (let year = from; year <= to; year++)
    for (const { date, name, start, end } of calendar.getHolidays(year)) {
      // A feast may take days, of which whole ones count. That of a change of clocks has an hour less.
      const days = Math.max(1, Math.floor((end.getTime() - start.getTime()) / dayMillis + 0.1));
      for (let index = 0; index < days; index++) {
        const day = new Date(Date.parse(date.slice(0, 10)) + index * dayMillis).toISOString().slice(0, 10);
        if (!names.has(day)) names.set(day, name);
      }
    }
  return valuesOf({ date: "date", holiday: "string" }, [...names].toSorted());
}
