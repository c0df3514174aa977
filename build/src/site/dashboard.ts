import path from "node:path";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { prerenderPage, useLook, type Block, type Html, type Manifest } from "shopmetrics/display";
import { InputError, type Settings } from "shopmetrics/settings";
import { findNotebooks } from "../compile/compile.js";
import { importModule } from "../notebook/execute.js";
import { bundleNotebooks } from "../notebook/plugin.js";
import { browserScripts } from "./browser-build.js";
import { stepName } from "../notebook/front-matter.js";
import { pageHtml, pageName, stateHtml } from "./dashboard-page.js";
import { hashed, type SiteFile } from "./files.js";
import type { Layout, NavigationEntry } from "./layout.js";

/** The dashboard, drawn from its last snapshots. */
export interface Dashboard {
  /** In the order of the navigation. */
  readonly pages: readonly DashboardPage[];
  /** Its pages with all that they load. */
  readonly files: readonly SiteFile[];
  /** What other pages of the site have in common with it. */
  readonly frame: Pick<Layout, "navigation" | "style" | "font" | "state" | "shop">;
  /** The age of the oldest page's data, ISO; undefined when no page has data. */
  readonly asOf: string | undefined;
}

const defaultLook = { currency: "EUR", locale: "en-GB", shop: "ShopMetrics" };

/** A page of the dashboard, as it was drawn. */
export interface DashboardPage {
  readonly step: string;
  readonly path: string;
  readonly title: string;
  readonly blocks: readonly Block[];
  /** Its last export; undefined when there is none. */
  readonly manifest: Manifest | undefined;
}

/**
 * Builds the dashboard from the notebooks and the last snapshots; no warehouse is asked.
 *
 * @param snapshots where the pages' exports are
 * @param furtherEntries of the navigation, after the dashboard's own pages
 * @throws NotebookError, or InputError when there are no pages or no snapshots
 */
export async function buildDashboard(options: {
  root: string;
  snapshots: string;
  furtherEntries?: readonly NavigationEntry[];
  /** The page that tells where the figures of a step's page come from, from the site's root. */
  sourcesOf?: (step: string) => string;
  /** How the pages write amounts, and whose they are. */
  look?: Settings["look"];
}): Promise<Dashboard> {
  const { root, snapshots, furtherEntries = [], look = defaultLook, sourcesOf } = options;
  useLook(look);
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
  // esbuild is a process of its own: it bundles while the pages are drawn here.
  const bundling = Promise.all([
    browserScripts(
      root,
      bundled.map(({ notebook }) => notebook.path),
    ),
    readStyle(),
  ]);
  bundling.catch(() => undefined);
  const drawn: (readonly Block[])[] = [];
  for (const [index, page] of bundled.entries()) {
    const read = (file: string) => readFile(path.join(snapshots, file));
    drawn.push(await prerenderPage(manifests[index], read, () => importModule(page), root));
  }
  const [scripts, { style, font }] = await bundling;
  const href = (index: number) =>
    index === 0 ? "index.html" : `${pageName(bundled[index]!.notebook.path)}.html`;
  const navigation = [
    ...bundled.map(({ notebook }, index) => ({ title: notebook.front.title, href: href(index) })),
    ...furtherEntries,
  ];
  const files: SiteFile[] = [...scripts.files, style, font];
  for (const [index, { notebook }] of bundled.entries()) {
    const manifest = manifests[index];
    const layout = {
      base: "",
      navigation,
      current: href(index),
      shop: look.shop,
      look,
      sources: sourcesOf?.(stepName(notebook.path)),
      style: style.path,
      font: font.path,
      scripts: [scripts.shared, scripts.pages.get(notebook.path)!],
    };
    files.push({ path: href(index), content: String(pageHtml(notebook, drawn[index]!, manifest, layout)) });
    if (manifest) files.push(...(await dataFiles(snapshots, manifest)));
  }
  return {
    pages: bundled.map(({ notebook: { path: file, front } }, index) => ({
      step: stepName(file),
      path: href(index),
      title: front.title,
      blocks: drawn[index]!,
      manifest: manifests[index],
    })),
    files,
    frame: { navigation, style: style.path, font: font.path, state: newestState(manifests), shop: look.shop },
    asOf: manifests.flatMap((manifest) => manifest?.asOf ?? []).toSorted()[0],
  };
}

/**
 * The state that the site's other pages show: the first page's data, and the checks as the newest export found them. After a run that
 * failed, pages keep their last good export with its checks, while these pages tell of the run's own.
 */
function newestState(manifests: readonly (Manifest | undefined)[]): Html | undefined {
  const known = manifests.filter((manifest) => manifest !== undefined);
  const [first] = known;
  const newest = known.toSorted((a, b) => (a.asOf < b.asOf ? 1 : a.asOf > b.asOf ? -1 : all(b) - all(a)))[0];
  return first && stateHtml({ ...first, checks: newest!.checks });
}

const all = ({ checks }: Manifest) => checks.pass + checks.warn + checks.fail;

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

/** A page's manifest and snapshots, and for each a script that holds the same, for a site opened from a folder. */
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
    // If a snapshot is missing, its page says so when it is drawn.
    const content = await readFile(path.join(folder, file)).catch(() => undefined);
    if (content) add(file, content);
  }
  return files;
}

/** The style sheet and its font. A page opened from a folder cannot load the font: the browser uses another. */
async function readStyle(): Promise<{ style: SiteFile; font: SiteFile }> {
  const require = createRequire(import.meta.url);
  const content = await readFile(
    require.resolve("@fontsource-variable/figtree/files/figtree-latin-wght-normal.woff2"),
  );
  const font = { path: hashed("assets/figtree.woff2", content), content };
  const sheet = await readFile(fileURLToPath(new URL("../../site/style.css", import.meta.url)), "utf8");
  const text = sheet.replaceAll("{{font}}", path.basename(font.path));
  const { code } = await transform(text, { loader: "css", minify: true });
  return { style: { path: hashed("assets/style.css", code), content: code }, font };
}
