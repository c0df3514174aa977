import { polyglot } from "./polyglot.js";

/** A node of the parser's tree: an object of one property, which names its kind. */
export type SqlNode = Readonly<Record<string, unknown>>;

/** Parses a select in Databricks' dialect, and writes nodes of its tree as SQL. @throws Error when it does not parse */
export async function parseSelect(
  text: string,
): Promise<{ ast: SqlNode; textOf: (node: SqlNode) => string }> {
  const { parse, generate } = await polyglot();
  const parsed = parse(text, databricks);
  const ast = (parsed.ast as SqlNode[] | undefined)?.[0];
  if (!parsed.success || !ast) throw new Error(parsed.error ?? "does not parse");
  return { ast, textOf: (node) => generate([node] as never, databricks).sql?.[0] ?? "" };
}

const databricks = "databricks" as never;
