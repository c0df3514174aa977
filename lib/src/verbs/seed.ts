import { readFileSync } from "node:fs";
import path from "node:path";
import { InputError } from "../errors.js";
import { emptyFound, readRecord, splitRecord } from "../landing/csv-record.js";
import { projectFolder } from "../plan/session.js";
import { sqlOf, type Statement } from "../sql/statement.js";

/** What a column of a seed holds, and how it is written in the file. A month becomes the date of its first day. */
const kinds = {
  string: { type: "string", expected: "a text", read: (value: string) => value, literal: undefined },
  date: { type: "date", expected: "a date such as 2026-11-27", read: dateOf, literal: dateLiteral },
  month: {
    type: "date",
    expected: "a month such as 2026-11",
    read: (value: string) => dateOf(`${value}-01`),
    literal: dateLiteral,
  },
  decimal: {
    type: "decimal(18,2)",
    expected: "an amount such as 125000.00, with a point and no other sign",
    read: (value: string) => (/^-?\d{1,13}(\.\d{1,2})?$/.test(value) ? value : undefined),
    literal: (value: string) => `cast(${value} as decimal(18,2))`,
  },
  rate: {
    type: "decimal(18,8)",
    expected: "a rate such as 1.1314, with a point, of at most 8 decimals, and above 0",
    read: (value: string) => (/^\d{1,10}(\.\d{1,8})?$/.test(value) && Number(value) > 0 ? value : undefined),
    literal: (value: string) => `cast(${value} as decimal(18,8))`,
  },
  integer: {
    type: "bigint",
    expected: "a whole number such as 12",
    read: (value: string) => (/^-?\d{1,15}$/.test(value) ? value : undefined),
    literal: (value: string) => `cast(${value} as bigint)`,
  },
} as const;

type Kind = keyof typeof kinds;

const mostRows = 10_000;

/**
 * The rows of a small CSV file that is kept in the repository, as a select: what people write down by hand, such as targets. The
 * file is read and checked when the notebook is compiled, or when its cell runs, and its rows become part of the step.
 *
 * @param file relative to the project's folder, with a header; no value may be empty
 * @param columns all columns of the file, with what each holds
 * @param key the columns of which no two rows have the same values
 * @example
 * const targets = seed("notebooks/dashboard/revenue_targets.csv", { month: "month", revenue: "decimal" }, ["month"]);
 *
 * @throws InputError that names file, line and column of the first fault, and what is expected
 */
export function seed<const C extends Readonly<Record<string, Kind>>>(
  file: string,
  columns: C,
  key: readonly Extract<keyof C, string>[],
): Statement {
  const names = Object.keys(columns);
  const rows = [...recordsOf(file, names)];
  const seen = new Map<string, number>();
  const values = rows.map(({ line, values: given }) => {
    const read = names.map((name) => valueOf(file, line, name, columns[name]!, given.get(name)));
    const own = JSON.stringify(key.map((name) => read[names.indexOf(name)]));
    const before = seen.get(own);
    if (before !== undefined)
      throw new InputError(
        `${file}, line ${line}, column ${key.join(" and ")}: the same as in line ${before}. Expected one line for each.`,
      );
    seen.set(own, line);
    return read;
  });
  return valuesOf(columns, values);
}

/**
 * A select of these rows.
 *
 * @param columns what each column holds
 * @param rows the values in the order of the columns, as the column's kind reads them
 */
export function valuesOf(
  columns: Readonly<Record<string, Kind>>,
  rows: readonly (readonly string[])[],
): Statement {
  const names = Object.keys(columns);
  if (rows.length === 0) {
    const nulls = names.map((name) => `cast(null as ${kinds[columns[name]!].type}) as ${name}`);
    return statement([`select ${nulls.join(", ")} where false`], []);
  }
  // Texts are bound; what has proven to be a date or a number stands as it is, so that its type is known.
  const texts = [`select ${names.join(", ")} from (values `];
  const bound: string[] = [];
  for (const [row, own] of rows.entries()) {
    texts[bound.length] += row > 0 ? ", (" : "(";
    for (const [index, value] of own.entries()) {
      if (index > 0) texts[bound.length] += ", ";
      const { literal } = kinds[columns[names[index]!]!];
      if (literal) texts[bound.length] += literal(value);
      else {
        texts[bound.length] += "cast(";
        texts[bound.push(value)] = " as string)";
      }
    }
    texts[bound.length] += ")";
  }
  texts[bound.length] += `) as t (${names.join(", ")})`;
  return statement(texts, bound);
}

const statement = (texts: readonly string[], values: readonly string[]): Statement =>
  Object.assign(sqlOf(texts, ...values), { isSeed: true } as const);

/** The records below the header by their columns. */
function* recordsOf(
  file: string,
  names: readonly string[],
): Generator<{ line: number; values: ReadonlyMap<string, string | null> }> {
  const bytes = bytesOf(file, names);
  const found = emptyFound();
  let header: (string | null)[] | undefined;
  let [start, line, count] = [0, 1, 0];
  while (start < bytes.length) {
    if (readRecord(bytes, start, bytes.length, true, found) !== "record")
      throw new InputError(`${file}, line ${line}: a quote is not closed, or not where a value begins.`);
    const record = splitRecord(bytes, start, found.end).map((value) => value?.trim() || null);
    const isBlank = record.every((value) => value === null);
    if (!header) {
      header = headerOf(file, names, record);
    } else if (!isBlank) {
      if (record.length !== names.length)
        throw new InputError(
          `${file}, line ${line}: ${record.length} values. Expected ${names.length}: ${names.join(", ")}. ` +
            "A value with a comma stands in quotes.",
        );
      if (++count > mostRows)
        throw new InputError(
          `${file}, line ${line}: more than ${mostRows} lines. What is as large is landed and loaded like an export.`,
        );
      yield { line, values: new Map(header.map((name, index) => [name!, record[index]!])) };
    }
    line += bytes.subarray(start, found.next).filter((byte) => byte === 10).length;
    start = found.next;
  }
  if (!header) headerOf(file, names, []);
}

function bytesOf(file: string, names: readonly string[]): Buffer {
  try {
    const bytes = readFileSync(path.join(projectFolder(), file));
    return bytes.subarray(0, 3).toString("hex") === "efbbbf" ? bytes.subarray(3) : bytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new InputError(
      `${file} is not there. Expected a CSV file with the columns ${names.join(", ")}; one with the header alone has no rows.`,
    );
  }
}

function headerOf(
  file: string,
  names: readonly string[],
  given: readonly (string | null)[],
): (string | null)[] {
  const fits = given.length === names.length && names.every((name) => given.includes(name));
  if (fits) return [...given];
  throw new InputError(
    `${file}, line 1: the header reads "${given.join(",")}". Expected the columns ${names.join(", ")}.`,
  );
}

function valueOf(
  file: string,
  line: number,
  column: string,
  kind: Kind,
  given: string | null | undefined,
): string {
  const value = given === null || given === undefined ? undefined : kinds[kind].read(given);
  if (value !== undefined) return value;
  const found = given === null || given === undefined ? "no value" : `"${given}"`;
  throw new InputError(
    `${file}, line ${line}, column ${column}: ${found}. Expected ${kinds[kind].expected}.`,
  );
}

function dateOf(value: string): string | undefined {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : undefined;
  return date && !Number.isNaN(+date) && date.toISOString().startsWith(value) ? value : undefined;
}

function dateLiteral(value: string): string {
  return `date'${value}'`;
}
