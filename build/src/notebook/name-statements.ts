import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import { parse, type Node } from "acorn";
import type { SourceMapJson } from "./module.js";

/**
 * Tells the session which variable holds a statement: `const judged = sql…` becomes `const judged = __named("judged", sql…)`.
 * A stage, and a common table expression, is called by that name. It comes from the module's syntax tree, so it is the same
 * however the notebook's lines are broken.
 *
 * @param code JavaScript, a module
 */
export function nameStatements(code: string, map: SourceMapJson): { code: string; map: SourceMapJson } {
  const insertions = declarations(code).flatMap(({ name, start, end }) => [
    { at: start, text: `__named(${JSON.stringify(name)}, ` },
    { at: end, text: ")" },
  ]);
  if (insertions.length === 0) return { code, map };
  let named = "";
  let from = 0;
  for (const { at, text } of insertions) {
    named += code.slice(from, at) + text;
    from = at;
  }
  named += code.slice(from);
  // An import is hoisted, so it can stand at the end, where it moves no line.
  return {
    code: `${named}import { named as __named } from "shopmetrics/run";\n`,
    map: shifted(map, code, insertions),
  };
}

interface Declaration {
  readonly name: string;
  /** Of the tagged template, as offsets in the code. */
  readonly start: number;
  readonly end: number;
}

/** Variables of the module's own scope that a template of the tag `sql` is given to. */
function declarations(code: string): Declaration[] {
  const { body } = parse(code, { ecmaVersion: "latest", sourceType: "module" }) as unknown as {
    body: AnyNode[];
  };
  return body
    .flatMap((node) => (node.type === "ExportNamedDeclaration" ? [node.declaration ?? node] : [node]))
    .filter(({ type }) => type === "VariableDeclaration")
    .flatMap(({ declarations: all = [] }) => all)
    .flatMap(({ id, init }) =>
      id?.type === "Identifier" && init?.type === "TaggedTemplateExpression" && init.tag?.name === "sql"
        ? [{ name: id.name!, start: init.start, end: init.end }]
        : [],
    );
}

/** As much of the syntax tree as is looked at. */
interface AnyNode extends Node {
  readonly declaration?: AnyNode | null;
  readonly declarations?: readonly AnyNode[];
  readonly id?: AnyNode;
  readonly init?: AnyNode | null;
  readonly tag?: AnyNode;
  readonly name?: string;
}

/** The map of the code with the texts put in: they add no lines, so only columns behind them move. */
function shifted(
  map: SourceMapJson,
  code: string,
  insertions: readonly { readonly at: number; readonly text: string }[],
): SourceMapJson {
  const lines = decode(map.mappings);
  for (const { at, text } of insertions.toReversed()) {
    const before = code.slice(0, at);
    const line = before.split("\n").length - 1;
    const column = at - (before.lastIndexOf("\n") + 1);
    lines[line] = (lines[line] ?? []).map(
      ([generated, ...rest]) =>
        [generated >= column ? generated + text.length : generated, ...rest] as SourceMapSegment,
    );
  }
  return { ...map, mappings: encode(lines) };
}
