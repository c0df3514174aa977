import { SqlError } from "../sql/sql-error.js";
import { describeCheck } from "../run/check-result.js";
import { CheckFailed, StatementFailed } from "../run/step.js";
import { occurrences, originOf } from "../sql/origin.js";
import { type Param, withMarkers } from "../sql/param.js";
import { render } from "../sql/render.js";
import type { SqlValue, Statement } from "../sql/statement.js";
import { isWrite, verbOf, type VerbRequest } from "../verbs/registry.js";
import { InputError } from "../errors.js";
import { kernel } from "./kernels.js";
import { placeInCells } from "./notebook-cells.js";

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
  const selects = new Set(
    verbOf(request)
      .readers(request)
      .map(([select]) => select),
  );
  const textOf = (select: Statement) => {
    const { text, params } = render(select, { literal });
    const values = new Map(
      params.flatMap((param) => (param.kind === "literal" ? [[param.name, param.value]] : [])),
    );
    const marked = withMarkers(text, (name) => (values.has(name) ? written(values.get(name)!) : `:${name}`));
    return { text, marked };
  };
  const texts = [...selects].flatMap((select) => {
    const { text, marked } = textOf(select);
    return isSql && error.sql !== undefined && error.sql !== text ? [] : [{ select, text: marked }];
  });
  const place = isSql && error.line !== undefined ? { line: error.line } : undefined;
  const read = { texts, textOf: (select: Statement) => textOf(select).marked };
  return plainly(error, failureText(error, { what, place, writes, ...read }));
}

/** A literal as it would stand in SQL; for reading only. */
export const written = (value: SqlValue) =>
  typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);

/** A select that the verb was given, and its SQL in Databricks' dialect. */
interface SelectText {
  readonly select: Statement;
  readonly text: string;
}

interface Read {
  readonly texts: readonly SelectText[];
  /** How a select becomes text. */
  readonly textOf: (select: Statement) => string;
  /** The place that the error names itself. */
  readonly place: SqlPlace | undefined;
}

/** What a person reads when a verb failed. */
function failureText(error: Error, options: Read & { what: string; writes: boolean }): string {
  const end = options.writes ? "Nothing was written." : "";
  if (error instanceof CheckFailed)
    return [`Halted by ${describeCheck(error.result)}.`, end].join("\n").trim();
  const reason = error instanceof StatementFailed ? reasonOf(error.cause) : error.message;
  return [`${options.what}: ${reason}`, excerptFor(error, options), end].filter(Boolean).join("\n\n");
}

function excerptFor(error: Error, { texts, textOf, place }: Read): string | undefined {
  const [first] = texts;
  if (first === undefined) return undefined;
  if (place) return excerptOf(first, namedOnLine(first.text, place.line, error.message), textOf);
  if (!(error instanceof StatementFailed)) return undefined;
  for (const one of texts) {
    const found = placeIn(one.text, (error.cause as Error).message, error.sql);
    if (found) return excerptOf(one, found, textOf);
  }
  return excerpt(texts.at(-1)!.text, undefined);
}

/** The place in the notebook's cell, where the kernel keeps the cells; else in the SQL of the verb. */
function excerptOf({ select, text }: SelectText, place: SqlPlace, textOf: Read["textOf"]): string {
  const lineAt =
    text
      .split("\n")
      .slice(0, place.line - 1)
      .join("\n").length + (place.line > 1 ? 1 : 0);
  const line = text.split("\n")[place.line - 1] ?? "";
  const named = place.column && line.slice(place.column - 1, place.column - 1 + (place.length ?? 1));
  const words = [...line.matchAll(/\w+/g)].map(({ 0: word, index }) => ({ word, offset: lineAt + index }));
  const pointed = named ? [{ word: named, offset: lineAt + place.column! - 1 }] : [];
  for (const one of [...pointed, ...words]) {
    const origin = originOf(select, one, textOf);
    const found = origin && placeInCells(origin.statement, origin);
    if (!found) continue;
    const { cell, line: number, column } = found;
    const isExact = pointed.includes(one);
    const title = `Cell [${cell.number}], line ${number}${isExact ? `, column ${column}` : ""}:`;
    const shown = isExact ? { line: number, column, length: one.word.length } : { line: number };
    return `${title}\n\n${excerpt(cell.source, shown)}`;
  }
  return excerpt(text, place);
}

/** The name that a message quotes or calls, `"id"` or `sum(…)`, on the line that the error names. */
function namedOnLine(text: string, line: number, message: string): SqlPlace {
  const shown = text.split("\n")[line - 1] ?? "";
  const names = [/"([^"]+)"/.exec(message)?.[1], /(\w+)\(/.exec(message)?.[1]];
  for (const name of names) {
    const [at] = name === undefined ? [] : occurrences(shown, name);
    if (at !== undefined) return { line, column: at + 1, length: name!.length };
  }
  return { line };
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

/** Makes an error print as `text` alone: a kernel would add ten lines of its own stack. Deno's shows the stack, tslab's inspects. */
export function plainly<T extends Error>(error: T, text: string): T {
  if (kernel()) error.stack = text;
  return Object.defineProperty(error, inspect, { value: () => text, configurable: true });
}

/** In a kernel, makes every InputError print as its message alone. */
export function inputErrorsPlainly(): void {
  if (!kernel()) return;
  InputError.hasStack = false;
  Object.defineProperty(InputError.prototype, inspect, {
    value(this: InputError) {
      return this.message;
    },
    configurable: true,
  });
}
