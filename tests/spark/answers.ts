import { DuckDBInstance, type DuckDBConnection, type DuckDBResultReader } from "@duckdb/node-api";
import { readFileSync } from "node:fs";
import path from "node:path";
import { macros } from "#lib/engine/duckdb/functions.js";
import { translate } from "#lib/engine/duckdb/translate.js";
import { selectOf, type Question } from "./cases.ts";

/** A value as text, null, or that the engine raises an error. Arrays are JSON. */
export type Answer = string | null | { readonly error: string };

/** A question with Spark's answers: of each row of values one, or one for all. */
export interface Recorded extends Question {
  /** The type that Spark gives the expression. */
  readonly type: string;
  readonly answers: readonly Answer[];
}

export const file = path.resolve(import.meta.dirname, "../fixtures/spark/answers.jsonl");

/** What the file begins with. */
export interface Head {
  /** The version of Spark that gave the answers. */
  readonly spark: string;
  /** Of the selects that its analyser refuses the class of its error. */
  readonly refused: Readonly<Record<string, string>>;
  /** The selects that it takes. */
  readonly taken: readonly string[];
}

/** The recorded answers. */
export function readAnswers(): Head & { readonly recorded: readonly Recorded[] } {
  const [head, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  return { ...(JSON.parse(head!) as Head), recorded: lines.map((line) => JSON.parse(line) as Recorded) };
}

export async function openDuckdb(): Promise<{ connection: DuckDBConnection; close(): void }> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  for (const macro of macros) await connection.run(macro);
  return {
    connection,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** What DuckDB answers, with the type that the translator infers and the one that DuckDB has. */
export async function askDuckdb(
  connection: DuckDBConnection,
  question: Question,
  onUse?: (signature: string) => void,
): Promise<{ type: string; duckdb: string; answers: Answer[] }> {
  const translated = async (rows: Question["rows"]) =>
    translate(selectOf(question, rows), { relations: {}, params: {} }, onUse);
  const { sql, columns } = await translated(question.rows);
  const type = columns!["v"]!;
  const whole = await connection.runAndReadAll(sql).catch(() => undefined);
  if (whole) return { type, duckdb: typeOf(whole), answers: answersOf(whole) };
  const answers: Answer[] = [];
  for (const row of question.together ? [question.rows] : question.rows.map((one) => [one])) {
    const one = await connection.runAndReadAll((await translated(row)).sql).catch((error: Error) => error);
    answers.push(...(one instanceof Error ? [{ error: one.message.split("\n")[0]! }] : answersOf(one)));
  }
  return { type, duckdb: "", answers };
}

const typeOf = (reader: DuckDBResultReader) => reader.columnTypes().at(-1)!.toString();

const answersOf = (reader: DuckDBResultReader): Answer[] =>
  reader.getRowsJson().map((row) => {
    const value = row.at(-1);
    if (value === null || value === undefined) return null;
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  });

/** Whether two answers mean the same. An error is an error whatever its words. */
export function isSame(type: string, ours: Answer | undefined, theirs: Answer): boolean {
  if (ours === undefined) return false;
  if (ours === null || theirs === null) return ours === theirs;
  if (typeof ours === "object" || typeof theirs === "object")
    return typeof ours === "object" && typeof theirs === "object";
  if (type === "double")
    return Object.is(numberOf(ours), numberOf(theirs)) || (numberOf(ours) === 0 && numberOf(theirs) === 0);
  if (type.startsWith("array"))
    return JSON.stringify(plain(JSON.parse(ours))) === JSON.stringify(plain(JSON.parse(theirs)));
  return ours === theirs || (/^(date|timestamp)$/.test(type) && plainInstant(ours) === plainInstant(theirs));
}

const numberOf = (text: string) =>
  Number(text.replace(/^([+-]?)inf(inity)?$/i, "$1Infinity").replace(/^nan$/i, "NaN"));

/** Without the parts of instants that are zero, and years before 1 and beyond 9999 as Spark writes them. */
function plainInstant(text: string): string {
  const before = /^(\d+)(-.*?) \(BC\)(.*)$/.exec(text);
  const year = before && Number(before[1]) - 1;
  const signed = before
    ? `${year === 0 ? "" : "-"}${String(year).padStart(4, "0")}${before[2]}${before[3]}`
    : text;
  return signed
    .replace(/^\+/, "")
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "")
    .replace(/ 00:00:00$/, "");
}

/** Numbers of arrays as text: DuckDB gives wide ones so. */
function plain(value: unknown): unknown {
  return Array.isArray(value) ? value.map(plain) : typeof value === "number" ? String(value) : value;
}
