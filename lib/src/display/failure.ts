import { SqlError } from "../sql/sql-error.js";
import { describeCheck } from "../run/check-result.js";
import { CheckFailed, StatementFailed } from "../run/step.js";
import { type Param, withMarkers } from "../sql/param.js";
import { render } from "../sql/render.js";
import type { SqlValue } from "../sql/statement.js";
import { isWrite, verbOf, type VerbRequest } from "../verbs/registry.js";
import { InputError } from "../errors.js";

/** A place in SQL, counted from 1. Without a column it is the whole line. */
interface SqlPlace {
  readonly line: number;
  readonly column?: number;
  readonly length?: number;
}

/**
 * Makes an error print as a person is to read it: what failed and why, and the notebook's SQL around the place. An
 * error that is nobody's fault but ours keeps its stack.
 */
export async function readableError(
  error: unknown,
  request: VerbRequest,
  literal: (value: SqlValue) => Param,
): Promise<unknown> {
  const isBug = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
  if (!(error instanceof Error) || isBug) return error;
  const what = "table" in request ? `${request.kind} ${request.table.name}` : request.kind;
  const writes = isWrite(request);
  const isSql = error instanceof SqlError;
  const texts: string[] = [];
  const selects = new Set(
    verbOf(request)
      .readers(request)
      .map(([select]) => select),
  );
  for (const { text, params } of [...selects].map((select) => render(select, { literal }))) {
    if (isSql && error.sql !== undefined && error.sql !== text) continue;
    const values = new Map(
      params.flatMap((param) => (param.kind === "literal" ? [[param.name, param.value]] : [])),
    );
    texts.push(withMarkers(text, (name) => (values.has(name) ? written(values.get(name)!) : `:${name}`)));
  }
  const place = isSql && error.line !== undefined ? { line: error.line } : undefined;
  return plainly(error, failureText(error, { what, texts, place, writes }));
}

/** A literal as it would stand in SQL; for reading only. */
export const written = (value: SqlValue) =>
  typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);

/**
 * What a person reads when a verb failed.
 *
 * @param texts the notebook's SQL that the verb was given, in Databricks' dialect
 */
function failureText(
  error: Error,
  options: { what: string; texts: readonly string[]; place: SqlPlace | undefined; writes: boolean },
): string {
  const end = options.writes ? "Nothing was written." : "";
  if (error instanceof CheckFailed)
    return [`Halted by ${describeCheck(error.result)}.`, end].join("\n").trim();
  const reason = error instanceof StatementFailed ? reasonOf(error.cause) : error.message;
  return [`${options.what}: ${reason}`, excerptFor(error, options), end].filter(Boolean).join("\n\n");
}

function excerptFor(
  error: Error,
  { texts, place }: { texts: readonly string[]; place: SqlPlace | undefined },
): string | undefined {
  const [first] = texts;
  if (first === undefined) return undefined;
  if (place) {
    const named = placeIn(first, error.message, "");
    return excerpt(first, named?.line === place.line ? named : place);
  }
  if (!(error instanceof StatementFailed)) return undefined;
  for (const text of texts) {
    const found = placeIn(text, (error.cause as Error).message, error.sql);
    if (found) return excerpt(text, found);
  }
  return excerpt(texts.at(-1)!, undefined);
}

/** DuckDB's message without its own excerpt, which is of the translated SQL. */
const reasonOf = (cause: unknown) => (cause as Error).message.replace(/\n+LINE \d+:[^]*$/, "");

/**
 * Where in the notebook's SQL the engine's complaint belongs: at the word it points to in its own SQL, or at the name
 * that its message quotes. Undefined where the notebook's SQL holds that word more than once and nothing tells which.
 */
export function placeIn(text: string, message: string, engineSql: string): SqlPlace | undefined {
  const pointed = pointedWord(message, engineSql);
  const words = [
    ...(pointed ? [pointed] : []),
    ...[...message.matchAll(/"([^"]+)"/g)]
      .slice(0, 1)
      .map((match) => ({ word: match[1]!, nth: undefined, of: 0 })),
  ];
  for (const { word, nth, of } of words) {
    const found = occurrences(text, word);
    const at =
      found.length === 1 ? found[0] : nth !== undefined && found.length === of ? found[nth] : undefined;
    if (at === undefined) continue;
    const before = text.slice(0, at).split("\n");
    return { line: before.length, column: before.at(-1)!.length + 1, length: word.length };
  }
  return undefined;
}

/** The word under DuckDB's caret, and which of its occurrences it is. */
function pointedWord(message: string, engineSql: string) {
  const found = /\n(LINE \d+: )(.*)\n( *)\^/.exec(message);
  if (!found) return undefined;
  const [, label = "", shown = "", indent = ""] = found;
  const cut = shown.startsWith("...") ? 3 : 0;
  const snippet = shown.slice(cut).replace(/\.\.\.$/, "");
  const from = engineSql.indexOf(snippet);
  const at = from + indent.length - label.length - cut;
  const word = /^"?(\w+)/.exec(engineSql.slice(at))?.[1];
  if (from < 0 || !word) return undefined;
  const all = occurrences(engineSql, word);
  const nth = all.findIndex((line) => line >= at);
  return nth < 0 ? undefined : { word, nth, of: all.length };
}

const occurrences = (text: string, word: string) =>
  [...text.matchAll(new RegExp(`(?<!\\w)${word.replace(/[^\w]/g, "\\$&")}(?!\\w)`, "gi"))].map(
    ({ index }) => index,
  );

/** The lines around a place, numbered, with the place underlined; the first lines where there is no place. */
function excerpt(text: string, place: SqlPlace | undefined): string {
  const lines = text.split("\n");
  const first = place ? Math.max(0, place.line - 4) : 0;
  const last = Math.min(lines.length, place ? place.line + 2 : 12);
  const width = String(last).length;
  const shown = lines.slice(first, last).flatMap((line, index) => {
    const number = first + index + 1;
    const here = place?.line === number;
    const numbered = `${here ? ">" : " "} ${String(number).padStart(width)} | ${line}`;
    if (!here || place.column === undefined) return [numbered];
    return [
      numbered,
      `  ${" ".repeat(width)} | ${" ".repeat(place.column - 1)}${"^".repeat(place.length ?? 1)}`,
    ];
  });
  return [...shown, ...(last < lines.length && !place ? [`  … ${lines.length - last} more lines`] : [])].join(
    "\n",
  );
}

const inspect = Symbol.for("nodejs.util.inspect.custom");

/** Makes an error print as `text` alone: tslab would add ten lines of its own stack. */
export function plainly<T extends Error>(error: T, text: string): T {
  return Object.defineProperty(error, inspect, { value: () => text, configurable: true });
}

/** Makes every InputError of this process print as its message alone. */
export function inputErrorsPlainly(): void {
  Object.defineProperty(InputError.prototype, inspect, {
    value(this: InputError) {
      return this.message;
    },
    configurable: true,
  });
}
