import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build, type BuildOptions, type OutputFile, type Plugin } from "esbuild";
import { parseNotebook } from "../notebook/parse.js";
import type { SiteFile } from "./files.js";
import { browserModule, type BrowserModule } from "./browser-notebook.js";

/** The script of each page, by its notebook, and the one that all pages share. */
interface Scripts {
  readonly files: readonly SiteFile[];
  readonly shared: string;
  readonly pages: ReadonlyMap<string, string>;
}

/**
 * Compiles pages for the browser: one script that all share (Plot, the Parquet reader, the runtime) and a small one for
 * each page. They are classic scripts, not modules, since a page opened from a folder (`file://`) cannot load modules.
 *
 * @param notebooks relative to the root
 */
export async function browserScripts(root: string, notebooks: readonly string[]): Promise<Scripts> {
  const require = createRequire(import.meta.url);
  const common: BuildOptions = {
    absWorkingDir: root,
    bundle: true,
    format: "iife",
    platform: "browser",
    target: ["chrome111", "firefox113", "safari16.4"],
    minify: true,
    charset: "utf8",
    write: false,
    outdir: path.join(root, "site"),
    logLevel: "silent",
    legalComments: "none",
    tsconfigRaw: {},
  };
  const modules = new Map<string, BrowserModule>();
  for (const notebook of notebooks) {
    const file = path.resolve(root, notebook);
    modules.set(file, await browserModule(parseNotebook(notebook, await readFile(file, "utf8"))));
  }
  const drawsMaps = [...modules.values()].some(({ code }) =>
    /\bprojection\b|\bPlot\.(geo|sphere|graticule)\b/.test(code),
  );
  const plot = [...new Set([...modules.values()].flatMap((module) => module.plot))].toSorted();
  const [shared, pages] = await Promise.all([
    build({
      ...common,
      stdin: {
        contents: sharedModule(plot),
        resolveDir: path.dirname(require.resolve("shopmetrics/page")),
        sourcefile: "shared.js",
      },
      entryNames: "assets/shared-[hash]",
      globalName: "shopmetrics",
      plugins: drawsMaps ? [] : [withoutMaps],
    }),
    build({
      ...common,
      entryPoints: [...modules.keys()].map((file) => ({ in: file, out: path.basename(file, ".ipynb") })),
      entryNames: "assets/[name]-[hash]",
      plugins: [pagePlugin(modules)],
    }),
  ]);
  const outFiles = (files: readonly OutputFile[] | undefined) =>
    (files ?? []).map((file): SiteFile => ({
      path: path.relative(path.join(root, "site"), file.path).replaceAll(path.sep, "/"),
      content: file.contents,
    }));
  const own = outFiles(pages.outputFiles);
  const [runtime] = outFiles(shared.outputFiles);
  const byPage = notebooks.map((notebook): [string, string] => {
    const name = path.basename(notebook, ".ipynb");
    const file = own.find((script) => new RegExp(`^assets/${name}-[A-Z0-9]+\\.js$`).test(script.path));
    return [notebook, file!.path];
  });
  return { files: [runtime!, ...own], shared: runtime!.path, pages: new Map(byPage) };
}

/** The shared script: the runtime, and the part of Plot that the pages use, which is about half of it. */
const sharedModule = (plot: readonly string[]) => `export * from "./dashboard/browser/runtime.js";
import { ${plot.join(", ")} } from "@observablehq/plot";
export const Plot = { ${plot.join(", ")} };
`;

/** Plot imports d3-geo whatever it draws: a twelfth of the shared script, for maps. */
const withoutMaps: Plugin = {
  name: "without-maps",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]d3-geo[\\/].*index\.js$|[\\/]d3-geo\.mjs$/ }, async ({ path: file }) => {
      const names = Object.keys((await import(pathToFileURL(file).href)) as object);
      return {
        contents: `const none = () => undefined;
export { ${names.map((name) => `none as ${name}`).join(", ")} };`,
      };
    });
  },
};

/** Compiles notebooks for the browser; what they import comes from the shared script. */
function pagePlugin(modules: ReadonlyMap<string, BrowserModule>): Plugin {
  return {
    name: "shopmetrics-pages",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^shopmetrics(\/|$)/ }, ({ path }) => ({ path, namespace: "shared" }));
      onLoad({ filter: /.*/, namespace: "shared" }, () => ({
        contents: "module.exports = globalThis.shopmetrics;",
        loader: "js",
      }));
      onLoad({ filter: /\.ipynb$/ }, ({ path: file }) => {
        const { code } = modules.get(file)!;
        return { contents: code, loader: "ts", resolveDir: path.dirname(file) };
      });
    },
  };
}
