import { readFile } from "node:fs/promises";
import type { Browser, Download, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveSite, type SiteServer } from "../../build/src/site/server.ts";
import {
  cellsOf,
  figure,
  keepPicture,
  launch,
  number,
  openReady,
  seriousViolations,
  watchedPage,
  whyNoBrowser,
} from "./browser.ts";
import { shop } from "#lib/shop/index.js";
import { pages, siteHome, sql, type SiteHome } from "./site-home.ts";

describe.skipIf(whyNoBrowser)(`the dashboard${whyNoBrowser ? ` (skipped: ${whyNoBrowser})` : ""}`, () => {
  let home: SiteHome;
  let server: SiteServer;
  let browser: Browser;

  beforeAll(async () => {
    home = await siteHome();
    server = await serveSite({ site: home.site, snapshots: home.snapshots, port: 0 });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const address = (name: string, query = "") => `${server.url}${name}.html${query}`;

  describe.each(pages)("%s", (name) => {
    it("draws without an error and asks nobody but its own server", async () => {
      const { page, errors, requests, close } = await watchedPage(browser);
      await openReady(page, address(name));
      expect(await page.locator("html").getAttribute("data-ready")).toBe("");
      expect(await page.locator(".failed").count()).toBe(0);
      expect(errors).toEqual([]);
      expect(requests.filter((url) => !url.startsWith(server.url) && !url.startsWith("data:"))).toEqual([]);
      await close();
    });

    it.each([
      ["phone", 390],
      ["tablet", 820],
      ["desktop", 1440],
    ])("fits a %s", async (device, width) => {
      const { page, close } = await watchedPage(browser, { viewport: { width, height: 900 } });
      await openReady(page, address(name));
      await keepPicture(page, `${name}-${device}`);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
      await close();
    });

    it.each(["light", "dark"] as const)(
      "has nothing serious that axe finds in %s colours",
      async (colorScheme) => {
        const { page, close } = await watchedPage(browser, { colorScheme });
        await openReady(page, address(name));
        await keepPicture(page, `${name}-${colorScheme}`);
        expect(await seriousViolations(page)).toEqual([]);
        await close();
      },
    );

    it("shows its prose, figures and charts without JavaScript", async () => {
      const { page, close } = await watchedPage(browser, { javaScriptEnabled: false });
      await page.goto(address(name));
      expect(await page.locator("h1").innerText()).not.toBe("");
      const charts = await page.locator(".block:not([hidden]) figure.chart").count();
      expect(
        await page.locator("figure.chart svg.built-wide:visible, .data-table tbody tr:visible").count(),
      ).toBeGreaterThan(0);
      expect(await page.locator("figure.chart .plot:visible").count()).toBe(charts);
      expect(await page.locator(".controls:visible, .actions:visible").count()).toBe(0);
      await keepPicture(page, `${name}-without-script`);
      await close();
    });
  });

  it("shows the figures that SQL gives", async () => {
    const [sales, earlier] = await sql<{ revenue: number; orders: number }>(
      home,
      `with last as (select max(date) as day from gold.fct_orders where status = 'completed')
       select cast(sum(total_reporting) as double) as revenue, cast(count(*) as int) as orders
       from gold.fct_orders, last where status = 'completed' and date > day - 180
       group by date > day - 90 order by date > day - 90 desc`,
    );
    const [customers] = await sql<{ customers: number; mean: number }>(
      home,
      `select cast(count(*) as int) as customers, cast(round(sum(total_revenue) / count(*), 2) as double) as mean
       from gold.customer_ltv where customer_id <> 'Unknown'`,
    );
    const { page, close } = await watchedPage(browser);
    await openReady(page, address("index"));
    expect(number(await figure(page, "Revenue"))).toBe(Math.round(sales!.revenue));
    expect(number(await figure(page, "Orders"))).toBe(sales!.orders);
    expect(number(await figure(page, "Average order value"))).toBeCloseTo(sales!.revenue / sales!.orders, 2);
    const changed = `${((sales!.revenue / earlier!.revenue - 1) * 100).toFixed(1)}%`;
    expect(await page.locator(".change").first().innerText()).toContain(changed);
    await openReady(page, address("customers"));
    expect(number(await figure(page, "Customers"))).toBe(customers!.customers);
    expect(number(await figure(page, "Revenue per customer"))).toBe(customers!.mean);
    const [money] = await sql<Record<"margin" | "refunded" | "cancelled" | "abroad", number>>(
      home,
      `with last as (select max(month) as month from gold.product_performance)
       select cast((select sum(margin) from gold.product_performance, last p where p.month - interval 1 year < product_performance.month) as double) as margin,
         cast(sum(amount) filter (status = 'refunded') as double) as refunded,
         cast(sum(amount) filter (status = 'cancelled') as double) as cancelled,
         cast((select sum(revenue) from gold.daily_sales_by_region, last p
           where p.month - interval 11 month <= date and country = 'Germany') as double) as abroad
       from gold.daily_order_status, last where last.month - interval 11 month <= date`,
    );
    await openReady(page, address("products"));
    expect(number(await figure(page, "Margin"))).toBe(Math.round(money!.margin));
    await openReady(page, address("returns"));
    expect(number(await figure(page, "Refunded"))).toBe(Math.round(money!.refunded));
    expect(number(await figure(page, "Cancelled"))).toBe(Math.round(money!.cancelled));
    await openReady(page, address("regions", "?country=Germany"));
    expect(number(await figure(page, "Revenue"))).toBe(Math.round(money!.abroad));
    await close();
  });

  it("adds sales, targets and events up per week and month, and has its forecast per day only", async () => {
    const { page, close } = await watchedPage(browser);
    const chart = page.locator("figure.chart").first();
    const rowsPer = async (part: string) => {
      await openReady(page, address("index", `?period=2025-10-01_2025-12-31&per=${part}`));
      await chart.getByRole("button", { name: "Show table" }).click();
      return {
        cells: await cellsOf(chart),
        head: await chart.locator("thead").innerText(),
        title: await chart.locator("h3").innerText(),
      };
    };
    const days = await rowsPer("Day");
    const weeks = await rowsPer("Week");
    const months = await rowsPer("Month");
    expect([days.title, weeks.title, months.title]).toEqual([
      "How much do we sell per day?",
      "How much do we sell per week?",
      "How much do we sell per month?",
    ]);
    expect([days.cells.length, weeks.cells.length, months.cells.length]).toEqual([92, 14, 3]);
    const total = ({ cells }: typeof days, column: number) =>
      Math.round(cells.reduce((sum, row) => sum + number(row[column]!), 0));
    expect(total(weeks, 1)).toBe(total(days, 1));
    expect(total(months, 1)).toBe(total(days, 1));
    // Months have no 7-day mean; their target is the file's.
    expect(months.cells.map((row) => number(row[3]!))).toEqual([425_000, 540_000, 525_000]);
    expect(total(weeks, 3)).toBe(1_490_000);
    expect(months.cells[1]).toContain("Black Friday");
    expect(weeks.cells.find((row) => row.includes("Black Friday"))![0]).toBe("24 Nov 2025");
    expect(days.cells.find((row) => row.includes("Black Friday"))![0]).toBe("28 Nov 2025");

    await openReady(page, address("index", "?period=90d"));
    await expect
      .poll(() => chart.locator(".note").innerText())
      .toContain("Dotted is the forecast for 28 days");
    await openReady(page, address("index", "?period=90d&per=Week"));
    expect(await chart.locator(".note").innerText()).not.toContain("forecast");
    await close();
  });

  it("has the same figures without JavaScript as with it", async () => {
    for (const name of pages.filter((one) => one !== "traffic")) {
      const figures = [];
      for (const javaScriptEnabled of [true, false]) {
        const { page, close } = await watchedPage(browser, { javaScriptEnabled });
        if (javaScriptEnabled) await openReady(page, address(name));
        else await page.goto(address(name));
        figures.push(await page.locator(".figure").allInnerTexts());
        await close();
      }
      expect(figures[0], name).toEqual(figures[1]);
    }
  });

  describe("filters", () => {
    it("change cards and charts, are kept in the address and survive a reload", async () => {
      const { page, errors, close } = await watchedPage(browser);
      await openReady(page, address("index"));
      const before = number(await figure(page, "Revenue"));
      await page.getByLabel("Category", { exact: true }).selectOption("Books");
      await page.getByLabel("365 days").check();
      const [books] = await sql<{ revenue: number }>(
        home,
        `select cast(sum(revenue) as double) as revenue from gold.daily_sales_summary
         where category = 'Books' and date > (select max(date) from gold.daily_sales_summary) - 365`,
      );
      const chosen = number(await figure(page, "Revenue"));
      expect(chosen).toBe(Math.round(books!.revenue));
      expect(chosen).not.toBe(before);
      expect(await page.locator("h3", { hasText: "per day of Books" }).count()).toBe(1);
      expect(page.url()).toBe(address("index", "?category=Books&period=365d"));
      await page.reload();
      await page.waitForSelector("html[data-ready]");
      expect(number(await figure(page, "Revenue"))).toBe(chosen);
      expect(await page.getByLabel("Category", { exact: true }).inputValue()).toBe("Books");
      expect(errors).toEqual([]);
      await close();
    });

    it("take any range of days", async () => {
      const { page, close } = await watchedPage(browser);
      await openReady(page, address("index"));
      await page.getByLabel("From", { exact: true }).fill("2025-03-01");
      await page.getByLabel("to", { exact: true }).fill("2025-03-31");
      const [march] = await sql<{ orders: number }>(
        home,
        `select cast(count(*) as int) as orders from gold.fct_orders
         where status = 'completed' and date between '2025-03-01' and '2025-03-31'`,
      );
      expect(number(await figure(page, "Orders"))).toBe(march!.orders);
      expect(page.url()).toBe(address("index", "?period=2025-03-01_2025-03-31"));
      await close();
    });

    it("take dates as they are typed, digit by digit, and say where the data ends", async () => {
      const { page, errors, close } = await watchedPage(browser);
      await openReady(page, address("index"));
      const [from, to] = [page.getByLabel("From", { exact: true }), page.getByLabel("to", { exact: true })];
      const field = await from.elementHandle();
      const newest = await to.inputValue();
      await from.focus();
      await page.keyboard.type("03012025");
      // Nothing is applied, and the field is still the same, while somebody types.
      expect(page.url()).toBe(address("index"));
      expect(await from.inputValue()).toBe("2025-03-01");
      await page.keyboard.press("Enter");
      await page.waitForURL(address("index", `?period=2025-03-01_${newest}`));
      expect(await field!.evaluate((input) => input.isConnected && input === document.activeElement)).toBe(
        true,
      );
      expect(await page.getByLabel("90 days", { exact: true }).isChecked()).toBe(false);
      await to.focus();
      await page.keyboard.type("12312099");
      await from.focus();
      expect(await to.inputValue()).toBe(newest);
      expect(await page.locator(".hint").innerText()).toBe(`the newest day is ${newest}`);
      await page.getByLabel("90 days", { exact: true }).check();
      await page.waitForURL(address("index"));
      expect(await page.locator(".hint").innerText()).toBe("");
      // A click into the other field is as good as leaving this one.
      await from.focus();
      await page.keyboard.type("03022025");
      await to.click();
      await page.waitForURL(address("index", `?period=2025-03-02_${newest}`));
      expect(errors).toEqual([]);
      await close();
    });

    it("draws something for a period of one day", async () => {
      const { page, close } = await watchedPage(browser);
      await openReady(page, address("index", "?period=2025-03-03_2025-03-03"));
      const first = page.locator("figure.chart").first();
      expect(await first.locator("svg circle").count()).toBeGreaterThan(0);
      const text = await page.locator("main").innerText();
      expect(text).not.toMatch(/\b1 days\b|– to –|NaN/);
      expect(text).toContain("on the day before");
      await close();
    });

    it("become the nearest days with data where an address names others, with a word", async () => {
      const { page, close } = await watchedPage(browser);
      await openReady(page, address("index", "?period=2019-01-01_2022-01-05"));
      expect(await page.locator(".hint").innerText()).toBe("the first day is 2022-01-01");
      expect(await page.getByLabel("From", { exact: true }).inputValue()).toBe("2022-01-01");
      expect(await page.locator(".note").first().innerText()).toContain("1 Jan 2022 – 5 Jan 2022.");
      // Too few days for a mean of seven: a point for each, and a tick for each.
      const first = page.locator("figure.chart").first();
      expect(await first.locator("svg circle").count()).toBe(5);
      expect(await first.innerText()).not.toMatch(/mean of seven|provisional|[AP]M/);
      await close();
    });

    it("pass over what an address should not say", async () => {
      const { page, errors, close } = await watchedPage(browser);
      await openReady(page, address("index", "?period=%3Cscript%3E&category=%3Cimg%20src%3Dx%3E"));
      expect(await page.locator("h3 img, h3 script").count()).toBe(0);
      expect(await page.getByLabel("Category", { exact: true }).inputValue()).toBe("All categories");
      expect(errors).toEqual([]);
      await close();
    });

    it("choose a segment, a product's category and the checks that need attention", async () => {
      const { page, close } = await watchedPage(browser);
      await openReady(page, address("customers"));
      await page.getByRole("radio", { name: "High" }).check();
      const [high] = await sql<{ customers: number }>(
        home,
        "select cast(count(*) as int) as customers from gold.customer_ltv where ltv_segment = 'High' and customer_id <> 'Unknown'",
      );
      expect(number(await figure(page, "Customers"))).toBe(high!.customers);
      await openReady(page, address("products", "?category=Books"));
      const sold = page.locator(".data-table", { has: page.getByRole("button", { name: "Units" }) });
      const categories = await sold.locator("tbody td:nth-child(2)").allInnerTexts();
      expect(new Set(categories)).toEqual(new Set(["Books"]));
      await openReady(page, address("pipeline"));
      await page.getByLabel("Those that need attention").check();
      expect(
        await page.locator(".data-table").first().locator("tbody tr", { hasText: "passed" }).count(),
      ).toBe(0);
      await close();
    });
  });

  it("shows UTC days wherever the reader's clock stands", async () => {
    const texts = [];
    for (const timezoneId of ["UTC", "Pacific/Auckland", "America/Los_Angeles"]) {
      const { page, close } = await watchedPage(browser, { timezoneId });
      await openReady(page, address("index"));
      texts.push({
        note: await page.locator(".note").first().innerText(),
        from: await page.getByLabel("From", { exact: true }).inputValue(),
        ticks: await page.locator("[data-mark='x-axis tick label']").first().textContent(),
        figures: await page.locator(".figure").allInnerTexts(),
      });
      await close();
    }
    expect(texts[1]).toEqual(texts[0]);
    expect(texts[2]).toEqual(texts[0]);
  });

  it("can be used by keyboard alone", async () => {
    const { page, close } = await watchedPage(browser);
    await openReady(page, address("index"));
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to the figures");
    const reach = async (wanted: RegExp) => {
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press("Tab");
        if (wanted.test(await focused(page))) return;
      }
      throw new Error(`Tab never reached ${wanted}`);
    };
    await reach(/90 days/);
    await page.keyboard.press("ArrowLeft");
    expect(page.url()).toContain("period=30d");
    expect(await focused(page)).toMatch(/30 days/);
    await reach(/Show table/);
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("Show chart");
    // Thirty days, and the forecast's.
    expect(await page.locator("figure.chart tbody tr").count()).toBe(30 + 28);
    await reach(/^Revenue$/);
    await page.keyboard.press("Enter");
    expect(await page.locator("figure.chart th[aria-sort='descending']").innerText()).toContain("Revenue");
    expect(await focused(page)).toMatch(/^Revenue/);
    await close();
  });

  it("gives a table away as CSV, sortable by any column", async () => {
    const { page, close } = await watchedPage(browser);
    await openReady(page, address("products", "?period=2025"));
    const table = page.locator(".data-table", { has: page.getByRole("button", { name: "Units" }) });
    await table.getByRole("button", { name: "Units" }).click();
    const units = (await table.locator("tbody td:nth-child(3)").allInnerTexts()).map(number);
    expect(units).toEqual(units.toSorted((a, b) => b - a));
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      table.getByRole("button", { name: "Download CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("products-2025.csv");
    const lines = (await readFile((await download.path())!, "utf8")).trimEnd().split("\r\n");
    const [known] = await sql<{ products: number }>(
      home,
      "select cast(count(distinct product_id) as int) as products from gold.product_performance where year(month) = 2025",
    );
    expect(lines[0]).toBe(
      "\ufeffProduct,Category,Units,Revenue (EUR),Revenue per unit (EUR),Margin (EUR),Margin share (share of 1),Number",
    );
    expect(lines.length - 1).toBe(known!.products);
    await close();
  });

  it("gives the rows of a chart away too, called by the question and what was chosen", async () => {
    const { page, close } = await watchedPage(browser);
    await openReady(page, address("index", "?period=2025-03-01_2025-03-31"));
    const download = await downloaded(page, page.locator("figure.chart").first(), "Rows (CSV)");
    expect(download.suggestedFilename()).toBe("how-much-do-we-sell-per-day-2025-03-01-2025-03-31.csv");
    const lines = (await readFile((await download.path())!, "utf8")).trimEnd().split("\r\n");
    expect(lines[0]).toBe("\ufeffDay,Revenue (EUR),Orders,7-day mean (EUR),Target (EUR)");
    const [first] = await sql<{ revenue: string }>(
      home,
      "select cast(sum(revenue) as varchar) as revenue from gold.daily_sales_summary where date = '2025-03-01'",
    );
    expect(lines).toHaveLength(32);
    expect(lines[1]!.split(",").slice(0, 2)).toEqual(["2025-03-01", first!.revenue]);
    await close();
  });

  it("gives a chart away as a picture that needs nothing else and says what it shows", async () => {
    const { page, errors, close } = await watchedPage(browser, { colorScheme: "dark" });
    await openReady(page, address("products", "?period=2025"));
    const chart = page.locator("figure.chart", { hasText: "How do units and revenue go together?" });
    const svg = await downloaded(page, chart, "Picture (SVG)");
    expect(svg.suggestedFilename()).toBe("how-do-units-and-revenue-go-together-2025.svg");
    const text = await readFile((await svg.path())!, "utf8");
    const words = [
      "How do units and revenue go together?",
      "One dot for each product",
      "Garden &amp; Pets",
      "Sold in: 2025",
      "Category: All categories",
      "ShopMetrics",
      "Data of ",
    ];
    for (const part of words) expect(text).toContain(part);
    expect(text).not.toMatch(/var\(|color-mix|currentColor|prefers-color-scheme/);
    expect(text).toContain('fill="#39459b"'); // Electronics in light colours, though the page is dark
    const png = await downloaded(page, chart, "Picture (PNG)");
    const bytes = await readFile((await png.path())!);
    const [, width] = /<svg[^>]* width="(\d+)"/.exec(text)!;
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    expect(bytes.readUInt32BE(16)).toBe(2 * Number(width));
    expect(errors).toEqual([]);
    await close();
  });

  it("closes the list of downloads on Escape, and gives the focus back", async () => {
    const { page, close } = await watchedPage(browser);
    await openReady(page, address("index"));
    const list = page.locator("details.menu").first();
    await list.locator("summary").press("Enter");
    expect(await list.getByRole("button").allInnerTexts()).toEqual([
      "Picture (PNG)",
      "Picture (SVG)",
      "Rows (CSV)",
      "Copy link to chart",
    ]);
    await page.keyboard.press("Escape");
    expect(await list.getAttribute("open")).toBeNull();
    expect(await focused(page)).toMatch(/^Download/);
    await close();
  });

  it("compares with the days before or with the same days a year before, as chosen", async () => {
    const { page, close } = await watchedPage(browser);
    await openReady(page, address("index", "?period=2025-03-01_2025-03-31"));
    const change = page.locator(".card .change").first();
    expect(await change.innerText()).toContain("on the 31 days before");
    await page.getByLabel("Compare with").selectOption("Year before");
    await page.waitForURL(/compare=Year\+before/);
    const [known] = await sql<{ now: number; earlier: number }>(
      home,
      `select cast(sum(revenue) filter (where date between '2025-03-01' and '2025-03-31') as double) as now,
        cast(sum(revenue) filter (where date between '2024-03-01' and '2024-03-31') as double) as earlier from gold.daily_sales_summary`,
    );
    const share = ((known!.now / known!.earlier - 1) * 100).toFixed(1);
    expect(await change.innerText()).toMatch(
      new RegExp(`[+-]${share.replace("-", "").replace(".", "[.]")}% on the same days a year before`),
    );
    await close();
  });

  it("copies the link to what was chosen, and to a chart that stands alone in a frame", async () => {
    const { page, errors, close } = await watchedPage(browser, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await openReady(page, address("index", "?category=Books"));
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.getByRole("button", { name: "Copy link", exact: true }).click();
    await page.getByRole("button", { name: "Link copied" }).waitFor();
    expect(await copied()).toBe(address("index", "?category=Books"));
    const chart = page.locator("figure.chart", { hasText: "On which days do people buy" });
    await chart.getByText("Download", { exact: true }).click();
    await chart.getByRole("button", { name: "Copy link to chart" }).click();
    const link = await copied();
    expect(link).toBe(address("index", "?category=Books&only=on-which-days-do-people-buy"));
    await openReady(page, link);
    expect(await page.locator("h3:visible").allInnerTexts()).toEqual([
      "On which days do people buy of Books?",
    ]);
    expect(
      await page
        .locator("header:visible, nav:visible, .card:visible, .controls:visible, footer:visible")
        .count(),
    ).toBe(0);
    // The chart takes the frame's whole width.
    expect((await page.locator(".plot svg:visible").boundingBox())!.width).toBeGreaterThan(1100);
    await openReady(page, address("index", "?only=no-such-chart"));
    expect(await page.locator("h3:visible").count()).toBeGreaterThan(3);
    expect(errors).toEqual([]);
    await close();
  });

  it("shows on a phone which page it is", async () => {
    const { page, close } = await watchedPage(browser, { viewport: { width: 390, height: 800 } });
    for (const name of pages) {
      await page.goto(address(name));
      const { x, width } = (await page.locator("nav [aria-current]").boundingBox())!;
      expect(x, name).toBeGreaterThanOrEqual(0);
      expect(x + width, name).toBeLessThanOrEqual(390);
    }
    await close();
  });

  it("draws the graph that runs, and names what its tables hold as their contracts do", async () => {
    const { page, close } = await watchedPage(browser);
    await openReady(page, address("about"));
    const edges = await sql<{ step: string; read: string }>(
      home,
      `with drawn as (
        select step, reads from ops.steps where job like '%daily%' and regexp_matches(step, '^(bronze|silver|gold|dashboard)[.]')
          and step not in ('dashboard.about', 'dashboard.pipeline')),
      edges as (select step, unnest(reads) as read from drawn)
      select * from edges where read in (select step from drawn) and read <> step`,
    );
    const within = edges.filter(({ step, read }) => step.split(".")[0] === read.split(".")[0]);
    expect(within.length).toBeGreaterThan(0);
    const picture = page.locator("figure.chart .plot");
    expect(await picture.locator("[data-mark=link] path").count()).toBe(edges.length - within.length);
    expect(await picture.locator("[data-mark=line] path").count()).toBe(within.length);
    const rows = page.locator(".data-table tbody tr");
    const kept = [...shop.tables.values()].filter(({ layer }) => layer !== "ops");
    expect(await rows.count()).toBe(kept.length);
    for (const { name, comment } of kept) {
      const holds = await rows.filter({ hasText: name }).first().locator("td").nth(1).innerText();
      expect(comment.replace(/ \((?:N?FR|AC)-\d+\)/g, "").startsWith(holds), `${name}: ${holds}`).toBe(true);
    }
    await close();
  });

  it("shows a new event on an open page", async () => {
    const { page, errors, close } = await watchedPage(browser);
    await openReady(page, address("traffic"));
    const before = number(await figure(page, "Events so far"));
    await page.getByLabel("Last 7 days").check();
    // Half an hour at the usual rate has no visit at all once in a while.
    expect(await home.landEvents(0.5, 0.5)).toBeGreaterThan(0);
    await home.run("--only bronze.clickstream_raw+");
    await page.waitForFunction((known) => {
      const card = [...document.querySelectorAll(".card")].find((one) =>
        one.textContent?.includes("Events so far"),
      );
      return Number(card?.querySelector(".figure")?.textContent?.replaceAll(",", "")) > known;
    }, before);
    expect(page.url()).toContain("days=");
    expect(errors).toEqual([]);
    await close();
  });

  it("reads a snapshot again that could not be read once", async () => {
    const { page, close } = await watchedPage(browser);
    let refused = 0;
    await page.route(/\/data\/traffic\.newest-/, async (route) => {
      if (refused++ > 0) return route.continue();
      await route.fulfill({ status: 503, body: "" });
    });
    await page.goto(address("traffic"));
    await page.locator(".failed", { hasText: '"newest" cannot be read: 503' }).waitFor();
    await page.locator(".failed").waitFor({ state: "detached" });
    expect(number(await figure(page, "Events so far"))).toBeGreaterThan(0);
    await close();
  });
});

/** The text of the element that has the keyboard's focus, or of what stands beside it. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    return (element?.innerText || element?.closest("label")?.textContent || "").trim();
  });

/** What a chart's list of downloads gives. */
async function downloaded(page: Page, chart: Locator, label: string): Promise<Download> {
  await chart.getByText("Download", { exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    chart.getByRole("button", { name: label }).click(),
  ]);
  return download;
}
