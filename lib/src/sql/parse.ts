import { parseQuery } from "./parser.js";
import { unparse } from "./unparse.js";
import { setFlagsFromString } from "node:v8";

/** A node of the parser's tree: an object of one property, which names its kind. */
type SqlNode = Readonly<Record<string, unknown>>;

/**
 * Parses a select in Databricks' dialect into the tree that lineage is read from, and writes its nodes as SQL. The library takes a
 * set operation after a select without an alias as part of that select, so each is given one first.
 *
 * @throws SqlError when it does not parse
 */
export async function parseSelect(
  text: string,
): Promise<{ ast: SqlNode; textOf: (node: SqlNode) => string }> {
  const { parse, generate } = await polyglot();
  const parsed = parse(unparse(parseQuery(text), { derivedNames: true }), databricks);
  const ast = (parsed.ast as SqlNode[] | undefined)?.[0];
  if (!parsed.success || !ast) throw new Error(parsed.error ?? "does not parse");
  return { ast, textOf: (node) => generate([node] as never, databricks).sql?.[0] ?? "" };
}

const databricks = "databricks" as never;

let loading: ReturnType<typeof load> | undefined;

/** The SQL parser, loaded when it is first asked for. */
const polyglot = () => (loading ??= load());

/**
 * It is 22 MB of WebAssembly that runs for milliseconds: optimising its code in the background takes ten times as long
 * as all our statements, so it stays as V8's quick compiler makes it.
 */
async function load() {
  setFlagsFromString("--liftoff-only");
  return import("@polyglot-sql/sdk");
}
