import { InputError } from "../errors.js";
import { stopSignal, warn } from "../plan/session.js";
import { day, isoDate, secondsOf } from "../pull/cursor.js";
import { land, type Landable, type Slice } from "../pull/land.js";
import { excerpt, patientFetch, secretsIn, ServiceDown, withoutSecrets } from "../pull/patient-fetch.js";
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
  let [answers, given] = [0, 0];
  const read = async function* (slice: Slice) {
    for await (const page of ratesOf(source, slice, fetch)) {
      answers++;
      given += page.length;
      yield page;
    }
  };
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
  // The week that is read again had rates when it was read before, so not even a holiday explains this.
  if (answers > 0 && given === 0)
    warn(
      `${folder}: the service of exchange rates gave no rate in ${answers} ${answers === 1 ? "answer" : "answers"}. ${advice}`,
    );
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
  // A refusal may repeat the key.
  const said = (text: string) =>
    excerpt(secretsIn(url).reduce((kept, secret) => kept.replaceAll(secret, "…"), text));
  const response = await fetch(url, { headers: { accept: "application/json" } });
  const text = await response.text();
  if (!response.ok)
    throw new InputError(
      `The service of exchange rates refused ${withoutSecrets(url)} with status ${response.status}: ` +
        `${said(text)}. ` +
        `Check CURRENCY_RATES_URL.`,
    );
  const rates = ratesIn(JSON.parse(text) as unknown);
  if (!rates)
    throw new ServiceDown(
      `The service of exchange rates answered ${withoutSecrets(url)} with no document of rates, which has a date, a base and ` +
        `rates: ${said(text)}. ${advice}`,
    );
  // Some services give the last working day before a holiday too.
  const asked = rates.filter(({ date }) => date === null || (date! >= from && date! <= to));
  // Of a pair that is there twice for a day the last rate counts: both would land anew in each run.
  yield [...new Map(asked.map((row) => [nameOf(row), row])).values()];
}

const nameOf = ({ date, base, quote, rate }: Landable) =>
  JSON.stringify(date === null ? rate : [date, base, quote]);

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The rates in a document: of a day (`{ date, base, rates: { USD: 1.16 } }`), of a range (`{ base, rates: { "2026-11-26": { USD:
 * 1.16 } } }`), or a list (`[{ date, base, quote, rate }]`). A rate that is no number is kept as it is, and what has no day as its text;
 * silver refuses both.
 */
export function ratesIn(document: unknown): Landable[] | undefined {
  if (Array.isArray(document))
    return document.map((item: unknown) => {
      if (!isObject(item)) return unreadable(item);
      const { date, base, quote, rate } = item;
      return row(date, base, quote, rate);
    });
  if (!isObject(document) || !isObject(document["rates"])) return undefined;
  const { base, date, rates } = document;
  if (typeof base !== "string") return undefined;
  const entries = Object.entries(rates as Json);
  if (date === undefined && entries.some(([, value]) => !isObject(value))) return undefined;
  return entries.flatMap(([name, value]) =>
    isObject(value)
      ? Object.entries(value).map(([quote, rate]) => row(name, base, quote, rate))
      : [row(date, base, name, value)],
  );
}

function row(date: unknown, base: unknown, quote: unknown, rate: unknown): Landable {
  const of = dayIn(date);
  if (of === undefined) return unreadable({ date, base, quote, rate });
  return {
    date: of,
    base: textOf(base),
    quote: textOf(quote),
    rate:
      typeof rate === "number"
        ? decimal(rate)
        : typeof rate === "string"
          ? rate
          : JSON.stringify(rate ?? null),
  };
}

const unreadable = (item: unknown): Landable => ({
  date: null,
  base: null,
  quote: null,
  rate: JSON.stringify(item),
});

/** The day of a date or of a time of that day, as it was written. Of another text it is not known when the rate held. */
function dayIn(date: unknown): string | undefined {
  const [, found] = /^(\d{4}-\d\d-\d\d)(?:$|[T ])/.exec(String(date)) ?? [];
  return found !== undefined && !Number.isNaN(secondsOf(found)) ? found : undefined;
}

const textOf = (value: unknown) => (typeof value === "string" ? value : null);

/** Without an exponent, which a decimal column does not take. */
const decimal = (value: number) =>
  /e/.test(String(value)) ? value.toFixed(15).replace(/\.?0+$/, "") : String(value);
