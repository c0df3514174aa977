import { parse } from "es-module-lexer/js";
import type { MagicString } from "magic-string";
import type { Cell, Notebook } from "./parse.js";
import { NotebookError, lineAndColumn } from "./error.js";

/** An import of an earlier cell: its text (`{ rows as r } from "./a.js"`), whether it is only a type, and its cell. */
interface Imported {
  readonly what: string;
  readonly typeOnly: boolean;
  readonly cell: number;
}

/**
 * Checks what a cell imports, and removes names that an earlier cell has already imported. Jupyter allows the same import
 * in many cells, a module doesn't.
 *
 * @param text the cell's source, edited in place
 * @param known names imported by earlier cells; this cell's are added
 * @throws NotebookError if the cell imports what a notebook may not import, or one name from two places
 */
export function mergeImports(
  notebook: Notebook,
  cell: Cell,
  text: MagicString,
  known: Map<string, Imported>,
): void {
  for (const found of lex(cell.source)) {
    if (found.n === undefined) continue;
    const place = { path: notebook.path, cell: cell.number, ...lineAndColumn(cell.source, found.s) };
    checkAllowed(notebook, place, found.n);
    const { runtime } = notebook.front;
    if (found.n === "shopmetrics" && runtime !== "sql" && importsGiven(cell.source.slice(found.ss, found.s)))
      throw new NotebookError(
        place,
        `given(…) tests what SQL makes of rows, and this is ${runtime === "page" ? "a page" : "a program"}`,
        "Test the step that reads or writes these rows, or write a test in tests/.",
      );
    const head = cell.source.slice(found.ss, found.s - 1);
    if (found.d !== -1 || !/^import\b[^]*\bfrom\s*$/.test(head)) continue;

    const clause = parseClause(head);
    const isNew = ({ name, what, typeOnly }: Specifier): boolean => {
      const imported = { what: `${what} from "${found.n}"`, typeOnly, cell: cell.number };
      const first = known.get(name);
      if (first) checkSame(place, name, first, imported);
      else known.set(name, imported);
      return first === undefined;
    };
    const outer = clause.outer.filter(isNew);
    const named = clause.named.filter(isNew);
    if (outer.length + named.length === clause.outer.length + clause.named.length) continue;
    if (outer.length + named.length === 0) text.remove(found.ss, afterSemicolon(cell.source, found.se));
    else text.update(found.ss, found.s - 1, clauseText(clause.typeOnly, outer, named));
  }
}

/** One imported name: `what` identifies the import, `text` is how it was written. */
interface Specifier {
  readonly name: string;
  readonly what: string;
  readonly text: string;
  readonly typeOnly: boolean;
}

interface Clause {
  readonly typeOnly: boolean;
  /** A default import and `* as name`. */
  readonly outer: readonly Specifier[];
  /** The names in braces. */
  readonly named: readonly Specifier[];
}

/** Splits `import type X, { a as b, type C } from` into its parts. */
function parseClause(head: string): Clause {
  const code = head.replace(/\/\*[^]*?\*\/|\/\/.*/g, " ");
  const [, type, rest = ""] = /^import\s*(type\b(?!\s*from\s*$|\s*,))?([^]*)from\s*$/.exec(code) ?? [];
  const typeOnly = type !== undefined;
  const braces = /\{([^}]*)\}/.exec(rest);
  const specifiers = (list: string, wrap: (what: string) => string): Specifier[] =>
    list
      .split(",")
      .map((item) => item.trim().replace(/\s+/g, " "))
      .filter((item) => item !== "")
      .map((item) => {
        const what = item.replace(/^type (?!as\b)/, "");
        const name = what.slice(what.lastIndexOf(" ") + 1);
        return { name, what: wrap(what), text: item, typeOnly: typeOnly || what !== item };
      });
  return {
    typeOnly,
    outer: specifiers(braces ? rest.replace(braces[0], "") : rest, (what) => what),
    named: specifiers(braces?.[1] ?? "", (what) => `{ ${what} }`),
  };
}

function clauseText(typeOnly: boolean, outer: readonly Specifier[], named: readonly Specifier[]): string {
  const parts = outer.map(({ text }) => text);
  if (named.length > 0) parts.push(`{ ${named.map(({ text }) => text).join(", ")} }`);
  return `import ${typeOnly ? "type " : ""}${parts.join(", ")} from `;
}

function lex(source: string): ReturnType<typeof parse>[0] {
  try {
    return parse(source)[0];
  } catch {
    // A syntax error: esbuild and tsc know TypeScript and report it better.
    return [];
  }
}

const importsGiven = (head: string) => /[{,]\s*given\b/.test(head);

type Place = { path: string; cell: number; line: number; column: number };

function checkAllowed(notebook: Notebook, place: Place, specifier: string): void {
  if (specifier === "shopmetrics" || /^\.\.?\//.test(specifier)) return;
  const runtime = { "shopmetrics/page": "page", "shopmetrics/sources": "node" }[specifier];
  if (runtime === notebook.front.runtime) return;
  const isNodeModule = specifier.startsWith("node:");
  if (isNodeModule && notebook.front.runtime === "node") return;
  const next =
    isNodeModule || runtime === "node"
      ? "Set `runtime: node` in the front matter if the step uses files or the network, or remove the import."
      : 'A notebook imports "shopmetrics" and files in its folder ("./…"): add what is missing to lib/ and import it from there.';
  throw new NotebookError(place, `may not import "${specifier}"`, next);
}

function checkSame(place: Place, name: string, first: Imported, second: Imported): void {
  if (first.what !== second.what) {
    const problem = `"${name}" is \`${first.what}\` in cell ${first.cell}, and \`${second.what}\` here`;
    throw new NotebookError(
      place,
      problem,
      "All cells share one scope: import one of them under another name.",
    );
  }
  if (first.typeOnly && !second.typeOnly) {
    const problem = `"${name}" is imported only as a type in cell ${first.cell}, and as a value here`;
    throw new NotebookError(place, problem, `Remove \`type\` in cell ${first.cell}.`);
  }
}

function afterSemicolon(source: string, end: number): number {
  return end + (/^[ \t]*;/.exec(source.slice(end))?.[0].length ?? 0);
}
