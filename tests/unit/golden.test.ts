import { shop } from "#lib/shop/index.js";
import path from "node:path";
import { prerenderPage } from "#lib/dashboard/prerender.js";
import type { Columns } from "#lib/dashboard/snapshot-columns.js";
import type { Manifest, SnapshotEntry } from "#lib/dashboard/manifest.js";
import { writeSnapshot } from "#lib/dashboard/write-snapshot.js";
import { html } from "#lib/display/html.js";
import type { Item, Plan, ResultRow } from "#lib/plan/plan.js";
import { beforeAll, describe, expect, it } from "vitest";
import { type Compiled, compile } from "../../build/src/compile/compile.ts";
import type { Docs } from "../../build/src/docs/model.ts";
import type { Cover, Evidence, Requirement } from "../../build/src/docs/evidence.ts";
import { type LastCheck, noWarehouseStats } from "../../build/src/docs/warehouse-stats.ts";
import { buildGuidePage } from "../../build/src/docs/guides.ts";
import { loadHighlight } from "../../build/src/docs/highlight.ts";
import { buildPipelinePage } from "../../build/src/docs/pipeline-page.ts";
import { buildStartPage } from "../../build/src/docs/start-page.ts";
import { buildFiguresPage } from "../../build/src/docs/figures-page.ts";
import { buildLineagePage } from "../../build/src/docs/lineage-page.ts";
import { buildNotebookPage } from "../../build/src/docs/notebook-page.ts";
import { type Page, docsPage } from "../../build/src/docs/page.ts";
import { buildRequirementsPage } from "../../build/src/docs/requirements-page.ts";
import { sidebarOf } from "../../build/src/docs/sidebar.ts";
import { buildDictionaryPage, buildTablePage } from "../../build/src/docs/table-page.ts";
import { importModule } from "../../build/src/notebook/execute.ts";
import { bundleNotebooks } from "../../build/src/notebook/plugin.ts";
import type { DashboardPage } from "../../build/src/site/dashboard.ts";
import { pageHtml } from "../../build/src/site/dashboard-page.ts";
import { sqlFile } from "../../build/src/bundle/sql/step.ts";
import { ratingColumns } from "./rating-columns.ts";

/**
 * What the build makes of a few notebooks, as files that a reviewer reads: the SQL that is deployed, the statements that
 * DuckDB gets, and a page of each kind. `npm run golden` accepts a change.
 */
const root = path.resolve(import.meta.dirname, "../..");
const golden = (name: string) => path.join(root, "tests/fixtures/golden", name);

const steps = ["bronze.orders_raw", "silver.orders_clean", "gold.daily_sales_summary"];

let compiled: Compiled;
let docs: Docs;
beforeAll(async () => {
  compiled = await compile(root, shop);
  docs = await smallDocs(compiled);
});

const planOf = (step: string): Plan => compiled.plans.find((plan) => plan.step === step)!;

describe.each(steps)("%s", (step) => {
  it("is deployed as this SQL", async () => {
    await expect(sqlFile(planOf(step))).toMatchFileSnapshot(golden(`${step}.sql`));
  });

  it("runs on DuckDB by this plan", async () => {
    await expect(duckdbPlan(planOf(step))).toMatchFileSnapshot(golden(`${step}.duckdb.sql`));
  });
});

describe("a page of each kind", () => {
  it.each<[string, () => Page]>([
    ["start", () => buildStartPage(docs)],
    ["pipeline", () => buildPipelinePage(docs)],
    ["notebook", () => buildNotebookPage(docs.notebooks.get(steps[0]!)!, planOf(steps[0]!), docs)],
    ["dictionary", () => buildDictionaryPage(docs)],
    ["table", () => buildTablePage(docs.tables.get(steps[2]!)!, docs)],
    ["lineage", () => buildLineagePage(docs, "assets/lineage.js")],
    ["figures", () => buildFiguresPage(salesPage, exported(docs))],
    ["requirements", () => buildRequirementsPage(docs)],
    ["guide", () => buildGuidePage("docs/guide.md", docs.guides.get("docs/guide.md")!, docs)],
  ])("%s", async (name, page) => {
    const shared = { style: "assets/docs.css", script: "assets/docs.js", search: "search.js" };
    const { content } = docsPage(page(), { ...shared, frame, sidebar: sidebarOf(docs) });
    await expect(content).toMatchFileSnapshot(golden(`pages/${name}.html`));
  });

  it("dashboard", async () => {
    const notebook = "notebooks/dashboard/products.ipynb";
    const [bundled] = await bundleNotebooks([notebook], { root });
    const { manifest, read } = snapshots();
    const blocks = await prerenderPage(manifest, read, () => importModule(bundled!), root);
    const layout = {
      ...frame,
      base: "",
      current: "products.html",
      scripts: ["assets/products.js"],
      sources: "docs/figures/products.html",
    };
    const page = pageHtml(bundled!.notebook, blocks, manifest, layout);
    await expect(String(page)).toMatchFileSnapshot(golden("pages/dashboard.html"));
  });
});

const frame = {
  navigation: [
    { title: "Products", href: "products.html" },
    { title: "Docs", href: "docs/index.html" },
  ],
  style: "assets/style.css",
  font: "assets/figtree.woff2",
  state: html`Data of March 1, 2026`,
};

/** The plan's statements for DuckDB, each under what a run does with it. */
function duckdbPlan(plan: Plan): string {
  const head = [
    `-- ${plan.step}: ${plan.title}`,
    `-- reads ${plan.reads.join(", ") || "nothing"}; writes ${plan.writes.join(", ") || "nothing"}`,
    ...plan.params.map((param) => `-- $${param.name}: ${JSON.stringify(param)}`),
  ];
  return `${[head.join("\n"), ...plan.items.map(itemText)].join("\n\n")}\n`;
}

function itemText({ kind, name, place, load, scripts }: Item): string {
  const title = `-- cell ${place?.cell}:${place?.line}: ${kind} ${name}`;
  const statements = scripts["duckdb"]!.map(
    ({ sql, role, severity, counts, when, samples }) =>
      `-- ${JSON.stringify({ role, severity, counts, when })}
${sql};${samples ? `\n-- and where one does not pass\n${samples.sql};` : ""}`,
  );
  return [title, ...(load ? [`-- ${JSON.stringify(load)}`] : []), ...statements].join("\n");
}

const run = "2026-03-01T020000Z-abc123";

/** A page with two figures: one of a column, one that only counts rows. */
const salesPage: DashboardPage = {
  step: "dashboard.sales",
  path: "index.html",
  title: "Sales",
  blocks: [
    {
      cell: 1,
      kind: "view",
      span: "control",
      hidden: false,
      html: html`<select></select>`,
      reads: ["daily_sales.category"],
    },
    {
      cell: 2,
      kind: "display",
      span: "full",
      hidden: false,
      html: html`<dl><dt>Revenue</dt><dt>Orders &amp; more</dt></dl>`,
      reads: ["daily_sales.revenue"],
    },
    {
      cell: 3,
      kind: "display",
      span: "full",
      hidden: false,
      html: html`<figure><h3>How <b>many</b>?</h3></figure>`,
      reads: ["daily_sales.date", "daily_sales.*"],
    },
    { cell: 4, kind: "display", span: "full", hidden: false, html: html`<p>A text</p>`, reads: [] },
  ],
  manifest: { page: "sales", run, asOf: "2026-03-01T02:10:00.000Z" } as Manifest,
};

/** The same docs where a run has exported the page; it had left silver as the run before made it. */
function exported(before: Docs): Docs {
  const check = (step: string, name: string, measuredIn: string, status: LastCheck["status"]): LastCheck => ({
    step,
    run: measuredIn,
    table: step,
    name,
    severity: "warn",
    status,
    figure: 0,
    threshold: 0,
    failedRows: 0,
    totalRows: 3,
    sample: null,
    message: "0 of 3 rows, at most 0",
    place: { path: "notebooks/x.ipynb", cell: 1, line: 1 },
    checkedAt: "2026-03-01T02:09:00.000Z",
  });
  const checks = [
    check(steps[2]!, "revenue is not null", run, "pass"),
    check(steps[1]!, "order_id is unique", "2026-02-28T020000Z-abc122", "warn"),
  ];
  return {
    ...before,
    lineage: [
      ...before.lineage,
      ...compiled.lineage.filter(({ table }) => table === "dashboard.sales.daily_sales"),
    ],
    warehouseStats: { ...noWarehouseStats(""), checksAfter: new Map([[run, checks]]) },
  };
}

/** The documentation of what daily sales come from, where there is no warehouse. */
async function smallDocs({ plans, lineage }: Compiled): Promise<Docs> {
  const chain = new Set([
    ...steps,
    "bronze.products_raw",
    "bronze.customers_raw",
    "silver.dim_products",
    "gold.fct_order_items",
  ]);
  chain.add("silver.dim_customers");
  const own = plans.filter(({ step }) => chain.has(step));
  const bundled = await bundleNotebooks(
    own.map(({ notebook }) => notebook),
    { root },
  );
  const covers: Cover[] = [
    { kind: "check", step: steps[2]!, name: "revenue equals that of completed orders" },
    { kind: "test", file: "tests/steps/daily_sales_summary.test.ts", title: "counts <completed> orders" },
    { kind: "by hand", words: "a look at the page" },
  ];
  const evidence: Evidence[] = [
    { cover: covers[0]!, result: { status: "pass", words: "✓ passed on 2026-03-01" } },
    { cover: covers[1]! },
    { cover: covers[2]! },
  ];
  const requirement = (id: string, text: string): [string, Requirement] => [
    id,
    { id, text, covers: id === "FR-006" ? covers : [], gap: id === "AC-005" ? "no test yet." : undefined },
  ];
  return {
    plans: own,
    lineage: lineage.filter(({ table }) => chain.has(table)),
    highlight: await loadHighlight(),
    notebooks: new Map(
      own.map(({ step, notebook }) => [
        step,
        bundled.find((one) => one.notebook.path === notebook)!.notebook,
      ]),
    ),
    tables: new Map([...shop.tables].filter(([name]) => chain.has(name))),
    unitTests: compiled.tests,
    warehouseStats: noWarehouseStats("There is no warehouse yet."),
    compiled: new Map(own.map((plan) => [plan.step, sqlFile(plan)])),
    dashboard: new Map(),
    requirements: new Map([
      requirement("FR-006", "Daily sales by category"),
      requirement("NFR-009", "No credential in the repository"),
      requirement("AC-005", "Revenue within 0.01 % of the exports"),
    ]),
    evidence: new Map([["FR-006", evidence]]),
    guides: new Map([["docs/guide.md", guide]]),
  };
}

const guide = `# A guide

Sales are in \`gold.daily_sales_summary\` (FR-006), [made by a notebook](../notebooks/gold/daily_sales_summary.ipynb).

## Look at them

    npx shopmetrics show gold.daily_sales_summary

## Change them

| what | where |
| --- | --- |
| a <column> | its contract |
`;

/** What the page "products" draws: three products, two periods, a pair bought together, and what customers say of one. */
function snapshots(): { manifest: Manifest; read: (file: string) => Promise<Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  const entry = (name: string, columns: Columns, rows: ResultRow[]): [string, SnapshotEntry] => {
    const result = { columns: Object.keys(columns).map((column) => ({ name: column, type: "" })), rows };
    const content = writeSnapshot(name, columns, result);
    files.set(name, content);
    return [name, { file: name, rows: rows.length, bytes: content.length, sha256: "", columns }];
  };
  const products = [
    { number: 1, product_id: "P1", name: "Kettle <1.7 l>", category: "Home", cost: "25.10" },
    { number: 2, product_id: "P2", name: "Running shoes", category: "Sports", cost: null },
    { number: 3, product_id: "P3", name: "Novel", category: "Books", cost: "31.00" },
  ];
  const sales = ["Last 12 months", "2026", "2025"].flatMap((period, index) =>
    products.map(({ number }) => ({
      period,
      number,
      units: number * (3 - index),
      revenue: `${number * 40 + index}.50`,
    })),
  );
  const manifest: Manifest = {
    version: 1,
    page: "products",
    asOf: "2026-03-01T02:10:00.000Z",
    run,
    checks: { pass: 12, warn: 1, fail: 0 },
    snapshots: Object.fromEntries([
      entry(
        "products",
        { number: "integer", product_id: "string", name: "string", category: "string", cost: "decimal?" },
        products,
      ),
      entry("sales", { period: "string", number: "integer", units: "integer", revenue: "decimal" }, sales),
      entry("together", { one: "string", other: "string", orders: "integer", one_orders: "integer" }, [
        { one: "P3", other: "P1", orders: 6, one_orders: 24 },
      ]),
      entry("ratings", ratingColumns, [
        { number: 1, reviews: 4, stars_1: 1, stars_2: 0, stars_3: 0, stars_4: 1, stars_5: 2 },
      ]),
    ]),
  };
  return { manifest, read: async (file) => files.get(file)! };
}
