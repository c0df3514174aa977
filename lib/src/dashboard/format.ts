import type { Value } from "./snapshot-columns.js";

/** How a value is written. */
export type Format =
  | "text"
  | "integer"
  | "decimal"
  | "stars"
  | "money"
  | "cents"
  | "percent"
  | "date"
  | "month"
  | "instant"
  | "hours"
  | "seconds"
  | "status";

/** How numbers, dates and amounts are written: by the shop's settings, whatever the reader's browser prefers. */
interface Look {
  readonly currency: string;
  readonly locale: string;
}

let look: Look = { currency: "EUR", locale: "en-GB" };

/** From now on values are written so. */
export function useLook(given: Look): void {
  look = given;
}

/** Makes a writer of values; its format is made again when the look has changed. */
function writer<F extends { format(value: never): string }>(
  make: (look: Look) => F,
): (value: Value) => string {
  let made: { readonly of: Look; readonly format: F } | undefined;
  return (value) => {
    if (made?.of !== look) made = { of: look, format: make(look) };
    return made.format.format(value as never);
  };
}

/** The unit of a format's plain numbers, for a table without signs. @param currency that of the amounts, if not the shop's */
export const unitOf = (format: Format, currency = look.currency): string | undefined =>
  (
    ({
      money: currency,
      cents: currency,
      percent: "share of 1",
      hours: "hours",
      seconds: "seconds",
    }) as Partial<Record<Format, string>>
  )[format];

const number = (options: Intl.NumberFormatOptions) =>
  writer(({ locale }) => new Intl.NumberFormat(locale, options));

/** Makes a writer of amounts, with a format for each currency. */
function money(options: Intl.NumberFormatOptions = {}): (value: Value, currency?: string) => string {
  const formats = new Map<string, Intl.NumberFormat>();
  return (value, currency = look.currency) => {
    const name = `${look.locale} ${currency}`;
    const format =
      formats.get(name) ?? new Intl.NumberFormat(look.locale, { style: "currency", currency, ...options });
    formats.set(name, format);
    return format.format(value as number);
  };
}

/** Days are UTC days. */
const date = (options: Intl.DateTimeFormatOptions) =>
  writer(({ locale }) => new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }));

const writers: Record<Format, (value: Value, currency?: string) => string> = {
  text: (value) => (value instanceof Date ? value.toISOString() : String(value)),
  integer: number({ maximumFractionDigits: 0 }),
  decimal: number({ maximumFractionDigits: 2 }),
  stars: number({ minimumFractionDigits: 2, maximumFractionDigits: 2 }),
  money: money({ maximumFractionDigits: 0 }),
  cents: money(),
  percent: number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  date: date({ day: "numeric", month: "short", year: "numeric" }),
  month: date({ month: "short", year: "numeric" }),
  instant: date({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }),
  hours: (value) => hours(value as number),
  seconds: (value) => `${(value as number).toFixed(2)} s`,
  status: (value) => statusWords[value as string] ?? String(value),
};

/** A value as the page writes it; null is a dash. @param currency of an amount that is not in the shop's currency */
export const written = (value: Value | undefined, format: Format, currency?: string): string =>
  value === null || value === undefined ? "–" : writers[format](value, currency);

/** A number of things: `1 order`, `2,310 orders`. */
export const counted = (value: number, noun: string, nouns = `${noun}s`): string =>
  `${written(value, "integer")} ${value === 1 ? noun : nouns}`;

/** `written` as a function, for Plot's `tickFormat` and channels. */
export const as = (format: Format) => (value: Value) => written(value, format);

const compactMoney = money({
  notation: "compact",
  minimumFractionDigits: 0,
  maximumFractionDigits: 1,
});
const compactNumber = number({ notation: "compact", maximumFractionDigits: 1 });

/** For axes and labels, where there is little room: 12.3k. */
export const short = {
  money: (value: Value) => (value === null ? "–" : compactMoney(value)),
  /** `short.money` of amounts that are not in the shop's currency. */
  moneyIn: (currency: string | undefined) => (value: Value) =>
    value === null ? "–" : compactMoney(value, currency),
  number: (value: Value) => (value === null ? "–" : compactNumber(value)),
  day: date({ day: "numeric", month: "short" }),
  month: date({ month: "short" }),
  year: date({ year: "numeric" }),
  hour: date({ hour: "2-digit", minute: "2-digit" }),
};

const signed = number({
  style: "percent",
  signDisplay: "exceptZero",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** A change as a share, with its sign: +4.2%. */
export const change = (share: number) => signed(share);

function hours(value: number): string {
  if (value < 1) return `${Math.round(value * 60)} min`;
  if (value < 48) return `${value.toFixed(1)} h`;
  return counted(Math.floor(value / 24), "day");
}

/** The result of a run, a step or a check, with a sign, so that the meaning does not depend on colour. */
const statusWords: Record<string, string> = {
  pass: "✓ passed",
  succeeded: "✓ succeeded",
  warn: "! warned",
  fail: "✗ failed",
  failed: "✗ failed",
  running: "… running",
  skipped: "– skipped",
};
