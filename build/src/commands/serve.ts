import path from "node:path";
import { existsSync } from "node:fs";
import { InputError, readSettings, type Settings } from "shopmetrics/settings";
import { refuseTakenPort, serveSite, type SiteServer } from "../site/server.js";
import { buildSite, siteFolder } from "./site.js";

export async function serve(options: { port: number; out?: string }): Promise<void> {
  const settings = readSettings();
  if (options.port !== defaultPort) await refuseTakenPort(options.port);
  const { sentence } = await buildSite(settings, options.out);
  console.log(sentence);
  await serveUntilInterrupted(settings, options);
}

/** Serves the built site and prints its address, until Ctrl-C. */
export async function serveUntilInterrupted(
  settings: Settings,
  options: { port: number; out?: string },
): Promise<void> {
  const site = siteFolder(settings, options.out);
  if (!existsSync(path.join(site, "index.html")))
    throw new InputError(`There is no site in ${site}: run \`npm run site\`.`);
  const server = await serveSomewhere({ site, snapshots: settings.snapshots, port: options.port });
  console.log(`\nThe dashboard: ${server.url}   (Ctrl-C ends it)`);
  await new Promise<void>((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
  await server.close();
}

/** Builds and serves the dashboard while something else runs; undefined when nothing has been exported yet. */
export async function openDashboard(settings: Settings): Promise<SiteServer | undefined> {
  if (!existsSync(settings.snapshots)) return undefined;
  const { folder } = await buildSite(settings);
  return serveSomewhere({ site: folder, snapshots: settings.snapshots, port: defaultPort });
}

/** Often in use already: then any free port is taken. A port that was asked for must be free. */
const defaultPort = 3000;

async function serveSomewhere(options: {
  site: string;
  snapshots: string;
  port: number;
}): Promise<SiteServer> {
  try {
    return await serveSite(options);
  } catch (error) {
    if (!(error instanceof InputError) || options.port !== defaultPort) throw error;
    return serveSite({ ...options, port: 0 });
  }
}
