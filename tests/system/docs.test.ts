import { shop as project } from "#lib/shop/index.js";
import path from "node:path";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { HtmlValidate } from "html-validate";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isMeasuring } from "../measure.ts";
import { findNotebooks } from "../../build/src/compile/compile.ts";
import { type SiteServer, serveSite } from "../../build/src/site/server.ts";
import { keepPicture, launch, watchedPage, whyNoBrowser } from "./browser.ts";
import { type Lakehouse, lakehouse, projectRoot, succeeded } from "./cli.ts";
import { brokenLinks, readPages } from "./docs-pages.ts";

/** One page of each kind. */
const kinds = {
  home: "docs/index.html",
  notebook: "notebooks/silver/orders_clean.html",
  "dashboard-notebook": "notebooks/dashboard/sales.html",
  table: "tables/silver.orders_clean.html",
  dictionary: "tables/index.html",
  lineage: "docs/lineage.html",
  requirements: "docs/requirements.html",
  guide: "guides/readme.html",
};

/** Those that show what the warehouse holds. */
const withFigures = [kinds.home, kinds.notebook, kinds.table, kinds.dictionary];

let shop: Lakehouse;
let site: string;
let pages: Map<string, string>;
let built: { seconds: number; pages: string[]; extraPages: string[] };

beforeAll(async () => {
  shop = await lakehouse();
  site = path.join(shop.home, "site");
  succeeded(await shop.shopmetrics("generate --scale 0.02 --quiet"));
  succeeded(await shop.shopmetrics("run --quiet"));
  built = await shop.json(`site --out ${site}`);
  pages = await readPages(site);
});

describe("the whole site", () => {
  it("has a page for every notebook and every table", async () => {
    const notebooks = (await findNotebooks(projectRoot)).map((file) => file.replace(/\.ipynb$/, ".html"));
    const tables = [...project.tables.values()].map(({ name }) => `tables/${name}.html`);
    expect([...pages.keys()]).toEqual(
      expect.arrayContaining([...notebooks, ...tables, ...Object.values(kinds)]),
    );
    expect([...built.pages, ...built.extraPages].toSorted()).toEqual([...pages.keys()].toSorted());
  });

  it.runIf(isMeasuring)("is built in less than 10 seconds", async () => {
    const again = await shop.json<{ seconds: number }>(`site --out ${site}`);
    expect(again.seconds).toBeLessThan(10);
  });

  it("is valid HTML", async () => {
    // Drawings set their styles and attributes one by one: that is a matter of style, not of validity.
    const validator = new HtmlValidate({
      extends: ["html-validate:recommended"],
      rules: { "no-inline-style": "off", "attribute-boolean-style": "off" },
    });
    const problems: string[] = [];
    for (const [name, html] of pages) {
      const { results } = await validator.validateString(html, name);
      for (const { messages } of results)
        problems.push(
          ...messages.map(({ line, ruleId, message }) => `${name}:${line} ${ruleId}: ${message}`),
        );
    }
    expect(problems).toEqual([]);
  });

  it("has no link that leads nowhere", async () => {
    expect(await brokenLinks(site, pages)).toEqual([]);
  });

  it("names no folder of the machine that built it", () => {
    const telling = [...pages].filter(([, html]) => html.includes(shop.home) || html.includes(projectRoot));
    expect(telling.map(([name]) => name)).toEqual([]);
  });
});

describe("a notebook's page", () => {
  const text = (name: string) => pages.get(name)!;

  it("shows the rows that the last run left", async () => {
    const { rows } = await shop.json<{ rows: { revenue: string; category: string }[] }>(
      "show gold.daily_sales_summary -n 100000",
    );
    const shown = /<table><thead>.*?<\/table>/s.exec(
      text("notebooks/gold/daily_sales_summary.html").split('class="output"').at(-1)!,
    )![0];
    const days = [
      ...shown.matchAll(/<tr><td>(\d{4}-\d\d-\d\d)<\/td><td>([^<]*)<\/td><td class="number">([\d.]+)</g),
    ];
    expect(days).toHaveLength(8);
    for (const [, date, category, revenue] of days)
      expect(rows).toContainEqual(
        expect.objectContaining({ date, category: category!.replace("&amp;", "&"), revenue }),
      );
  });

  it("shows rows in, out and rejected, and how the checks came out", async () => {
    const { rows } = await shop.json<{ rows: { step: string; rows_in: number }[] }>(
      "show ops.step_runs -n 1000",
    );
    const run = rows.find(({ step }) => step === "silver.orders_clean")!;
    const html = text(kinds.notebook);
    expect(html).toContain(`<span class="figure">${run.rows_in.toLocaleString("en-US")}</span> rows in`);
    expect(html).toMatch(/✓ \d+ checks passed/);
    expect(html).toContain(">null order_id</th>");
  });

  it("holds the SQL that the bundle deploys", async () => {
    const file = await readFile(path.join(site, "notebooks/silver/orders_clean.sql"), "utf8");
    expect(file).toMatch(/^-- Orders, one row each\n-- Compiled from notebooks\/silver\/orders_clean\.ipynb/);
    expect(text(kinds.notebook)).toContain('href="../../notebooks/silver/orders_clean.sql"');
  });

  it("leads to the step before and the step after it", () => {
    expect(text(kinds.notebook)).toMatch(/rel="prev" href="[^"]+"/);
    expect(text(kinds.notebook)).toMatch(/rel="next" href="[^"]+"/);
  });
});

describe("the requirements", () => {
  const rowOf = (html: string, id: string) =>
    new RegExp(`<div class="requirement" id="${id.toLowerCase()}">.*?</dd></div>`, "s").exec(html)![0];

  it("name what satisfies them, with the last result of its checks", () => {
    const row = rowOf(pages.get(kinds.requirements)!, "FR-003");
    expect(row).toContain('href="../notebooks/silver/orders_clean.html"');
    expect(row).toContain("tests/steps/orders_clean.test.ts");
    expect(row).toMatch(/✓ passed on \d{4}-\d\d-\d\d/);
    expect(row).toContain("not run here");
  });

  it("show the tests' last results where a report is given", async () => {
    const report = path.join(shop.home, "report.json");
    const file = (name: string, title: string, status: string) => ({
      name: path.join(projectRoot, name),
      status,
      assertionResults: [{ fullName: `${title} an order is typed`, status }],
    });
    const testResults = [
      file("tests/steps/orders_clean.test.ts", "typing (FR-003)", "passed"),
      file("tests/steps/dim_customers.test.ts", "refused lines (FR-003)", "failed"),
    ];
    await writeFile(report, JSON.stringify({ testResults }));
    const out = path.join(shop.home, "reported");
    await shop.json(`site --out ${out} --tests ${report}`);
    const html = await readFile(path.join(out, kinds.requirements), "utf8");
    expect(rowOf(html, "FR-003")).toMatch(/✗ Fails[^]*✓ 1 test passed[^]*✗ 1 of 1 tests failed/);
  });

  it("refuse a file that is no report", async () => {
    const { code, stderr } = await shop.shopmetrics(`site --tests ${path.join(projectRoot, "package.json")}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/package\.json is not a test report: write one by/);
  });
});

describe("a site without a warehouse", () => {
  it("says so where figures would be, and its links hold", async () => {
    const other = await shop.copy();
    await rm(path.join(other.home, "warehouse.duckdb"));
    const out = path.join(other.home, "site");
    await other.json(`site --out ${out}`);
    const bare = await readPages(out);
    expect([...bare.keys()]).toEqual([...pages.keys()]);
    for (const name of withFigures) expect(bare.get(name), name).toContain("There was no warehouse");
    expect(bare.get(kinds.notebook)).not.toContain('class="output"');
    expect(await brokenLinks(out, bare)).toEqual([]);
  });
});

describe.skipIf(whyNoBrowser)(`in a browser${whyNoBrowser ? ` (skipped: ${whyNoBrowser})` : ""}`, () => {
  let browser: Browser;
  let server: SiteServer;
  let moved: string;

  beforeAll(async () => {
    browser = await launch();
    // The site below a path that it knows nothing of.
    moved = await mkdtemp(path.join(shop.home, "moved-"));
    await cp(site, path.join(moved, "some/where"), { recursive: true });
    server = await serveSite({ site: moved, snapshots: path.join(shop.home, "snapshots"), port: 0 });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const places = () => ({
    "a folder": `${pathToFileURL(site).href}/`,
    "a path of its own": `${server.url}some/where/`,
  });

  describe.each(["a folder", "a path of its own"] as const)("from %s", (place) => {
    it.each(Object.entries(kinds))("%s opens without an error", async (_, name) => {
      const { page, errors, requests, close } = await watchedPage(browser);
      await page.goto(`${places()[place]}${name}`);
      expect(apartFromFonts(errors)).toEqual([]);
      const [origin] = /^\w+:\/\/[^/]*/.exec(places()[place])!;
      expect(requests.filter((url) => !url.startsWith(origin) && !url.startsWith("data:"))).toEqual([]);
      await close();
    });

    it("the search finds a column by one of its words, by keyboard alone", async () => {
      const { page, errors, close } = await watchedPage(browser);
      await page.goto(`${places()[place]}${kinds.notebook}`);
      await page.keyboard.press("/");
      await page.keyboard.type("category rank");
      const first = page.locator("search .found a").first();
      await first.waitFor();
      expect(await first.locator("strong").innerText()).toBe("gold.product_performance.category_rank");
      expect(await page.locator("#search-found").innerText()).toMatch(/^\d+ results?$/);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForURL(/tables\/gold\.product_performance\.html#category_rank$/);
      expect(apartFromFonts(errors)).toEqual([]);
      await close();
    });
  });

  it.each(Object.entries(kinds))("%s fits a phone and is readable there", async (kind, name) => {
    const { page, close } = await watchedPage(browser, { viewport: { width: 390, height: 844 } });
    await page.goto(`${places()["a folder"]}${name}`);
    await keepPicture(page, `docs-${kind}-phone`);
    expect(await overflow(page)).toBe(0);
    await close();
  });

  it.each(Object.entries(kinds))("%s has nothing serious that axe finds", async (kind, name) => {
    const source = await readFile(path.join(projectRoot, "node_modules/axe-core/axe.min.js"), "utf8");
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, close } = await watchedPage(browser, { colorScheme });
      await page.goto(`${places()["a folder"]}${name}`);
      await keepPicture(page, `docs-${kind}-${colorScheme}`);
      const { violations } = (await page.evaluate(
        `(() => { ${source}; })(); axe.run({ resultTypes: ["violations"] })`,
      )) as AxeResults;
      const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      await close();
    }
  });

  it.each(Object.entries(kinds))("%s prints its content and not its navigation", async (_, name) => {
    const { page, close } = await watchedPage(browser, { viewport: { width: 794, height: 1123 } });
    await page.goto(`${places()["a folder"]}${name}`);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator(".sidebar:visible, .turns:visible, .copy:visible").count()).toBe(0);
    expect(await page.locator("h1:visible").count()).toBe(1);
    expect(await overflow(page)).toBe(0);
    await close();
  });

  it("copies a cell's code", async () => {
    const { page, close } = await watchedPage(browser, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.goto(`${places()["a path of its own"]}${kinds.notebook}`);
    const cell = page.locator("#cell-2");
    await cell.hover();
    await cell.getByRole("button", { name: "Copy" }).click();
    await cell.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^const typed = sql`\n/);
    await close();
  });

  describe("the lineage", () => {
    const lit = (page: Page) =>
      page
        .locator("svg a.on")
        .evaluateAll((boxes) => boxes.map((box) => box.getAttribute("data-box")!).toSorted());

    it("follows a column up to its file and down to the page that shows it", async () => {
      const { page, errors, close } = await watchedPage(browser);
      await page.goto(`${places()["a folder"]}${kinds.lineage}`);
      await page.locator('svg a[data-box="gold.daily_sales_summary"]').click();
      await page.locator(".chosen-column").getByRole("link", { name: "revenue", exact: true }).click();
      expect(await lit(page)).toEqual([
        "bronze.orders_raw",
        "dashboard.sales",
        "gold.daily_sales_summary",
        "landing/orders",
        "silver.orders_clean",
      ]);
      expect(page.url()).toMatch(/#gold-daily_sales_summary-revenue$/);
      expect(await page.locator(".chosen-column").innerText()).toMatch(
        /Made of:[^]*landing\/orders\.total_amount[^]*Feeds:[^]*dashboard\.sales\.daily_sales\.revenue/,
      );
      await page.reload();
      await expect.poll(() => lit(page)).toContain("landing/orders");
      await page.getByRole("button", { name: "Clear" }).click();
      expect(await lit(page)).toEqual([]);
      expect(apartFromFonts(errors)).toEqual([]);
      await close();
    });

    it("is zoomed and moved by keyboard", async () => {
      const { page, close } = await watchedPage(browser);
      await page.goto(`${places()["a folder"]}${kinds.lineage}`);
      const canvas = page.locator(".canvas");
      const width = () => canvas.locator("svg").evaluate((svg) => svg.clientWidth);
      await canvas.focus();
      const whole = await width();
      for (let press = 0; press < 4; press++) await page.keyboard.press("+");
      expect(await width()).toBeGreaterThan(2 * whole);
      const left = () => canvas.evaluate((one) => one.scrollLeft);
      const before = await left();
      await page.keyboard.press("ArrowRight");
      await expect.poll(left).toBeGreaterThan(before);
      await page.keyboard.press("0");
      expect(await width()).toBe(whole);
      await close();
    });

    it("is a list to read without JavaScript", async () => {
      const { page, close } = await watchedPage(browser, { javaScriptEnabled: false });
      await page.goto(`${places()["a folder"]}${kinds.lineage}#gold-daily_sales_summary-revenue`);
      const row = page.locator("#gold-daily_sales_summary-revenue");
      expect(await row.isVisible()).toBe(true);
      expect(await row.innerText()).toMatch(
        /revenue\s+aggregated[^]*SUM[^]*silver\.orders_clean\.total_amount/,
      );
      await close();
    });
  });

  it("reads whole without JavaScript", async () => {
    const { page, close } = await watchedPage(browser, { javaScriptEnabled: false });
    await page.goto(`${places()["a folder"]}${kinds.notebook}`);
    expect(await page.locator("#search:visible").count()).toBe(0);
    expect(await page.locator(".cell:visible").count()).toBeGreaterThan(5);
    expect(await page.getByRole("link", { name: "Data dictionary" }).isVisible()).toBe(true);
    await close();
  });
});

/** A browser loads no font for a page that is opened from a folder, and says so twice; the page takes one of its own. */
const apartFromFonts = (errors: readonly string[]) => {
  const isOfFont = (text = "") => text.startsWith("Access to font at 'file:");
  return errors.filter((text, index) => !isOfFont(text) && !isOfFont(errors[index - 1]));
};

const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

interface AxeResults {
  violations: { id: string; impact: string; nodes: { html: string }[] }[];
}
