import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { drawPage } from "shopmetrics/internal/dashboard/built";
import type { Manifest } from "shopmetrics/internal/dashboard/manifest";
import { InputError } from "shopmetrics/internal/errors";
import { findNotebooks } from "../compile.js";
import { importModule } from "../notebook-import.js";
import { bundleNotebooks } from "../notebook-plugin.js";
import { browserScripts, type SiteFile } from "./browser-build.js";
import { pageHtml, pageName } from "./page-html.js";

/** What was written. */
export interface Site {
  readonly pages: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** The age of the oldest page's data, ISO; undefined when no page has data. */
  readonly asOf: string | undefined;
}

/**
 * Builds the dashboard from the notebooks and the last snapshots; no warehouse is asked. The folder is replaced as a whole.
 *
 * @param snapshots where the pages' exports are
 * @param out the site's folder
 * @throws NotebookError, or InputError when there are no pages or no snapshots
 */
export async function writeSite(options: { root: string; snapshots: string; out: string }): Promise<Site> {
  const { root, snapshots, out } = options;
  const paths = (await findNotebooks(root)).filter((name) => name.startsWith("notebooks/dashboard/"));
  const bundled = (await bundleNotebooks(paths, { root }))
    .filter(({ notebook }) => notebook.front.runtime === "page")
    .toSorted((a, b) => a.notebook.front.position! - b.notebook.front.position!);
  if (bundled.length === 0) throw new InputError("There are no pages: notebooks/dashboard/ holds none.");

  const manifests = await Promise.all(
    bundled.map(({ notebook }) => readManifest(snapshots, pageName(notebook.path))),
  );
  if (!manifests.some(Boolean)) {
    throw new InputError(
      `There are no snapshots in ${snapshots}: run \`npx shopmetrics run\` first, which exports them.`,
    );
  }
  const [scripts, assets] = await Promise.all([
    browserScripts(
      root,
      bundled.map(({ notebook }) => notebook.path),
    ),
    readAssets(),
  ]);
  const href = (index: number) =>
    index === 0 ? "index.html" : `${pageName(bundled[index]!.notebook.path)}.html`;
  const navigation = bundled.map(({ notebook }, index) => ({
    title: notebook.front.title,
    href: href(index),
  }));
  const files: SiteFile[] = [...scripts.files, ...assets.files];
  for (const [index, one] of bundled.entries()) {
    const manifest = manifests[index];
    const blocks = await drawPage(
      manifest,
      (file) => readFile(path.join(snapshots, file)),
      () => importModule(one),
    );
    const shell = {
      base: "",
      navigation,
      current: href(index),
      style: assets.style,
      font: assets.font,
      scripts: [scripts.shared, scripts.pages.get(one.notebook.path)!],
    };
    files.push({ path: href(index), content: pageHtml(one.notebook, blocks, manifest, shell) });
    if (manifest) files.push(...(await dataFiles(snapshots, manifest)));
  }
  await replaceFolder(out, files);
  return {
    pages: navigation.map((entry) => entry.href),
    files: files.length,
    bytes: files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0),
    asOf: manifests.flatMap((manifest) => manifest?.asOf ?? []).toSorted()[0],
  };
}

async function readManifest(folder: string, page: string): Promise<Manifest | undefined> {
  const file = path.join(folder, `${page}.json`);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Manifest;
  } catch (error) {
    throw new InputError(
      `${file} is damaged (${(error as Error).message}): remove it and run \`npx shopmetrics run\`.`,
    );
  }
}

/** A page's manifest and snapshots, and beside each a script that brings it where the site is opened from a folder. */
async function dataFiles(folder: string, manifest: Manifest): Promise<SiteFile[]> {
  const files: SiteFile[] = [];
  const add = (name: string, content: Uint8Array) => {
    const base64 = Buffer.from(content).toString("base64");
    files.push({ path: `data/${name}`, content });
    files.push({
      path: `data/${name}.js`,
      content: `shopmetricsData(${JSON.stringify(name)},"${base64}");\n`,
    });
  };
  add(`${manifest.page}.json`, Buffer.from(JSON.stringify(manifest)));
  for (const { file } of Object.values(manifest.snapshots)) {
    // A snapshot that is gone is told on its page, when it is drawn.
    const content = await readFile(path.join(folder, file)).catch(() => undefined);
    if (content) add(file, content);
  }
  return files;
}

async function readAssets(): Promise<{ files: SiteFile[]; style: string; font: string }> {
  const require = createRequire(import.meta.url);
  const source = await readFile(
    require.resolve("@fontsource-variable/figtree/files/figtree-latin-wght-normal.woff2"),
  );
  const font = hashed("assets/figtree.woff2", source);
  const sheet = await readFile(fileURLToPath(new URL("../../site/style.css", import.meta.url)), "utf8");
  const { code } = await transform(sheet.replaceAll("{{font}}", path.basename(font)), {
    loader: "css",
    minify: true,
  });
  const style = hashed("assets/style.css", code);
  return {
    files: [
      { path: font, content: source },
      { path: style, content: code },
    ],
    style,
    font,
  };
}

/** `assets/style.css` with a part of its content's hash in its name. */
function hashed(name: string, content: string | Uint8Array): string {
  const { dir, name: stem, ext } = path.parse(name);
  return `${dir}/${stem}-${createHash("sha256").update(content).digest("hex").slice(0, 8)}${ext}`;
}

/** Writes a folder beside the old one, then puts it in its place. */
async function replaceFolder(folder: string, files: readonly SiteFile[]): Promise<void> {
  const draft = `${folder}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  for (const name of new Set(files.map((file) => path.dirname(path.join(draft, file.path)))))
    await mkdir(name, { recursive: true });
  await Promise.all(files.map((file) => writeFile(path.join(draft, file.path), file.content)));
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
}
