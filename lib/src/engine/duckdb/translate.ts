import { polyglot as loadPolyglot } from "../../sql/parse.js";
import { coveredFunctions, refusedSyntax } from "./functions.js";

/** SQL that cannot be translated. `line` counts from 1 within the text, `text` is that line, where known. */
export class SqlError extends Error {
  override readonly name: string = "SqlError";
  constructor(
    message: string,
    readonly line?: number,
    readonly text?: string,
  ) {
    super(message);
  }
}

type Node = Record<string, unknown>;

/**
 * Translates a select from Databricks' dialect to DuckDB's. Pure: the same text gives the same text, so callers may
 * keep the answers.
 *
 * @throws SqlError when the text does not parse or uses what is not known to give the same on both engines
 */
export async function translate(text: string): Promise<string> {
  try {
    return await translated(text);
  } catch (error) {
    if (!(error instanceof SqlError) || error.line === undefined) throw error;
    throw new SqlError(error.message, error.line, text.split("\n")[error.line - 1]?.trim());
  }
}

async function translated(text: string): Promise<string> {
  const polyglot = await loadPolyglot();
  refuseUncovered(text, (polyglot.tokenize(text, "databricks" as never).tokens ?? []) as unknown as Token[]);
  const transpiled = polyglot.transpile(text, "databricks" as never, "duckdb" as never, {
    unsupportedLevel: "raise",
  });
  const [statement, another] = transpiled.sql ?? [];
  if (!statement) throw new SqlError(plain(transpiled.error ?? "does not parse"), lineOf(transpiled.error));
  if (another) throw new SqlError("holds more than one statement: give each its own sql`…`");
  if (!needsRewrite.test(statement)) return statement;
  const parsed = polyglot.parse(statement, "duckdb" as never);
  if (!parsed.success || !parsed.ast)
    throw new SqlError(`its translation does not parse: ${parsed.error}\n${statement}`);
  const generated = polyglot.generate(rewrite(parsed.ast) as never, "duckdb" as never);
  const sql = generated.sql?.[0];
  if (!sql) throw new SqlError(`its translation cannot be written: ${generated.error}`);
  return sql;
}

/** What `rewrite` may have to change; parsing and writing again what has none of it would double the time. */
const needsRewrite = /\b(ARRAY|CONCAT)\s*\(|\bAS TIMESTAMP/i;

const plainCall = { distinct: false, use_bracket_syntax: false, no_parens: false, quoted: false };

const noComments = { left_comments: [], operator_comments: [], trailing_comments: [] };

const plain = (error: string) => error.replace(/^Parse error at line \d+, column \d+: /, "");

const lineOf = (error: string | null | undefined) => {
  const line = /at line (\d+)/.exec(error ?? "")?.[1];
  return line ? Number(line) : undefined;
};

interface Token {
  readonly token_type: string;
  readonly text: string;
  readonly span: { readonly line: number };
}

function refuseUncovered(text: string, tokens: readonly Token[]): void {
  const code = withoutStrings(text);
  for (const { pattern, instead } of refusedSyntax) {
    const found = pattern.exec(code);
    if (!found) continue;
    const line = code.slice(0, found.index).split("\n").length;
    throw new SqlError(`"${found[0]}" is not the same on DuckDB and on Databricks: use ${instead}.`, line);
  }
  tokens.forEach((token, index) => {
    const isCall = tokens[index + 1]?.token_type === "L_PAREN" && tokens[index - 1]?.token_type !== "DOT";
    if (!isCall || token.token_type !== "VAR") return;
    if (coveredFunctions.has(token.text.toLowerCase())) return;
    if (isCteName(tokens, index)) return;
    throw new SqlError(
      `the function ${token.text}() is not known to give the same on DuckDB and on Databricks. ` +
        `Write it another way, or cover it in lib/src/engine/duckdb/functions.ts with a step test.`,
      token.span.line,
    );
  });
}

/** `with days (a, b) as` and `as t (a, b)` name columns; they call nothing. */
const isCteName = (tokens: readonly Token[], index: number) =>
  ["WITH", "AS", "COMMA"].includes(tokens[index - 1]?.token_type ?? "") && closesBeforeAs(tokens, index + 1);

function closesBeforeAs(tokens: readonly Token[], open: number): boolean {
  const close = tokens.findIndex((token, index) => index > open && token.token_type === "R_PAREN");
  const previous = tokens[open - 2]?.token_type;
  return tokens[close + 1]?.token_type === "AS" || previous === "AS";
}

const withoutStrings = (text: string) =>
  text.replace(/'(?:[^'\\]|\\.|'')*'|--[^\n]*/g, (part) => part.replace(/[^\n]/g, " "));

/**
 * What the transpiler leaves different:
 * - a string with an offset, cast to TIMESTAMP, loses the offset in DuckDB: the macro utc_timestamp;
 * - array(…) means a subquery in DuckDB: list_value(…);
 * - concat(…) skips nulls in DuckDB and is null in Spark: ||.
 */
function rewrite(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(rewrite);
  if (node === null || typeof node !== "object") return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, rewrite(value)])) as Node;
  const cast = (copy["try_cast"] ?? copy["cast"]) as (Node & { to: { data_type: string } }) | undefined;
  if (cast?.to.data_type === "timestamp") {
    const { this: instant } = cast;
    return { function: { ...noComments, name: "utc_timestamp", args: [instant], ...plainCall } };
  }
  const call = copy["function"] as (Node & { name: string; args: unknown[] }) | undefined;
  if (call?.name.toLowerCase() === "array") return { function: { ...call, name: "list_value" } };
  if (call?.name.toLowerCase() === "concat")
    return call.args.reduce((left, right) => ({ concat: { ...noComments, left, right } }));
  return copy;
}
