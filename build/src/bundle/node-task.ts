import path from "node:path";
import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import { databricks } from "shopmetrics/engine";
import type { ExportedPage } from "shopmetrics/run";
import type { LandingFolder, Plan } from "shopmetrics/plan";
import type { Metafile } from "esbuild";
import { cachedFile } from "../cache.js";
import { NotebookError } from "../notebook/error.js";
import { buildWithNotebooks } from "../notebook/plugin.js";
import { stepName } from "../notebook/front-matter.js";

const duckdb = "@duckdb/node-api";

/**
 * Compiles a Node step to one self-contained program: no node_modules on the workspace, and no DuckDB, whose binary has
 * ten times the size that a task may have.
 *
 * @param notebook relative to the root
 * @throws NotebookError when the step needs DuckDB
 */
export async function compileNodeTask(root: string, notebook: string): Promise<string> {
  return compileProgram(root, notebook, await program(notebook));
}

/**
 * Compiles the task that exports all pages of the dashboard. It holds their queries and nothing that draws.
 *
 * @param folders the folders of the landing volume from which steps load
 * @param tasksBefore the tasks that write what a page reads
 * @throws NotebookError when it needs DuckDB
 */
export async function compileExport(
  root: string,
  pages: readonly Plan[],
  folders: ReadonlyMap<string, LandingFolder>,
  tasksBefore: (page: string) => readonly string[],
): Promise<string> {
  const plans = pages.map(({ items, step, params, takes, reads, fingerprint }): ExportedPage => {
    const own = items.map((item) => ({
      ...item,
      scripts: { [databricks.name]: item.scripts[databricks.name] ?? [] },
    }));
    return { items: own, step, params, takes, reads, fingerprint, tasks: tasksBefore(step) };
  });
  const contents = `import { exportDashboard } from "shopmetrics/run";
await exportDashboard(${JSON.stringify(plans)}, ${JSON.stringify([...folders])});
`;
  return compileProgram(root, "task.ts", contents);
}

/** @param from the notebook or folder that an error names */
async function compileProgram(root: string, from: string, contents: string): Promise<string> {
  const stub = await duckdbStub();
  const [pac, translator, live] = await Promise.all([pacStub(), translatorStub(), liveStub()]);
  const { result } = await buildWithNotebooks(root, {
    stdin: { contents, resolveDir: root, sourcefile: "task.ts", loader: "ts" },
    outfile: path.join(root, "task.mjs"),
    write: false,
    // Names stay, since libraries look at those of their errors.
    minifySyntax: true,
    minifyWhitespace: true,
    metafile: true,
    sourcemap: "external",
    sourcesContent: false,
    alias: { [duckdb]: stub, "pac-proxy-agent": pac, "@polyglot-sql/sdk": translator },
    plugins: [
      {
        name: "no-live-session",
        setup: ({ onResolve }) => onResolve({ filter: /^\.\/session\/live\.js$/ }, () => ({ path: live })),
      },
    ],
    // Binaries that @databricks/sql does not need: it then asks for results that are not LZ4-compressed.
    external: ["lz4-napi", "@databricks/databricks-sql-kernel-*"],
    // Libraries written in CommonJS use names that a module does not have.
    banner: {
      js: `import { createRequire as requireOf } from "node:module"; import { fileURLToPath as pathOf } from "node:url";
const require = requireOf(import.meta.url), __filename = pathOf(import.meta.url), __dirname = pathOf(new URL(".", import.meta.url));`,
    },
  });
  const way = wayTo(result.metafile!, from, path.relative(root, stub).replaceAll(path.sep, "/"));
  if (way) {
    throw new NotebookError(
      { path: from },
      `needs DuckDB, which is no part of a Databricks task: ${way.join(" → ")}`,
      "Let the step's SQL run by `run` or a verb, so that it runs on the warehouse, or keep its job off Databricks.",
    );
  }
  const [map, code] = result.outputFiles!.toSorted((a, b) => b.path.length - a.path.length);
  return code!.text + inlineMap(map!.text);
}

/** The notebook between the beginning and the end of its session; its own modules come after the beginning. */
async function program(notebook: string): Promise<string> {
  const step = stepName(notebook);
  const begin = await writeStub(
    `begin-${step}.mjs`,
    `import { beginTask } from "shopmetrics/run";\nawait beginTask(${JSON.stringify(step)});\n`,
  );
  return `import ${JSON.stringify(begin)};
import ${JSON.stringify(`./${notebook}`)};
import { endTask } from "shopmetrics/run";
await endTask();
`;
}

/**
 * The source map of what comes from the notebook, so that an error in the task's log names notebook and cell. That of
 * the libraries would make the program twice as large and slow to start.
 */
function inlineMap(text: string): string {
  const map = JSON.parse(text) as { version: number; sources: string[]; mappings: string };
  const cells = map.sources.filter((source) => source.includes(".ipynb cell "));
  const cellOf = map.sources.map((source) => cells.indexOf(source));
  const lines = decode(map.mappings).map((line) => ofCells(line, cellOf));
  const small = { version: map.version, sources: cells, names: [], mappings: encode(lines) };
  const base64 = Buffer.from(JSON.stringify(small)).toString("base64");
  return `//# sourceMappingURL=data:application/json;base64,${base64}\n`;
}

/** The segments that belong to a cell, and after them the first of those that belong to none: millions are the libraries'. */
function ofCells(line: readonly SourceMapSegment[], cellOf: readonly number[]): SourceMapSegment[] {
  const kept: SourceMapSegment[] = [];
  let inCell = false;
  for (const segment of line) {
    const cell = segment.length > 1 ? cellOf[segment[1]!]! : -1;
    if (cell >= 0) kept.push([segment[0], cell, segment[2]!, segment[3]!]);
    else if (inCell) kept.push([segment[0]]);
    inCell = cell >= 0;
  }
  return kept;
}

/**
 * The imports that lead from one module to another when the program starts. What is loaded later, such as the engine
 * that the settings choose, is not followed, nor is what esbuild has left out.
 */
function wayTo({ inputs, outputs }: Metafile, from: string, to: string): string[] | undefined {
  const kept = Object.values(outputs).find(({ entryPoint }) => entryPoint)?.inputs ?? {};
  // The library's entry points export what other modules declare, and leave nothing of their own.
  const isThere = (name: string) =>
    (kept[name]?.bytesInOutput ?? 0) > 0 || /\blib\/dist\/(sources|exports\/\w+)\.js$/.test(name);
  // What notebooks call of the sources is loaded when it is called; an engine that is never opened is no part of the way.
  const isTaken = (here: string, kind: string) =>
    kind === "import-statement" || (kind === "dynamic-import" && here.endsWith("lib/dist/sources.js"));
  const seen = new Set<string>();
  const queue = [[from]];
  for (let way = queue.shift(); way; way = queue.shift()) {
    const here = way.at(-1)!;
    if (here === to) return [...way.slice(0, -1), duckdb];
    if (seen.has(here)) continue;
    seen.add(here);
    for (const { path: next, kind, external } of inputs[here]?.imports ?? [])
      if (isTaken(here, kind) && !external && isThere(next)) queue.push([...way, next]);
  }
  return undefined;
}

/** Proxies that are set up by a script would bring a JavaScript engine of 1 MB; no workspace needs them. */
const pacStub = () =>
  writeStub(
    "no-pac.mjs",
    'export class PacProxyAgent { constructor() { throw new Error("PAC proxies are not supported."); } }\n',
  );

/** Databricks SQL is written as it is, so nothing is translated. */
const translatorStub = () => writeStub("no-translator.mjs", "export {};\n");

/** A task has its session before its first cell, so it never opens that of Jupyter, with all that it shows and tests. */
const liveStub = () =>
  writeStub(
    "no-live-session.mjs",
    'export const liveSession = () => { throw new Error("A task has a session of its own."); };\n',
  );

/** A module with DuckDB's names; using one of them is an error that says that DuckDB is missing here. */
async function duckdbStub(): Promise<string> {
  const names = Object.keys(await import("@duckdb/node-api")).filter((name) => /^\w+$/.test(name));
  const text = `const refuse = () => { throw new Error("DuckDB is no part of a Databricks task: set SHOPMETRICS_ENGINE=databricks."); };
const get = (of, name) => (name === "prototype" || typeof name === "symbol" ? of[name] : refuse());
const absent = () => new Proxy(class {}, { apply: refuse, construct: refuse, get });
${names.map((name) => (name === "default" ? "" : `export const ${name} = /* @__PURE__ */ absent();`)).join("\n")}
`;
  return writeStub("no-duckdb.mjs", text);
}

const writeStub = (name: string, text: string) => cachedFile("bundle", name, text);
