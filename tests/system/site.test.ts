import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveSite, type SiteServer } from "../../build/src/site/server.js";
import { projectRoot } from "shopmetrics/internal/settings";
import { writeSite } from "../../build/src/site/site.js";
import { keepPicture, launch, openReady, watchedPage, whyNoBrowser } from "./browser.js";
import { siteHome, type SiteHome } from "./site-home.js";

const pages = ["index", "customers", "products", "traffic", "pipeline", "about"];

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
  const figure = (page: Page, label: string) =>
    page
      .locator(".card", { has: page.locator("dt", { hasText: label }) })
      .locator(".figure")
      .innerText();
  const number = (text: string) => Number(text.replaceAll(/[^\d.-]/g, ""));

  it("builds its pages in less than 3 seconds", async () => {
    const times = [];
    for (let run = 0; run < 4; run++) {
      const began = performance.now();
      const out = path.join(home.shop.home, "again");
      const built = await writeSite({ root: projectRoot, snapshots: home.snapshots, out });
      times.push((performance.now() - began) / 1000);
      expect(built.pages).toEqual(pages.map((name) => `${name}.html`));
    }
    console.log("seconds to build the pages", times);
    // What else the machine does at the moment is not the build's doing.
    expect(Math.min(...times)).toBeLessThan(3);
  });

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
        const source = await readFile(path.resolve("node_modules/axe-core/axe.min.js"), "utf8");
        const violations = await page.evaluate(`(() => { ${source}; })(); axe.run()`);
        const serious = (violations as AxeResults).violations.filter(({ impact }) =>
          ["serious", "critical"].includes(impact),
        );
        expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
        await close();
      },
    );

    it("shows its prose, figures and charts without JavaScript", async () => {
      const { page, close } = await watchedPage(browser, { javaScriptEnabled: false });
      await page.goto(address(name));
      expect(await page.locator("h1").innerText()).not.toBe("");
      const charts = await page.locator("figure.chart").count();
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
      `with last as (select max(date) as day from gold.daily_sales_summary)
       select cast(sum(revenue) as double) as revenue, cast(sum(order_count) as int) as orders
       from gold.daily_sales_summary, last where date > day - 180
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
        `select cast(sum(order_count) as int) as orders from gold.daily_sales_summary
         where date between '2025-03-01' and '2025-03-31'`,
      );
      expect(number(await figure(page, "Orders"))).toBe(march!.orders);
      expect(page.url()).toBe(address("index", "?period=2025-03-01_2025-03-31"));
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
      await page.getByLabel("High", { exact: true }).check();
      const [high] = await sql<{ customers: number }>(
        home,
        "select cast(count(*) as int) as customers from gold.customer_ltv where ltv_segment = 'High' and customer_id <> 'Unknown'",
      );
      expect(number(await figure(page, "Customers"))).toBe(high!.customers);
      await openReady(page, address("products", "?category=Books"));
      const categories = await page.locator(".data-table tbody td:nth-child(2)").allInnerTexts();
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
    expect(await page.locator("figure.chart tbody tr").count()).toBe(30);
    await reach(/^Revenue$/);
    await page.keyboard.press("Enter");
    expect(await page.locator("figure.chart th[aria-sort='descending']").innerText()).toContain("Revenue");
    expect(await focused(page)).toMatch(/^Revenue/);
    await close();
  });

  it("gives a table away as CSV, sortable by any column", async () => {
    const { page, close } = await watchedPage(browser);
    await openReady(page, address("products", "?period=2025"));
    const table = page.locator(".data-table");
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
    expect(lines[0]).toBe("Product,Category,Units,Revenue,Revenue per unit,Number");
    expect(lines.length - 1).toBe(known!.products);
    await close();
  });

  describe("what it weighs and how fast it is", () => {
    /** Bytes over the wire of a page with all it loads. */
    async function weigh(page: Page, url: string): Promise<number> {
      const devtools = await page.context().newCDPSession(page);
      await devtools.send("Network.enable");
      let bytes = 0;
      devtools.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
      await openReady(page, url);
      await page.waitForLoadState("networkidle");
      await devtools.detach();
      return bytes;
    }

    it("takes less than 200 kB for the first page and 60 kB for each other", async () => {
      const { page, close } = await watchedPage(browser);
      const weights: Record<string, number> = {};
      for (const name of pages) weights[name] = await weigh(page, address(name));
      console.log("bytes over the wire", weights);
      expect(weights["index"]).toBeLessThan(200_000);
      for (const name of pages.slice(1)) expect(weights[name], name).toBeLessThan(60_000);
      await close();
    });

    it.each(pages)("%s paints within a second, and nothing moves", async (name) => {
      const { page, close } = await watchedPage(browser);
      await page.addInitScript(() => {
        const seen = { paint: 0, shift: 0 };
        Object.assign(window, { seen });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) seen.paint = entry.startTime;
        }).observe({ type: "largest-contentful-paint", buffered: true });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
            seen.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
      });
      await openReady(page, address(name));
      await page.waitForTimeout(300);
      const seen = await page.evaluate(
        () => (window as unknown as { seen: { paint: number; shift: number } }).seen,
      );
      expect(seen.paint).toBeGreaterThan(0);
      expect(seen.paint).toBeLessThan(1000);
      expect(seen.shift).toBe(0);
      await close();
    });

    it("draws two years anew in less than 100 ms", async () => {
      const { page, close } = await watchedPage(browser);
      await openReady(page, address("index", "?period=2024-11-01_2026-10-31"));
      const times = await page.evaluate(async () => {
        const select = () => document.querySelector<HTMLSelectElement>("#control-category")!;
        const measured: number[] = [];
        for (const name of ["Books", "Fashion", "All categories", "Electronics", "All categories"]) {
          const began = performance.now();
          select().value = name;
          select().dispatchEvent(new Event("change", { bubbles: true }));
          measured.push(performance.now() - began);
          await new Promise((done) => requestAnimationFrame(done));
        }
        return measured;
      });
      console.log("redraws in ms", times.map(Math.round));
      // What else the machine does at the moment is not the page's doing.
      expect(Math.min(...times)).toBeLessThan(100);
      await close();
    });
  });

  it("shows a new event on an open page", async () => {
    const { page, errors, close } = await watchedPage(browser);
    await openReady(page, address("traffic"));
    const before = number(await figure(page, "Events so far"));
    await page.getByLabel("Last 7 days").check();
    await home.landEvents(0.5);
    await home.run("--only bronze.clickstream_raw+");
    await page.waitForFunction(
      (known) => {
        const card = [...document.querySelectorAll(".card")].find((one) =>
          one.textContent?.includes("Events so far"),
        );
        return Number(card?.querySelector(".figure")?.textContent?.replaceAll(",", "")) > known;
      },
      before,
      { timeout: 20_000 },
    );
    expect(page.url()).toContain("days=");
    expect(errors).toEqual([]);
    await close();
  });

  it("has one broken part when one snapshot is corrupt or gone", async () => {
    for (const harm of ["corrupt", "gone"]) {
      const folder = path.join(home.shop.home, harm);
      await cp(home.snapshots, folder, { recursive: true });
      const [file] = (await readdir(folder)).filter((name) => name.startsWith("customers.cohorts-"));
      if (harm === "gone") await rm(path.join(folder, file!));
      else {
        const bytes = await readFile(path.join(folder, file!));
        bytes[bytes.length >> 1]! ^= 0xff;
        await writeFile(path.join(folder, file!), bytes);
      }
      const other = await serveSite({
        site: await withoutData(home.site, folder),
        snapshots: folder,
        port: 0,
      });
      const { page, close } = await watchedPage(browser);
      await openReady(page, `${other.url}customers.html`);
      const messages = await page.locator(".failed").allInnerTexts();
      // Two charts draw from it.
      expect(messages).toHaveLength(2);
      expect(messages[0]).toMatch(harm === "gone" ? /"cohorts" cannot be read: 404/ : /checksum/);
      expect(await page.locator("figure.chart svg").count()).toBe(2);
      expect(await page.locator(".figure").count()).toBe(4);
      await close();
      await other.close();
    }
  });

  it("works from a folder, without any server", async () => {
    const { page, errors, close } = await watchedPage(browser);
    await openReady(page, pathToFileURL(path.join(home.site, "index.html")).href);
    expect(await page.locator("html").getAttribute("data-ready")).toBe("");
    const all = number(await figure(page, "Orders"));
    await page.getByLabel("Category", { exact: true }).selectOption("Books");
    expect(number(await figure(page, "Orders"))).toBeLessThan(all);
    await page.getByRole("link", { name: "Customers" }).click();
    await page.waitForSelector("html[data-page='customers'][data-ready='']");
    expect(errors).toEqual([]);
    await close();
  });

  it("works under any base path", async () => {
    const parent = path.join(home.shop.home, "pages");
    await cp(home.site, path.join(parent, "shop/metrics"), { recursive: true });
    const other = await serveSite({ site: parent, snapshots: path.join(parent, "none"), port: 0 });
    const { page, errors, close } = await watchedPage(browser);
    await openReady(page, `${other.url}shop/metrics/`);
    expect(await page.locator("html").getAttribute("data-ready")).toBe("");
    await page.getByRole("link", { name: "About" }).click();
    await page.waitForSelector("html[data-page='about'][data-ready='']");
    expect(errors).toEqual([]);
    await close();
    await other.close();
  });

  it("holds no SQL and no name of a table that its readers do not see", async () => {
    const assets = path.join(home.site, "assets");
    for (const name of await readdir(assets)) {
      if (!name.endsWith(".js")) continue;
      const text = await readFile(path.join(assets, name), "utf8");
      expect(text, name).not.toMatch(/\bfrom\s+(gold|silver|ops)\.|select\s+\w+,|group by|_batch/i);
      expect(text, name).not.toContain("daily_sales_summary");
    }
  });

  it("allows no script but its own", async () => {
    const { page, errors, close } = await watchedPage(browser);
    await openReady(page, address("index"));
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.injected = true";
      document.body.append(script);
    });
    expect(await page.evaluate(() => "injected" in window)).toBe(false);
    expect(errors.join()).toContain("Content Security Policy");
    await close();
  });

  it("prints without what only a screen can do", async () => {
    const { page, close } = await watchedPage(browser);
    await openReady(page, address("index"));
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await page.locator("nav:visible, .controls:visible, .actions:visible").count()).toBe(0);
    expect(await page.evaluate(() => getComputedStyle(document.body).color)).toBe("rgb(28, 33, 38)");
    await close();
  });

  describe("when the warehouse is down or a check has failed (AC-010)", () => {
    it("is built from the last good snapshots, and says how old they are", async () => {
      const shop = await home.shop.copy();
      await rm(path.join(shop.home, "warehouse.duckdb"));
      const site = path.join(shop.home, "down");
      const built = await shop.json<{ pages: string[] }>(`site --out ${site}`);
      expect(built.pages).toEqual(expect.arrayContaining(pages.map((name) => `${name}.html`)));
      const other = await serveSite({ site, snapshots: path.join(shop.home, "snapshots"), port: 0 });
      const { page, close } = await watchedPage(browser);
      await page.clock.install({ time: Date.now() + 3 * 86_400_000 });
      await openReady(page, other.url);
      expect(await page.locator("[data-age]").innerText()).toBe("Data is 3 days old");
      expect(await page.locator("[data-age][data-stale]").count()).toBe(1);
      await close();
      await other.close();
    });

    it("keeps a page's figures when what it draws from failed, and tells of the failure", async () => {
      const shop = await home.shop.copy();
      const manifest = async (page: string) =>
        JSON.parse(await readFile(path.join(shop.home, "snapshots", `${page}.json`), "utf8")) as {
          asOf: string;
          checks: { fail: number };
        };
      const [sales, pipeline] = [await manifest("sales"), await manifest("pipeline")];
      await shop.land(
        "orders/orders_2027-01-01.csv",
        `order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at\n${",C1,P1,1,1.00,1.00,2026-12-31T00:00:00Z,completed,2026-12-31T00:00:00Z\n".repeat(50)}`,
      );
      const { code } = await shop.shopmetrics("run --quiet");
      expect(code).toBe(1);
      expect(await manifest("sales")).toEqual(sales);
      expect((await manifest("pipeline")).asOf > pipeline.asOf).toBe(true);
      expect((await manifest("pipeline")).checks.fail).toBe(1);
    });
  });
});

interface AxeResults {
  readonly violations: readonly { id: string; impact: string; nodes: readonly { html: string }[] }[];
}

/** The text of the element that has the keyboard's focus, or of what stands beside it. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    return (element?.innerText || element?.closest("label")?.textContent || "").trim();
  });

/** A site whose data is that of another folder. */
async function withoutData(site: string, folder: string): Promise<string> {
  const copy = `${folder}-site`;
  await cp(site, copy, { recursive: true });
  await rm(path.join(copy, "data"), { recursive: true });
  return copy;
}

/** Rows of the home's warehouse. */
async function sql<Row>({ shop }: SiteHome, text: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(path.join(shop.home, "warehouse.duckdb"), {
    access_mode: "READ_ONLY",
  });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(text)).getRowObjectsJS() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
