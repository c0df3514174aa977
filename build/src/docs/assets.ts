import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { hashed, type SiteFile } from "../site/files.js";

interface DocsAssets {
  readonly files: readonly SiteFile[];
  readonly style: string;
  /** Copy buttons and the search. */
  readonly script: string;
  /** Marks a column's sources and uses in the graph. */
  readonly lineage: string;
}

/** The pages' own style sheet and scripts, with hashed names. */
export async function docsAssets(): Promise<DocsAssets> {
  const [sheet, script, follow] = await Promise.all([
    readFile(fileURLToPath(new URL("../../site/docs.css", import.meta.url)), "utf8"),
    browserScript("docs"),
    browserScript("lineage"),
  ]);
  const { code } = await transform(sheet, { loader: "css", minify: true });
  const files = [
    hashedFile("assets/docs.css", code),
    hashedFile("assets/docs.js", script),
    hashedFile("assets/lineage.js", follow),
  ];
  const [style, docs, lineage] = files.map(({ path: file }) => file);
  return { files, style: style!, script: docs!, lineage: lineage! };
}

const hashedFile = (name: string, content: string): SiteFile => ({ path: hashed(name, content), content });

/** Bundles a script of browser/ as one classic script: pages opened from a folder cannot load modules. */
async function browserScript(name: string): Promise<string> {
  // The ending of this file: compiled, or TypeScript in a test.
  const ending = path.extname(import.meta.url);
  const entry = fileURLToPath(new URL(`./browser/${name}${ending}`, import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "iife",
    platform: "browser",
    target: ["chrome111", "firefox113", "safari16.4"],
    minify: true,
    charset: "utf8",
    write: false,
    logLevel: "silent",
    legalComments: "none",
    tsconfigRaw: {},
  });
  return outputFiles[0]!.text;
}
