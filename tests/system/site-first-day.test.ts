import path from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SiteServer } from "../../build/src/site/server.ts";
import { keepPicture, launch, openReady, watchedPage, whyNoBrowser } from "./browser.ts";
import { lakehouse, succeeded } from "./cli.ts";
import { changeLines, serveShop } from "./site-home.ts";

describe.skipIf(whyNoBrowser)(
  `a shop on its first day${whyNoBrowser ? ` (skipped: ${whyNoBrowser})` : ""}`,
  () => {
    let server: SiteServer;
    let browser: Browser;

    beforeAll(async () => {
      const shop = await lakehouse();
      succeeded(await shop.shopmetrics("generate --quiet --scale 0.05 --to 2026-03-02"));
      // One order of the last day, completed, by a customer who signed up some weeks before.
      await changeLines(path.join(shop.landing, "orders"), (lines) =>
        lines
          .slice(-1)
          .map((line) =>
            line.replace(/[^,]*,[^,]*,[^,]*$/, "2026-03-02T10:00:00Z,completed,2026-03-02T11:00:00Z"),
          ),
      );
      await changeLines(path.join(shop.landing, "customers"), (lines) =>
        lines.map((line) => line.replace(/,[\d-]*,([^,]*)$/, ",2026-01-10,$1")),
      );
      await changeLines(path.join(shop.landing, "clickstream"), (lines) => lines.slice(-3));
      server = await serveShop(shop);
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    });

    it.each(["index", "returns", "customers", "products", "regions", "marketing", "traffic"])(
      "has a %s page that draws and counts right",
      async (name) => {
        const { page, errors, close } = await watchedPage(browser);
        await openReady(page, `${server.url}${name}.html`);
        await keepPicture(page, `first-day-${name}`);
        expect(errors).toEqual([]);
        const text = await page.locator("main").evaluate((main) => main.textContent ?? "");
        expect(text).not.toMatch(
          /\b1 (?:days|orders|units|products|customers|cohorts|months|visitors|page views)\b|– to –|NaN|Infinity/,
        );
        const single: number[] = [];
        for (const chart of await page.locator("figure.chart").all()) {
          const title = await chart.locator("h3").innerText();
          const drawn = await chart.locator(".plot :is(circle, rect, path[d*='M'])").count();
          expect(drawn > 0 || (await chart.locator(".empty").count()) > 0, title).toBe(true);
          const widths = await chart
            .locator(".plot rect")
            .evaluateAll((found) => found.map((part) => part.getBoundingClientRect().width));
          // A single hour or cohort does not fill the picture; bars from left to right may.
          if (/hour by hour|cohort/.test(title)) single.push(...widths);
        }
        expect(Math.max(0, ...single)).toBeLessThan(100);
        await close();
      },
    );
  },
);
