import path from "node:path";
import { readSettings, type Settings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { figuresPage } from "../docs/addresses.js";
import { docsEntry, docsFiles } from "../docs/docs.js";
import { buildDashboard } from "../site/dashboard.js";
import { during } from "../run/running-line.js";
import { writeSite } from "../site/files.js";
import { bytes, count, nearPath, seconds } from "../text.js";

export async function site(options: {
  out?: string;
  docs?: boolean;
  tests?: string;
  quiet?: boolean;
  json?: boolean;
}): Promise<void> {
  const settings = readSettings();
  const { sentence, ...made } = await during("building the site", () =>
    buildSite(settings, options.out, options),
  );
  if (options.json) console.log(JSON.stringify(made));
  else if (!options.quiet) console.log(sentence);
}

/** What was written. */
interface BuiltSite {
  /** The dashboard's. */
  readonly pages: readonly string[];
  /** The documentation's. */
  readonly extraPages: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** The age of the oldest page's data, ISO; undefined when no page has data. */
  readonly asOf: string | undefined;
  readonly folder: string;
  readonly seconds: number;
  /** The same in words. */
  readonly sentence: string;
}

/** The folder that the site is written to: `out`, or dist/site. */
export const siteFolder = ({ root }: Settings, out = "dist/site") => path.resolve(root, out);

/**
 * Builds the site: the dashboard from the last snapshots, and the documentation from the notebooks and what
 * the warehouse holds.
 */
export async function buildSite(
  settings: Settings,
  out?: string,
  { docs = true, tests }: { docs?: boolean; tests?: string } = {},
): Promise<BuiltSite> {
  const started = performance.now();
  const folder = siteFolder(settings, out);
  const { root, snapshots } = settings;
  const dashboard = await buildDashboard({
    root,
    snapshots,
    look: settings.look,
    ...(docs && { furtherEntries: [docsEntry], sourcesOf: figuresPage }),
  });
  const documentation = docs ? await docsFiles(settings, shop, dashboard, { tests }) : [];
  const files = [...dashboard.files, ...documentation];
  await writeSite(folder, files);
  const pages = dashboard.pages.map((page) => page.path);
  const extraPages = documentation.map((file) => file.path).filter((file) => file.endsWith(".html"));
  const size = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  const took = (performance.now() - started) / 1000;
  const figures = `${files.length} files, ${bytes(size)} (${seconds(took)})`;
  return {
    pages,
    extraPages,
    files: files.length,
    bytes: size,
    asOf: dashboard.asOf,
    folder,
    seconds: took,
    sentence: `Built ${count(pages.length + extraPages.length)} pages in ${nearPath(folder)}: ${figures}`,
  };
}
