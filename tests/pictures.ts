import { mkdir } from "node:fs/promises";
import path from "node:path";
import { serveSite } from "../build/src/site/server.ts";
import { buildDashboard } from "../build/src/site/dashboard.ts";
import { writeSite } from "../build/src/site/files.ts";
import { projectRoot, readSettings } from "#lib/settings.js";
import { launch, openReady } from "./system/browser.ts";

// Takes the README's pictures of the dashboard, from the snapshots of the last run: `npm run pictures`.
const { snapshots, home } = readSettings();
const site = path.join(home, "pictures");
const { files } = await buildDashboard({ root: projectRoot, snapshots });
await writeSite(site, files);
const server = await serveSite({ site, snapshots, port: 0 });
const browser = await launch();
const folder = path.join(projectRoot, "docs/images");
await mkdir(folder, { recursive: true });
const wanted = [
  { page: "index", name: "sales", colorScheme: "light", width: 1200, height: 1000 },
  { page: "customers", name: "customers", colorScheme: "dark", width: 1200, height: 1000 },
  { page: "traffic", name: "traffic-phone", colorScheme: "light", width: 390, height: 844 },
] as const;
for (const { page: name, name: file, colorScheme, ...viewport } of wanted) {
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  await openReady(page, `${server.url}${name}.html`);
  await page.screenshot({ path: path.join(folder, `${file}.png`) });
  await context.close();
}
await browser.close();
await server.close();
console.log(`Took ${wanted.length} pictures in ${path.relative(process.cwd(), folder)}`);
