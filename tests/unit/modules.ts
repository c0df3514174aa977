/** What each TypeScript file, script and notebook of the repository imports and exports, types included. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAst } from "vitest/node";
import libPackage from "../../lib/package.json" with { type: "json" };

export interface Module {
  /** From the root of the repository, as all paths here. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** Of these, what it names by a path. */
  readonly paths: readonly string[];
  /** Packages that it imports, as it names them: `shopmetrics/plan`. */
  readonly packages: readonly string[];
  readonly exports: readonly string[];
}

export interface Import {
  readonly from: string;
  /** Where it takes the module as a whole, all. */
  readonly names: ReadonlySet<string> | "all";
}

/** Named exports of the library: `shopmetrics/plan` → its source. */
export const libExports: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(libPackage.exports).map(([name, { default: file }]) => [
    path.posix.join("shopmetrics", name),
    sourceOf(path.posix.join("lib", file)),
  ]),
);

const root = path.resolve(import.meta.dirname, "../..");

/** @param folders folders, or single files */
export function readModules(folders: readonly string[]): Module[] {
  return folders.flatMap(filesIn).map((file) => readModule(file));
}

/** All that a file imports of these modules, directly or through others; itself where it stands in a circle. */
export function reached(modules: readonly Module[], file: string): Set<string> {
  const imports = new Map(modules.map((module) => [module.file, module.imports]));
  const found = new Set<string>();
  const follow = (from: string) => {
    for (const next of imports.get(from) ?? []) {
      if (found.has(next.from)) continue;
      found.add(next.from);
      follow(next.from);
    }
  };
  follow(file);
  return found;
}

function filesIn(folder: string): string[] {
  if (path.extname(folder)) return [folder];
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => path.posix.join(folder, ...name.split(path.sep)))
    .filter((name) => /(?<!\.d)\.(ts|js|mjs|ipynb)$/.test(name))
    .filter((name) => !/\/(dist|fixtures|node_modules|\.ipynb_checkpoints)\//.test(name));
}

interface Node {
  readonly type: string;
  readonly [property: string]: unknown;
}

function readModule(file: string): Module {
  const text = readFileSync(path.join(root, file), "utf8");
  const body = codeOf(file, text).flatMap((code) => parseAst(code, { lang: "ts" }).body as unknown as Node[]);
  const found: { specifier: string; names: Set<string> | "all" }[] = [];
  const mentioned = new Set<string>();
  visit(body, (node) => {
    if (node.type === "Identifier") mentioned.add(node["name"] as string);
    const source = (node["source"] ?? node["argument"]) as Node | null | undefined;
    const specifier = source?.["value"];
    if (typeof specifier !== "string" || !/^(Import|Export|TSImportType)/.test(node.type)) return;
    found.push({ specifier, names: namesOf(node) ?? mentioned });
  });
  const imports = found.flatMap(({ specifier, names }) => {
    const from = resolve(file, specifier);
    return from === undefined ? [] : { from, names, isPath: isPath(specifier) };
  });
  return {
    file,
    text,
    imports,
    paths: imports.filter((one) => one.isPath).map(({ from }) => from),
    packages: found.map(({ specifier }) => specifier).filter((specifier) => !isPath(specifier)),
    exports: body.flatMap(exportsOf),
  };
}

function codeOf(file: string, text: string): string[] {
  if (!file.endsWith(".ipynb")) return [text];
  const { cells } = JSON.parse(text) as { cells: { cell_type: string; source: string | string[] }[] };
  return cells
    .filter(({ cell_type }) => cell_type === "code")
    .map(({ source }) => (typeof source === "string" ? source : source.join("")));
}

function visit(value: unknown, seen: (node: Node) => void): void {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value) seen(value as Node);
  for (const inner of Object.values(value)) visit(inner, seen);
}

/** Nothing for `import(…)`: what it takes of the module is among the names that the importing file mentions. */
function namesOf(node: Node): Set<string> | "all" | undefined {
  const specifiers = node["specifiers"] as Node[] | undefined;
  if (node.type === "ExportAllDeclaration") return "all";
  if (specifiers?.some(({ type }) => type === "ImportNamespaceSpecifier")) return "all";
  if (!specifiers) return;
  return new Set(
    specifiers.map((specifier) =>
      specifier.type === "ImportDefaultSpecifier"
        ? "default"
        : nameOf(specifier[specifier.type === "ExportSpecifier" ? "local" : "imported"]),
    ),
  );
}

function exportsOf(node: Node): string[] {
  if (node.type === "ExportDefaultDeclaration") return ["default"];
  if (node.type !== "ExportNamedDeclaration") return [];
  const { declaration, specifiers } = node as unknown as { declaration: Node | null; specifiers: Node[] };
  const declared = declaration?.["declarations"] ?? (declaration ? [declaration] : []);
  return [
    ...(declared as Node[]).map(({ id }) => nameOf(id)),
    ...specifiers.map(({ exported }) => nameOf(exported)),
  ];
}

/** Of an identifier, or of a name in quotes. */
function nameOf(node: unknown): string {
  const { name, value } = node as { name?: string; value?: string };
  const found = name ?? value;
  if (found === undefined) throw new Error("An export by a pattern: give each its own statement.");
  return found;
}

function isPath(specifier: string): boolean {
  return /^[.#]/.test(specifier);
}

/** The file of the repository that is imported; nothing for a package. */
function resolve(file: string, specifier: string): string | undefined {
  if (specifier.startsWith("#lib/")) return sourceOf(`lib/dist/${specifier.slice("#lib/".length)}`);
  if (!specifier.startsWith(".")) return libExports[specifier];
  const to = path.posix.join(path.posix.dirname(file), specifier);
  return file.startsWith("tests/") ? to : to.replace(/\.js$/, ".ts");
}

function sourceOf(compiled: string): string {
  return compiled.replace(/\/dist\//, "/src/").replace(/\.js$/, ".ts");
}
