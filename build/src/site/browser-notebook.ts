import { parse, type Node } from "acorn";
import { transform } from "esbuild";
import { MagicString } from "magic-string";
import { notebookModule } from "../notebook/module.js";
import type { Notebook } from "../notebook/parse.js";

/** A page's module for the browser, and what it needs from the shared script. */
export interface BrowserModule {
  /** TypeScript, whose imports that only SQL needed are removed when it is bundled. */
  readonly code: string;
  /** The names of Observable Plot that it uses, such as `lineY`. */
  readonly plot: readonly string[];
}

/**
 * A page's notebook as the module that the browser runs. Its SQL is left out: the browser reads snapshots, and readers
 * of the page need not see the queries. Its cells become one function, since a classic script cannot await.
 */
export async function browserModule(notebook: Notebook): Promise<BrowserModule> {
  const { code } = await transform(notebookModule(notebook).code, {
    loader: "ts",
    target: "es2022",
    charset: "utf8",
    tsconfigRaw: {},
  });
  const text = new MagicString(code);
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module" });
  const plot = new Set<string>();
  walk(program, (node) => {
    const name = plotName(node);
    if (name) plot.add(name);
    if (!isSql(node)) return true;
    text.overwrite(node.start, node.end, "undefined");
    return false;
  });
  const imports = program.body.filter(({ type }) => type === "ImportDeclaration");
  for (const { start, end } of imports) text.remove(start, end);
  const head = [
    'import { runPage as __runPage } from "shopmetrics/page";',
    ...imports.map(({ start, end }) => code.slice(start, end)),
  ];
  return { code: `${head.join("\n")}\n__runPage(async () => {\n${text.toString()}\n});\n`, plot: [...plot] };
}

/** A template with the tag `sql`, or a select that `seed` makes of a file. */
const isSql = (node: Node) => {
  type Name = { type: string; name?: string };
  const { type, tag, callee } = node as Node & { tag?: Name; callee?: Name };
  if (type === "CallExpression") return callee?.type === "Identifier" && callee.name === "seed";
  return type === "TaggedTemplateExpression" && tag?.type === "Identifier" && tag.name === "sql";
};

/** `lineY` of `Plot.lineY`. */
function plotName(node: Node): string | undefined {
  const { type, object, property } = node as Node & {
    object?: { name?: string };
    property?: { name?: string };
  };
  return type === "MemberExpression" && object?.name === "Plot" ? property?.name : undefined;
}

/** Visits a node and, if `visit` returns true, the nodes in it. */
function walk(node: Node, visit: (node: Node) => boolean): void {
  if (!visit(node)) return;
  for (const value of Object.values(node) as unknown[])
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit);
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
