import { InputError } from "../errors.js";
import { stopSignal } from "../plan/session.js";
import { day, isoDate } from "../pull/cursor.js";
import { land, type Landable, type Slice } from "../pull/land.js";
import { patientFetch, ServiceDown, withoutSecrets } from "../pull/patient-fetch.js";
import { settings, type CurrencyRatesSettings } from "../settings.js";
import { load } from "../verbs/load.js";
import { currency_rates_raw } from "./commerce-bronze.js";

const folder = "currency_rates";

const advice =
  "Check CURRENCY_RATES_URL. The next run asks for the missing days; until then, the last known rates stand.";

/**
 * Loads what has landed of exchange rates, then lands those that the service has and bronze has not. Without settings it only
 * loads. A service that is down stops no run: a warning says so, and silver goes on with the last known rates.
 *
 * @throws InputError when the service refuses the request, which asking again cannot change
 */
export async function landCurrencyRates(source: CurrencyRatesSettings | undefined): Promise<void> {
  if (!source) return load(currency_rates_raw, { from: folder });
  const fetch = patientFetch({
    service: "The service of exchange rates",
    advice,
    requestsPerSecond: 5,
    signal: stopSignal(),
  });
  const read = (slice: Slice) => ratesOf(source, slice, fetch);
  await land(folder, read, {
    into: currency_rates_raw,
    key: ["date", "base", "quote"],
    cursor: { column: "date", is: "date" },
    version: "rate",
    since: source.since,
    // Today's rates are not final until the evening, and corrections come within days.
    overlapDays: 7,
    sliceDays: 366,
    rowsOfFile: 100_000,
    goesOnWithout: true,
  });
}

async function* ratesOf(
  { url: template }: CurrencyRatesSettings,
  slice: Slice,
  fetch: typeof globalThis.fetch,
): AsyncGenerator<readonly Landable[]> {
  const from = isoDate(slice.from);
  const to = isoDate(Math.floor(slice.to / day) * day - day);
  const url = template
    .replaceAll("{from}", from)
    .replaceAll("{to}", to)
    .replaceAll("{base}", settings().look.currency);
  const response = await fetch(url, { headers: { accept: "application/json" } });
  const text = await response.text();
  if (!response.ok)
    throw new InputError(
      `The service of exchange rates refused ${withoutSecrets(url)} with status ${response.status}: ${text.slice(0, 200)}. ` +
        `Check CURRENCY_RATES_URL.`,
    );
  const rates = ratesIn(JSON.parse(text) as unknown);
  if (!rates)
    throw new ServiceDown(
      `The service of exchange rates answered ${withoutSecrets(url)} with no document of rates, which has a date, a base and ` +
        `rates: ${text.slice(0, 80)}. ${advice}`,
    );
  // Some services give the last working day before a holiday too.
  yield rates.filter(({ date }) => date === null || (date! >= from && date! <= to));
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The rates in a document: of a day (`{ date, base, rates: { USD: 1.16 } }`), of a range (`{ base, rates: { "2026-11-26": { USD:
 * 1.16 } } }`), or a list (`[{ date, base, quote, rate }]`). A rate that is no number is kept as it is; silver refuses it.
 */
export function ratesIn(document: unknown): Landable[] | undefined {
  if (Array.isArray(document))
    return document.map((item: unknown) => {
      const { date, base, quote, rate } = isObject(item) ? item : ({ rate: item } as Json);
      return row(textOf(date), textOf(base), textOf(quote), rate);
    });
  if (!isObject(document) || !isObject(document["rates"])) return undefined;
  const base = textOf(document["base"]);
  const date = textOf(document["date"]);
  if (base === null) return undefined;
  return Object.entries(document["rates"]).flatMap(([name, value]) => {
    if (isObject(value)) return Object.entries(value).map(([quote, rate]) => row(name, base, quote, rate));
    return date === null ? [] : [row(date, base, name, value)];
  });
}

const row = (date: string | null, base: string | null, quote: string | null, rate: unknown): Landable => ({
  date,
  base,
  quote,
  rate:
    typeof rate === "number" ? decimal(rate) : typeof rate === "string" ? rate : JSON.stringify(rate ?? null),
});

const textOf = (value: unknown) => (typeof value === "string" ? value : null);

/** Without an exponent, which a decimal column does not take. */
const decimal = (value: number) =>
  /e/.test(String(value)) ? value.toFixed(15).replace(/\.?0+$/, "") : String(value);
