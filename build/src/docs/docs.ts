import { readFile } from "node:fs/promises";
import path from "node:path";
import { allTables } from "shopmetrics/internal/contracts/declare";
import "shopmetrics/internal/contracts/index";
import type { Block } from "shopmetrics/internal/dashboard/built";
import type { Table } from "shopmetrics/internal/contracts/table";
import type { Plan } from "shopmetrics/internal/plan";
import type { Settings } from "shopmetrics/internal/settings";
import { compile } from "../compile.js";
import type { TableLineage } from "../lineage/column-lineage.js";
import { parseNotebook, type Notebook } from "../notebook.js";
import type { SiteFile } from "../site/browser-build.js";
import type { Dashboard } from "../site/site.js";
import { sqlFile } from "../sql-file.js";
import { compiledFile, docsHome } from "./addresses.js";
import { docsAssets } from "./assets.js";
import type { Facts } from "./facts.js";
import { loadHighlight, type Highlight } from "./highlight.js";
import { homePage } from "./home-page.js";
import { notebookHtml } from "./notebook-page.js";
import { openFacts } from "./open-facts.js";
import { docsPage, type Page, type PageLink } from "./page.js";
import { searchIndex } from "./search-index.js";
import { sidebarOf } from "./sidebar.js";
import { dictionary, tableHtml } from "./table-page.js";

/** All that pages are made from. */
export interface Docs {
  /** In the order of the pipeline. */
  readonly plans: readonly Plan[];
  /** By step. */
  readonly notebooks: ReadonlyMap<string, Notebook>;
  readonly tables: readonly Table[];
  readonly lineage: readonly TableLineage[];
  readonly facts: Facts;
  readonly highlight: Highlight;
  /** The SQL file of each step that is only SQL. */
  readonly compiled: ReadonlyMap<string, string>;
  /** What the cells of a dashboard's page have drawn, by step. */
  readonly drawings: ReadonlyMap<string, readonly Block[]>;
  /** The dashboard's pages, by step. */
  readonly dashboard: ReadonlyMap<string, PageLink>;
  /** By id. */
  readonly requirements: ReadonlyMap<string, string>;
  /** Markdown files that have a page, with their text. */
  readonly guides: ReadonlyMap<string, string>;
}

/** Where the dashboard's navigation leads to the documentation. */
export const docsEntry = { title: "Docs", href: docsHome };

/**
 * The documentation: a page for each notebook and each table, made from the compiled notebooks, the contracts and what
 * the warehouse holds. The warehouse is only read; without one the pages say so.
 *
 * @throws NotebookError, or an AggregateError of several, when the notebooks do not compile
 */
export async function docsFiles(settings: Settings, dashboard: Dashboard): Promise<SiteFile[]> {
  const { root } = settings;
  const [compiled, highlight, assets] = await Promise.all([compile(root), loadHighlight(), docsAssets()]);
  const { plans, lineage } = compiled;
  const docs: Docs = {
    plans,
    lineage,
    highlight,
    notebooks: await readNotebooks(root, plans),
    tables: allTables(),
    facts: await openFacts(settings, plans),
    compiled: new Map(
      plans.filter(({ runtime }) => runtime === "sql").map((plan) => [plan.step, sqlFile(plan)]),
    ),
    drawings: new Map(dashboard.pages.map(({ step, blocks }) => [step, blocks])),
    dashboard: new Map(dashboard.pages.map((page) => [page.step, page])),
    requirements: new Map(),
    guides: new Map(),
  };
  const pages: Page[] = [
    homePage(docs),
    ...plans.map((plan) => notebookHtml(docs.notebooks.get(plan.step)!, plan, docs)),
    dictionary(docs),
    ...docs.tables.map((table) => tableHtml(table, docs)),
  ];
  const search = searchIndex(pages);
  const { style, script } = assets;
  const shared = { frame: dashboard.frame, style, script, search: search.path, sidebar: sidebarOf(docs) };
  return [
    ...assets.files,
    search,
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
