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
  start: "docs/index.html",
  pipeline: "docs/pipeline.html",
  figures: "docs/figures/sales.html",
  notebook: "notebooks/silver/orders_clean.html",
  "dashboard-notebook": "notebooks/dashboard/sales.html",
  table: "tables/silver.orders_clean.html",
  dictionary: "tables/index.html",
  lineage: "docs/lineage.html",
  requirements: "docs/requirements.html",
  guide: "guides/readme.html",
};

/** Those that show what the warehouse holds. */
const withFigures = [kinds.pipeline, kinds.figures, kinds.notebook, kinds.table, kinds.dictionary];

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

describe("where a figure comes from", () => {
  const partOf = (html: string, id: string) =>
    new RegExp(`<h2 id="${id}">(.*?)(?=<h2|</main>)`, "s").exec(html)![1]!;

  it("is told for each figure of the dashboard, which leads there", async () => {
    const figures = [...pages].flatMap(([name, html]) =>
      [...html.matchAll(/<a class="source"[^>]* href="([^"]+)"/g)].map(([, href]) => `${name}: ${href}`),
    );
    expect(figures.filter((figure) => figure.startsWith("index.html: "))).toHaveLength(7);
    expect(new Set(figures.map((figure) => figure.split(":")[0])).size).toBeGreaterThan(4);
    for (const figure of figures) expect(figure).toMatch(/: docs\/figures\/\w+\.html#figure-\d+$/);
  });

  it("names its columns with their meaning, their lineage and the files where they begin", () => {
    const html = pages.get(kinds.figures)!;
    const part = partOf(html, "figure-6");
    expect(part).toContain("How much do we sell per day?");
    expect(part).toContain('href="../../tables/gold.fct_orders.html#total_reporting"');
    expect(part).toContain('href="../../docs/lineage.html#gold-fct_orders-total_reporting"');
    expect(part).toContain("<code>landing/orders.total_amount</code>");
    expect(part).toContain(
      project.tables.get("gold.fct_orders")!.columns.find(({ name }) => name === "date")!.comment,
    );
    // What it does not show is not named.
    expect(part).not.toContain("#avg_order_value");
  });

  it("shows the checks of the run that exported it", async () => {
    const manifest = JSON.parse(await readFile(path.join(shop.home, "snapshots/sales.json"), "utf8")) as {
      run: string;
    };
    const part = partOf(pages.get(kinds.figures)!, "figure-7");
    expect(part).toContain(`Measured in the run that the page shows, <code>${manifest.run}</code>.`);
    const { rows } = await shop.json<{ rows: { run_id: string; table_name: string; message: string }[] }>(
      "show ops.check_results -n 5000",
    );
    const own = rows.filter(
      ({ run_id, table_name }) => run_id === manifest.run && table_name === "gold.daily_sales_summary",
    );
    expect(own.length).toBeGreaterThan(5);
    expect(part).toContain(`✓ ${own.length} checks passed`);
    expect(part).toContain("revenue equals that of completed orders");
    expect(part).toMatch(/silver\.orders_clean<\/code><\/a> <span data-status="pass">✓ \d+ checks passed/);
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

    it("the search puts a table above its columns, and says what each is", async () => {
      const { page, close } = await watchedPage(browser);
      await page.goto(`${places()[place]}${kinds.start}`);
      const found = async (query: string) => {
        await page.locator("#search").fill(query);
        await expect
          .poll(() => page.locator("search .found a").first().innerText())
          .toMatch(new RegExp(query, "i"));
        return page
          .locator("search .found a")
          .evaluateAll((links) =>
            links.map(
              (link) =>
                `${link.querySelector(".where")!.textContent} ${link.querySelector("strong")!.textContent}`,
            ),
          );
      };
      const orders = await found("orders_clean");
      expect(orders[0]).toBe("Table silver.orders_clean");
      const customers = await found("customer");
      const kindOf = (name: string) => name.split(" ")[0];
      expect(customers.slice(0, 3).map(kindOf)).toEqual(["Table", "Table", "Table"]);
      // A name with its underscore is that name.
      const ids = await found("customer_id");
      expect(ids[0]).toMatch(/^Column .*\.customer_id$/);
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
    const { page, close } = await watchedPage(browser, { viewport: { width: 360, height: 800 } });
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
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
      /^const orders = arrived\("orders"\);\n/,
    );
    await close();
  });

  describe("the lineage", () => {
    const drawn = (page: Page) =>
      page
        .locator("svg a[data-box]:visible")
        .evaluateAll((boxes) => boxes.map((box) => box.getAttribute("data-box")!).toSorted());

    it("begins with one table: only what it is made of and what is made of it, at an address of its own", async () => {
      const { page, errors, close } = await watchedPage(browser);
      await page.goto(`${places()["a folder"]}${kinds.lineage}`);
      const all = await drawn(page);
      expect(all.length).toBeGreaterThan(20);
      await page.getByLabel("Begin with").selectOption("gold.daily_sales_summary");
      const around = await drawn(page);
      expect(around).toEqual(
        expect.arrayContaining([
          "landing/orders",
          "silver.orders_clean",
          "gold.daily_sales_summary",
          "dashboard.sales",
        ]),
      );
      expect(around.filter((box) => box.startsWith("gold."))).toEqual([
        "gold.daily_sales_summary",
        "gold.fct_order_items",
      ]);
      expect(page.url()).toMatch(/#gold-daily_sales_summary$/);
      await page.goBack();
      expect(await drawn(page)).toEqual(all);
      await page.goForward();
      expect(await drawn(page)).toEqual(around);
      // The name as it is written in SQL leads there too.
      await page.goto("about:blank");
      await page.goto(`${places()["a folder"]}${kinds.lineage}#gold.daily_sales_summary`);
      expect(await drawn(page)).toEqual(around);
      expect(await page.getByLabel("Begin with").inputValue()).toBe("gold-daily_sales_summary");
      await page.getByLabel("Begin with").selectOption("All tables");
      expect(await drawn(page)).toEqual(all);
      expect(apartFromFonts(errors)).toEqual([]);
      await close();
    });

    it("follows a column up to its file and down to the page that shows it", async () => {
      const { page, errors, close } = await watchedPage(browser);
      await page.goto(`${places()["a folder"]}${kinds.lineage}`);
      await page.locator('svg a[data-box="gold.daily_sales_summary"]').click();
      await page.locator(".chosen-column").getByRole("link", { name: "revenue", exact: true }).click();
      const involved = [
        "bronze.currency_rates_raw",
        "bronze.order_items_raw",
        "bronze.orders_raw",
        "bronze.payments_raw",
        "dashboard.sales",
        "gold.daily_sales_summary",
        "gold.fct_order_items",
        "landing/currency_rates",
        "landing/order_items",
        "landing/orders",
        "landing/payments",
        "silver.currency_rates",
        "silver.order_items",
        "silver.orders_clean",
        "silver.payments",
      ];
      expect(await drawn(page)).toEqual(involved);
      expect(page.url()).toMatch(/#gold-daily_sales_summary-revenue$/);
      expect(await page.locator(".chosen-column").innerText()).toMatch(
        /Made of:[^]*landing\/orders\.total_amount[^]*Feeds:[^]*dashboard\.sales\.daily_sales\.revenue/,
      );
      // The page reads other columns of silver, but not this one from there.
      expect(
        await page
          .locator('path[data-from="silver.orders_clean"][data-to="dashboard.sales"]:visible')
          .count(),
      ).toBe(0);
      await page.reload();
      await expect.poll(() => drawn(page)).toEqual(involved);
      expect(apartFromFonts(errors)).toEqual([]);
      await close();
    });

    it.each([360, 1440])(
      "is readable at a width of %i pixels: no letter is smaller than 12, no box wider than the frame",
      async (width) => {
        const { page, close } = await watchedPage(browser, { viewport: { width, height: 800 } });
        for (const hash of ["", "#silver-orders_clean", "#gold-daily_sales_summary-revenue"]) {
          await page.goto("about:blank");
          await page.goto(`${places()["a folder"]}${kinds.lineage}${hash}`);
          await keepPicture(page, `docs-lineage-${width}${hash.replace("#", "-")}`);
          // As it is on the screen, whatever the graph's scale.
          const sizes = await page
            .locator(".canvas text:visible")
            .evaluateAll((texts) =>
              texts.map(
                (text) =>
                  Number.parseFloat(getComputedStyle(text).fontSize) *
                  (text as SVGTextElement).getScreenCTM()!.a,
              ),
            );
          expect(Math.min(...sizes), hash).toBeGreaterThanOrEqual(12);
          const widest = await page
            .locator(".canvas a[data-box]:visible")
            .evaluateAll((boxes) => Math.max(...boxes.map((box) => box.getBoundingClientRect().width)));
          expect(widest).toBeLessThan(width - 40);
          expect(await overflow(page)).toBe(0);
        }
        await close();
      },
    );

    it("shows the table that it begins with", async () => {
      const { page, close } = await watchedPage(browser, { viewport: { width: 360, height: 800 } });
      for (const table of ["silver.orders_clean", "dashboard.traffic", "landing/customers"]) {
        await page.goto(`${places()["a folder"]}${kinds.lineage}`);
        await page.getByLabel("Begin with").selectOption(table);
        const [box, canvas] = await Promise.all(
          [`.canvas a[data-box="${table}"]`, ".canvas"].map((name) => page.locator(name).boundingBox()),
        );
        expect(box!.x, table).toBeGreaterThanOrEqual(canvas!.x - 1);
        expect(box!.x + box!.width, table).toBeLessThanOrEqual(canvas!.x + canvas!.width + 1);
        expect(box!.y + box!.height, table).toBeLessThanOrEqual(canvas!.y + canvas!.height + 1);
      }
      await close();
    });

    it("is zoomed and moved by keyboard", async () => {
      const { page, close } = await watchedPage(browser);
      await page.goto(`${places()["a folder"]}${kinds.lineage}`);
      const canvas = page.locator(".canvas");
      const width = () => canvas.locator("svg").evaluate((svg) => svg.clientWidth);
      await canvas.focus();
      await page.keyboard.press("0");
      const whole = await width();
      expect(whole).toBeLessThanOrEqual(await canvas.evaluate((one) => one.clientWidth));
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

    it("is zoomed by two fingers and moved by one", async () => {
      const { page, close } = await watchedPage(browser, {
        viewport: { width: 360, height: 800 },
        hasTouch: true,
        isMobile: true,
      });
      await page.goto(`${places()["a folder"]}${kinds.lineage}`);
      const canvas = page.locator(".canvas");
      await canvas.scrollIntoViewIfNeeded();
      const width = () => canvas.locator("svg").evaluate((svg) => svg.getBoundingClientRect().width);
      const left = () => canvas.evaluate((one) => one.scrollLeft);
      const { x, y } = (await canvas.boundingBox())!;
      const client = await page.context().newCDPSession(page);
      const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...xs: number[]) =>
        client.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: xs.map((at, id) => ({ x: x + at, y: y + 120, id })),
        });
      const before = await width();
      await touch("touchStart", 140, 180);
      await touch("touchMove", 120, 200);
      await touch("touchMove", 100, 220);
      await touch("touchEnd");
      const patience = { timeout: 10_000 };
      await expect.poll(width, patience).toBeGreaterThan(1.5 * before);
      const start = await left();
      await touch("touchStart", 250);
      for (let at = 240; at >= 90; at -= 10) await touch("touchMove", at);
      await touch("touchEnd");
      await expect.poll(left, patience).toBeGreaterThan(start + 50);
      // A tap on the buttons does the same.
      const large = await width();
      const smaller = async () => {
        // A tap while the page still glides only stops it.
        await page.getByRole("button", { name: "Smaller" }).tap();
        return width();
      };
      await expect.poll(smaller, patience).toBeLessThan(large);
      await close();
    });

    it("is a list to read without JavaScript", async () => {
      const { page, close } = await watchedPage(browser, { javaScriptEnabled: false });
      await page.goto(`${places()["a folder"]}${kinds.lineage}#gold-daily_sales_summary-revenue`);
      const row = page.locator("#gold-daily_sales_summary-revenue");
      expect(await row.isVisible()).toBe(true);
      expect(await row.innerText()).toMatch(
        /revenue\s+aggregated[^]*SUM[^]*gold\.fct_order_items\.amount_reporting/,
      );
      await close();
    });
  });

  it("the first page leads each reader by who they are, and is first in the list of all pages", async () => {
    const { page, close } = await watchedPage(browser, { javaScriptEnabled: false });
    await page.goto(`${places()["a folder"]}index.html`);
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Docs" }).click();
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("Start here");
    const first = page.getByRole("navigation", { name: "Documentation" }).getByRole("link").first();
    expect(await first.innerText()).toBe("Start here");
    expect(await first.getAttribute("aria-current")).toBe("page");
    const ways = {
      "Business reader": "The dashboard",
      Analyst: "The data dictionary",
      Engineer: "README",
      Operations: "Deployment guide",
    };
    for (const [who, link] of Object.entries(ways)) {
      const way = page.getByRole("region", { name: who });
      expect(await way.getByRole("link").nth(1).innerText(), who).toBe(link);
      // All of their steps are there.
      expect(await way.getByRole("listitem").count(), who).toBeGreaterThanOrEqual(4);
    }
    await close();
  });

  it("a figure of the dashboard leads to its sources and checks, also after it was drawn again and without JavaScript", async () => {
    for (const javaScriptEnabled of [true, false]) {
      const { page, errors, close } = await watchedPage(browser, { javaScriptEnabled });
      await page.goto(`${places()["a path of its own"]}index.html`);
      if (javaScriptEnabled) await page.locator("html[data-ready]").waitFor();
      const figure = page.locator(".block", {
        has: page.getByRole("heading", { name: "How much do we sell per day?" }),
      });
      if (javaScriptEnabled) {
        await figure.getByRole("button", { name: "Show table" }).click();
        await figure.getByRole("button", { name: "Show chart" }).waitFor();
      }
      await figure.getByRole("link", { name: "Source and checks" }).click();
      await page.waitForURL(/docs\/figures\/sales\.html#figure-\d+$/);
      const place = page.url().split("#")[1]!;
      expect(await page.locator(`#${place}`).innerText()).toMatch(/^How much do we sell per day\?/);
      await page.getByRole("link", { name: "gold.daily_sales_summary.revenue" }).nth(1).click();
      await page.waitForURL(/tables\/gold\.daily_sales_summary\.html#revenue$/);
      expect(await page.locator("#revenue .made").innerText()).toBe(
        "Made of gold.fct_order_items.amount_reporting; its lineage.",
      );
      expect(errors).toEqual([]);
      await close();
    }
  });

  it("a figure's sources say so when the dashboard shows a newer run by now", async () => {
    const { page, close } = await watchedPage(browser);
    const notice = page.getByText("The dashboard has newer figures by now");
    await page.goto(`${places()["a path of its own"]}${kinds.figures}`, { waitUntil: "networkidle" });
    expect(await notice.isVisible()).toBe(false);
    await page.route("**/data/sales.json", (route) =>
      route.fulfill({ json: { run: "2027-01-01T000000Z-later1" } }),
    );
    await page.reload();
    await notice.waitFor();
    expect(await notice.innerText()).toContain("of the run 2027-01-01T000000Z-later1.");
    await close();
  });

  it.each([
    ["the dictionary", kinds.dictionary],
    ["a table", "tables/gold.daily_sales_summary.html"],
    ["a figure's sources", kinds.figures],
  ])("%s is read on a phone without scrolling sideways, in letters of 12 pixels or more", async (_, name) => {
    const { page, close } = await watchedPage(browser, { viewport: { width: 360, height: 800 } });
    await page.goto(`${places()["a folder"]}${name}`);
    await page
      .locator(".doc details")
      .evaluateAll((all) => all.forEach((one) => ((one as HTMLDetailsElement).open = true)));
    const problems = await page.locator(".doc *").evaluateAll((all) =>
      all.flatMap((one) => {
        const { right, width } = one.getBoundingClientRect();
        const hasText = [...one.childNodes].some(
          (node) => node.nodeType === 3 && node.textContent!.trim() !== "",
        );
        if (!hasText || width === 0 || getComputedStyle(one).clipPath !== "none" || one.closest("thead"))
          return [];
        const size = Number.parseFloat(getComputedStyle(one).fontSize);
        return right > 361 || size < 12
          ? [`${one.tagName} ${one.textContent!.slice(0, 40)}: ends at ${right}, ${size} px`]
          : [];
      }),
    );
    expect(problems).toEqual([]);
    await close();
  });

  it("a figure in mermaid's language is drawn, and is text too", async () => {
    const { page, errors, close } = await watchedPage(browser, { javaScriptEnabled: false });
    await page.goto(`${places()["a folder"]}${kinds.guide}`);
    const figure = page.getByRole("img", { name: "How it fits together" });
    expect(await figure.locator("text").first().innerHTML()).not.toBe("");
    const box = (await figure.boundingBox())!;
    expect(Math.min(box.width, box.height)).toBeGreaterThan(300);
    expect(await page.locator(".diagram details code").textContent()).toMatch(/^flowchart TB/);
    expect(apartFromFonts(errors)).toEqual([]);
    await close();
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
