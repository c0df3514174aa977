import { SqlError } from "../../sql/sql-error.js";
import { literal } from "./literals.js";

/** Units of time by the names that Databricks takes; of each the one that DuckDB knows. */
const units: Readonly<Record<string, string>> = {
  microsecond: "microsecond",
  millisecond: "millisecond",
  second: "second",
  minute: "minute",
  hour: "hour",
  day: "day",
  week: "week",
  month: "month",
  quarter: "quarter",
  year: "year",
};

const microseconds: Readonly<Record<string, number>> = {
  microsecond: 1,
  millisecond: 1000,
  second: 1_000_000,
  minute: 60_000_000,
  hour: 3_600_000_000,
  day: 86_400_000_000,
  week: 604_800_000_000,
};

const months: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };

function unitOf(unit: string): string {
  const known = units[unit.toLowerCase()];
  if (!known)
    throw new SqlError(`"${unit}" is no unit of time that is taken: ${Object.keys(units).join(", ")}`);
  return known;
}

/** Whole units from one instant to another. */
export function between(unit: string, start: string, end: string): string {
  const name = unitOf(unit);
  if (months[name]) return `cast(spark_months(${start}, ${end}) // ${months[name]} as bigint)`;
  return `cast((epoch_us(${end}) - epoch_us(${start})) // ${microseconds[name]} as bigint)`;
}

/** A number of units as a length of time. */
export function lengthOf(unit: string, count: string): string {
  const name = unitOf(unit);
  if (months[name]) return `to_months(${count} * ${months[name]})`;
  if (name === "day") return `to_days(${count})`;
  if (name === "week") return `to_days(${count} * 7)`;
  return `to_microseconds(cast(${count} as bigint) * ${microseconds[name]})`;
}

const truncations: Readonly<Record<string, string>> = {
  ...units,
  yyyy: "year",
  yy: "year",
  mon: "month",
  mm: "month",
  dd: "day",
};

export function truncation(unit: string): string {
  const known = truncations[unit.toLowerCase()];
  if (!known)
    throw new SqlError(`date_trunc(): '${unit}' is not taken, only ${Object.keys(units).join(", ")}`);
  return known;
}

/** Letters of a format as strftime writes them, or as an expression of the instant. */
const letters: Readonly<Record<string, string | ((instant: string) => string)>> = {
  y: (instant) => `cast(year(${instant}) as varchar)`,
  yy: "%y",
  yyyy: (instant) => `lpad(cast(year(${instant}) as varchar), 4, '0')`,
  M: "%-m",
  MM: "%m",
  MMM: "%b",
  MMMM: "%B",
  d: "%-d",
  dd: "%d",
  E: "%a",
  EE: "%a",
  EEE: "%a",
  EEEE: "%A",
  H: "%-H",
  HH: "%H",
  h: "%-I",
  hh: "%I",
  m: "%-M",
  mm: "%M",
  s: "%-S",
  ss: "%S",
  S: (instant) => `strftime(${instant}, '%f')[1:1]`,
  SS: (instant) => `strftime(${instant}, '%f')[1:2]`,
  SSS: "%g",
  SSSSSS: "%f",
  a: "%p",
  D: "%-j",
  DDD: "%j",
  Q: (instant) => `cast(quarter(${instant}) as varchar)`,
  QQ: (instant) => `'0' || cast(quarter(${instant}) as varchar)`,
  QQQ: (instant) => `'Q' || cast(quarter(${instant}) as varchar)`,
};

/** The parts of a format: runs of one letter, and texts between them. @throws SqlError for a letter that is not taken */
function partsOf(format: string): { readonly letters?: string; readonly text?: string }[] {
  return [...format.matchAll(/([A-Za-z])\1*|'((?:[^']|'')*)'|[^A-Za-z']+|'/g)].map(
    ([whole, letter, quoted]) => {
      if (whole === "'") throw new SqlError(`the format "${format}": a quote is not closed`);
      if (quoted !== undefined) return { text: quoted === "" ? "'" : quoted.replaceAll("''", "'") };
      if (letter) return { letters: whole };
      if (/[[\]{}#]/.test(whole)) throw new SqlError(`the format "${format}": ${whole.trim()} is not taken`);
      return { text: whole };
    },
  );
}

/** `date_format` with a constant format. @throws SqlError for a letter that is not taken */
export function formatted(instant: string, format: string): string {
  const written: string[] = [];
  let simple = "";
  const flush = () => {
    if (simple) written.push(`strftime(${instant}, ${literal(simple)})`);
    simple = "";
  };
  for (const part of partsOf(format)) {
    if (part.text !== undefined) simple += part.text.replaceAll("%", "%%");
    else {
      const known = letters[part.letters!];
      if (!known)
        throw new SqlError(
          `date_format(): ${part.letters} is not taken, only ${Object.keys(letters).join(" ")}`,
        );
      if (typeof known === "string") simple += known;
      else {
        flush();
        written.push(known(instant));
      }
    }
  }
  flush();
  return written.length === 0 ? `case when ${instant} is not null then '' end` : written.join(" || ");
}

/** What a date is read from, and the groups of the expression that reads it. */
const readable: Readonly<Record<string, readonly [field: "y" | "M" | "d", pattern: string]>> = {
  yyyy: ["y", "([0-9]{4})"],
  M: ["M", "([0-9]{1,2})"],
  MM: ["M", "([0-9]{2})"],
  d: ["d", "([0-9]{1,2})"],
  dd: ["d", "([0-9]{2})"],
};

/** `to_date` with a constant format of numbers. @throws SqlError for a letter that is not taken */
export function parsedDate(text: string, format: string, mode: "strict" | "try"): string {
  const fields: string[] = [];
  const pattern = partsOf(format).map((part) => {
    if (part.text !== undefined)
      return part.text.replace(/[^A-Za-z0-9 ]/g, (sign) => (sign.charCodeAt(0) < 128 ? `\\${sign}` : sign));
    const known = readable[part.letters!];
    if (!known || fields.includes(known[0]))
      throw new SqlError(
        `to_date(): the format "${format}" is not taken: use each of yyyy, M or MM, d or dd once`,
      );
    fields.push(known[0]);
    return known[1];
  });
  if (fields.length < 3)
    throw new SqlError(`to_date(): the format "${format}" lacks a year, a month or a day`);
  const at = (field: string) =>
    `cast(regexp_extract(${text}, ${expression}, ${fields.indexOf(field) + 1}) as integer)`;
  const expression = literal(`^${pattern.join("")}$`);
  const made = `case when regexp_matches(${text}, ${expression}) then try(make_date(${at("y")}, ${at("M")}, ${at("d")})) end`;
  return mode === "try"
    ? made
    : `case when ${text} is not null then coalesce(${made}, ` +
        `error('not a date of the format ' || ${literal(format)} || ': ' || ${text})) end`;
}
