import { readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { build, transform, type BuildOptions, type BuildResult, type Plugin } from "esbuild";
import { notebookFailure, type Sources } from "./esbuild-errors.js";
import { nodeOutput } from "./node-output.js";
import { notebookModule, type SourceMapJson } from "./module.js";
import { nameStatements } from "./name-statements.js";
import { parseNotebook, type Notebook } from "./parse.js";

/** A notebook as one JavaScript module that imports only `shopmetrics` and Node's own modules. */
export interface BundledNotebook {
  readonly notebook: Notebook;
  readonly code: string;
  /** Its sources are named `notebooks/silver/orders_clean.ipynb cell 4`; see `locate`. */
  readonly map: SourceMapJson;
}

/**
 * Compiles notebooks to modules in one call of esbuild.
 *
 * @param paths relative to `root`, e.g. "notebooks/silver/orders_clean.ipynb"; the results have the same order
 * @throws NotebookError for one problem, or an AggregateError for several
 */
export async function bundleNotebooks(
  paths: readonly string[],
  options: { root: string },
): Promise<BundledNotebook[]> {
  const { root } = options;
  const { result, sources } = await buildWithNotebooks(root, {
    entryPoints: paths.map((path) => ({ in: resolve(root, path), out: path })),
    outdir: root,
    write: false,
    packages: "external",
    sourcemap: "external",
  });
  const texts = new Map(result.outputFiles?.map((file) => [relative(root, file.path), file]));
  const text = (file: string): string => texts.get(file)?.text ?? "";
  return paths.map((path) => {
    const source = sources.get(resolve(root, path));
    if (!source) throw new Error(`esbuild left out ${path}`);
    const map: SourceMapJson = JSON.parse(text(`${path}.js.map`));
    const placed = renamed(map, (file) => relative(root, resolve(root, dirname(path), file)));
    return { notebook: source.notebook, ...nameStatements(text(`${path}.js`), placed) };
  });
}

/**
 * Calls esbuild with the notebook plugin: `.ipynb` files may be entry points and imports. Builds modules for Node 20
 * unless `options` say otherwise.
 *
 * @param root the folder that notebooks' paths are relative to
 * @throws NotebookError for one problem, or an AggregateError for several
 */
export async function buildWithNotebooks(
  root: string,
  options: BuildOptions,
): Promise<{ result: BuildResult; sources: Sources }> {
  const sources: Sources = new Map();
  const defaults: BuildOptions = {
    absWorkingDir: root,
    bundle: true,
    ...nodeOutput,
  };
  try {
    const plugins = [esbuildPlugin(root, sources), ...(options.plugins ?? [])];
    const result = await build({ ...defaults, ...options, plugins });
    return { result, sources };
  } catch (failure) {
    throw await notebookFailure(failure, root, sources);
  }
}

/**
 * The same for vite and vitest: `import "../notebooks/silver/orders_clean.ipynb"` runs the notebook's cells in the
 * current session. The module's default export is `{ path, front }`. Paths are relative to vite's `root`.
 */
export function notebooks(): VitePlugin {
  let root = process.cwd();
  return {
    name: "shopmetrics-notebooks",
    enforce: "pre",
    configResolved: (config) => void (root = config.root),
    load: async (id) => {
      const [file = ""] = id.split("?");
      return file.endsWith(".ipynb") ? loadForVite(root, file) : undefined;
    },
  };
}

/** The part of vite's Plugin that is used here; this package does not depend on vite. */
interface VitePlugin {
  name: string;
  enforce: "pre";
  configResolved(config: { root: string }): void;
  load(id: string): Promise<{ code: string; map: string } | undefined>;
}

function esbuildPlugin(root: string, sources: Sources): Plugin {
  return {
    name: "shopmetrics-notebooks",
    setup({ onLoad }) {
      onLoad({ filter: /\.ipynb$/ }, async ({ path }) => {
        try {
          const { code } = await load(root, path, sources);
          return { contents: code, loader: "ts", resolveDir: dirname(path) };
        } catch (detail) {
          return { errors: [{ text: (detail as Error).message, detail }] };
        }
      });
    },
  };
}

async function loadForVite(root: string, file: string): Promise<{ code: string; map: string }> {
  const sources: Sources = new Map();
  try {
    const { code, notebook } = await load(root, file, sources);
    const { path, front } = notebook;
    return await transform(`${code}export default ${JSON.stringify({ path, front })};\n`, {
      loader: "ts",
      target: "es2022",
      charset: "utf8",
      sourcemap: "external",
      sourcefile: file,
      tsconfigRaw: {},
    });
  } catch (failure) {
    throw await notebookFailure(failure, root, sources);
  }
}

/** Reads a notebook and returns its module with the source map inline, where esbuild looks for it. */
async function load(
  root: string,
  file: string,
  sources: Sources,
): Promise<{ code: string; notebook: Notebook }> {
  const notebook = parseNotebook(relative(root, file), await readFile(file, "utf8"));
  const module = notebookModule(notebook);
  sources.set(file, { notebook, module });
  // esbuild takes the sources' names as relative to the file's folder.
  const map = renamed(module.map, (source) => relative(dirname(notebook.path), source));
  const base64 = Buffer.from(JSON.stringify(map)).toString("base64");
  return { notebook, code: `${module.code}//# sourceMappingURL=data:application/json;base64,${base64}\n` };
}

function renamed(map: SourceMapJson, name: (source: string) => string): SourceMapJson {
  return { ...map, sources: map.sources.map(name) };
}
