import type { Tables } from "../contracts/table.js";
import type { Connection } from "../engine/connection.js";
import { InputError } from "../errors.js";
import type { Result } from "../plan/plan.js";
import { noFigures, StatementFailed } from "../run/step.js";
import { SqlError } from "../sql/sql-error.js";
import { sqlOf, type Interpolation, type Statement } from "../sql/statement.js";
import { tokensOf } from "../sql/tokens.js";
import { compilerFor, executeRequest } from "./execute.js";

/**
 * Answers a select that somebody has typed, in Databricks SQL on each engine, as a notebook's cell would. Tables are called
 * by their names.
 *
 * @param options.limit the most rows given, after `offset` rows
 * @throws InputError for a text that is no select, or not one that all engines answer alike
 */
export const ask = (...given: Parameters<typeof answer>): Promise<Result> =>
  answer(...given).catch((error: unknown) => {
    throw forTyped(error);
  });

async function answer(
  connection: Connection,
  engine: string,
  text: string,
  {
    tables,
    limit,
    offset = 0,
  }: { readonly tables: Tables; readonly limit: number; readonly offset?: number },
): Promise<Result> {
  const now = new Date().toISOString();
  const compiled = await compilerFor(engine, [...tables.keys()]).compile({
    kind: "show",
    what: statementOf(text, tables),
    limit,
    offset,
  });
  const run = { step: "ask", writes: [], runId: "ask", now, date: now.slice(0, 10), landing: "" };
  return (await executeRequest(connection, engine, compiled, run, noFigures())).result;
}

/** In a notebook a table is interpolated; here it is only named. */
function forTyped(error: unknown): unknown {
  if (!(error instanceof SqlError || error instanceof StatementFailed)) return error;
  const words = error.message
    .replace(/^show \S+: /, "")
    .replace("give each its own sql`…`", "give one at a time")
    .replaceAll(/\$\{([\w.]+)\}/g, "$1");
  return new InputError(words, { cause: error });
}

/** The text as a statement, in which each known table stands as itself. */
function statementOf(text: string, tables: Tables): Statement {
  const bare = text.trim().replace(/;$/, "").trimEnd();
  if (bare === "") throw new InputError("Give a select, such as 'select count(*) from gold.customer_ltv'.");
  const tokens = tokensOf(bare);
  const texts: string[] = [];
  const values: Interpolation[] = [];
  let from = 0;
  tokens.forEach(({ word, start }, index) => {
    const [dot, name] = [tokens[index + 1], tokens[index + 2]];
    const table = dot?.text === "." && name ? tables.get(`${word}.${name.word}`) : undefined;
    if (!table || tokens[index - 1]?.text === ".") return;
    texts.push(bare.slice(from, start));
    values.push(table);
    from = name!.end;
  });
  texts.push(bare.slice(from));
  return sqlOf(texts, ...values);
}
