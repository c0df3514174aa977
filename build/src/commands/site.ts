import path from "node:path";
import { readSettings, type Settings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { docsEntry, docsFiles } from "../docs/docs.js";
import { writeSite, type Dashboard } from "../site/site.js";
import { bytes, count, nearPath, seconds } from "../text.js";

export async function site(options: {
  out?: string;
  docs?: boolean;
  tests?: string;
  quiet?: boolean;
  json?: boolean;
}): Promise<void> {
  const settings = readSettings();
  const { sentence, ...made } = await buildSite(settings, options.out, options);
  if (options.json) console.log(JSON.stringify(made));
  else if (!options.quiet) console.log(sentence);
}

/** Where the site is written unless somebody says otherwise. */
export const siteFolder = ({ root }: Settings, out = "dist/site") => path.resolve(root, out);

/** Builds the site from the last snapshots and what the warehouse holds, with one sentence that says so. */
export async function buildSite(
  settings: Settings,
  out?: string,
  { docs = true, tests }: { docs?: boolean; tests?: string } = {},
) {
  const started = performance.now();
  const folder = siteFolder(settings, out);
  const made = await writeSite({
    root: settings.root,
    snapshots: settings.snapshots,
    out: folder,
    ...(docs && {
      beside: {
        entry: docsEntry,
        make: (dashboard: Dashboard) => docsFiles(settings, shop, dashboard, { tests }),
      },
    }),
  });
  const took = (performance.now() - started) / 1000;
  const sentence = `Built ${count(made.pages.length + made.beside.length)} pages in ${nearPath(folder)}: ${made.files} files, ${bytes(made.bytes)} (${seconds(took)})`;
  return { ...made, folder, seconds: took, sentence };
}
