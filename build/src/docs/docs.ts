import path from "node:path";
import { readFile } from "node:fs/promises";
import type { Plan, Project } from "shopmetrics/plan";
import type { Docs } from "./model.js";
import type { Settings } from "shopmetrics/settings";
import { compile } from "../compile/compile.js";
import { parseNotebook, type Notebook } from "../notebook/parse.js";
import type { SiteFile } from "../site/files.js";
import type { Dashboard } from "../site/dashboard.js";
import { sqlFile } from "../bundle/sql/step.js";
import { compiledFile, docsHome } from "./addresses.js";
import { docsAssets } from "./assets.js";
import { openWarehouseStats } from "./warehouse-stats.js";
import { rememberedHighlight } from "./highlight.js";
import { buildFiguresPage } from "./figures-page.js";
import { buildNotebookPage } from "./notebook-page.js";
import { findEvidence, readRequirements, readTestReport } from "./evidence.js";
import { buildGuidePage, guidePictures, readGuides } from "./guides.js";
import { buildLineagePage } from "./lineage-page.js";
import { buildRequirementsPage } from "./requirements-page.js";
import { docsPage, type Page } from "./page.js";
import { buildPipelinePage } from "./pipeline-page.js";
import { searchIndex } from "./search-index.js";
import { sidebarOf } from "./sidebar.js";
import { buildStartPage } from "./start-page.js";
import { buildDictionaryPage, buildTablePage } from "./table-page.js";

/** The documentation's entry in the navigation. */
export const docsEntry = { title: "Docs", href: docsHome };

/**
 * The documentation: a page for each notebook, table and guide, made from the compiled notebooks, the contracts and the
 * content of the warehouse. The warehouse is only read; without one the pages say so.
 *
 * @param options.tests vitest's report or a folder of them, for the requirements' last results
 * @throws NotebookError, or an AggregateError of several, when the notebooks do not compile
 */
export async function docsFiles(
  settings: Settings,
  project: Project,
  dashboard: Dashboard,
  options: { tests?: string | undefined } = {},
): Promise<SiteFile[]> {
  const { root } = settings;
  const [compiled, { highlight, save }, assets, requirements, guides] = await Promise.all([
    compile(root, project),
    rememberedHighlight(),
    docsAssets(),
    readRequirements(root),
    readGuides(root),
  ]);
  const { plans, lineage, tables } = compiled;
  const [notebooks, warehouseStats] = await Promise.all([
    readNotebooks(root, plans),
    openWarehouseStats(settings, {
      plans,
      tables,
      runs: dashboard.pages.flatMap(({ manifest }) => manifest?.run ?? []),
    }),
  ]);
  const tests = options.tests === undefined ? undefined : await readTestReport(root, options.tests);
  const docs: Docs = {
    plans,
    lineage,
    unitTests: compiled.tests,
    highlight,
    notebooks,
    tables,
    warehouseStats,
    compiled: new Map(
      plans.filter(({ runtime }) => runtime === "sql").map((plan) => [plan.step, sqlFile(plan)]),
    ),
    dashboard: new Map(dashboard.pages.map((page) => [page.step, page])),
    requirements,
    evidence: findEvidence(requirements, { warehouseStats, tests }),
    guides,
  };
  const pages: Page[] = [
    buildStartPage(docs),
    buildPipelinePage(docs),
    ...plans.map((plan) => buildNotebookPage(docs.notebooks.get(plan.step)!, plan, docs)),
    buildDictionaryPage(docs),
    ...[...docs.tables.values()].map((table) => buildTablePage(table, docs)),
    buildLineagePage(docs, assets.lineage),
    ...dashboard.pages.map((page) => buildFiguresPage(page, docs)),
    buildRequirementsPage(docs),
    ...[...guides].map(([file, text]) => buildGuidePage(file, text, docs)),
  ];
  await save();
  const search = searchIndex(pages);
  const { style, script } = assets;
  const shared = { frame: dashboard.frame, style, script, search: search.path, sidebar: sidebarOf(docs) };
  return [
    ...assets.files,
    search,
    ...(await guidePictures(root, guides)),
    ...pages.map((page) => docsPage(page, shared)),
    ...[...docs.compiled].map(([step, content]) => ({ path: compiledFile(step), content })),
  ];
}

async function readNotebooks(root: string, plans: readonly Plan[]): Promise<Map<string, Notebook>> {
  const read = plans.map(async ({ step, notebook }): Promise<[string, Notebook]> => [
    step,
    parseNotebook(notebook, await readFile(path.join(root, notebook), "utf8")),
  ]);
  return new Map(await Promise.all(read));
}
