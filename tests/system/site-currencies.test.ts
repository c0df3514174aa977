import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SiteServer } from "../../build/src/site/server.ts";
import { cellsOf, keepPicture, launch, number, openReady, watchedPage, whyNoBrowser } from "./browser.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { serveShop, sql } from "./site-home.ts";

const why = whyNoBrowser ? ` (skipped: ${whyNoBrowser})` : "";

describe.skipIf(whyNoBrowser)(`a shop whose customers pay in two currencies${why}`, () => {
  let shop: Lakehouse;
  let server: SiteServer;
  let browser: Browser;

  beforeAll(async () => {
    shop = await lakehouse();
    succeeded(
      await shop.shopmetrics("generate --quiet --scale 0.02 --to 2026-03-02 --event-days 1 --currencies GBP"),
    );
    server = await serveShop(shop);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** From gross to net by what the tables say, of one currency; of all orders in the reporting currency without one. */
  async function known(currency?: string) {
    const of = currency ? "" : "_reporting";
    const [sums] = await sql<Record<"gross" | "refund" | "net", number>>(
      { shop },
      `select ${["gross", "refund", "net"].map((name) => `cast(sum(${name}${of}) as double) as ${name}`).join(", ")}
      from gold.fct_daily_revenue${currency ? ` where currency = '${currency}'` : ""}`,
    );
    const { gross, refund, net } = sums!;
    return { Gross: gross, Refunds: -refund, Net: net };
  }

  it("shows what is left of all orders, and of those of one currency in that currency", async () => {
    const { page, errors, close } = await watchedPage(browser);
    await openReady(page, `${server.url}index.html?period=all`);
    const choices = page.getByRole("group", { name: "Gross to net of" });
    expect((await choices.locator("label").allInnerTexts()).map((text) => text.trim())).toEqual([
      "All orders",
      "EUR",
      "GBP",
    ]);
    const chart = page.locator("figure.chart", { hasText: "What is left of what was ordered?" });
    await chart.getByRole("button", { name: "Show table" }).click();
    const shown = async () => {
      const lines = await cellsOf(chart);
      return { lines, steps: Object.fromEntries(lines.map(([step, money]) => [step!, number(money!)])) };
    };
    const all = await shown();
    expect(all.steps).toMatchObject(await known());

    await choices.getByRole("radio", { name: "GBP" }).click();
    await page.waitForURL(/orders=GBP/);
    const pounds = await shown();
    expect(pounds.steps).toMatchObject(await known("GBP"));
    expect(pounds.lines[0]![1]).toContain("£");
    expect(pounds.steps["Gross"]).toBeLessThan(all.steps["Gross"]!);
    expect(await chart.locator(".note").innerText()).toContain("GBP");
    await keepPicture(page, "index-pounds");

    await choices.getByRole("radio", { name: "All orders" }).click();
    expect((await shown()).steps).toEqual(all.steps);
    expect(errors).toEqual([]);
    await close();
  });
});
