import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SiteServer } from "../../build/src/site/server.ts";
import { keepPicture, launch, openReady, watchedPage, whyNoBrowser } from "./browser.ts";
import { lakehouse, succeeded } from "./cli.ts";
import { changeLines, pages, serveShop } from "./site-home.ts";

/** Names as shops have them: long, from right to left, with emoji, without spaces. */
const names = [
  "Consumer electronics, computers, accessories and whatever else has a battery in",
  "مستلزمات المنزل والمطبخ وكل ما تحتاجه العائلة من أدوات الطهي والتنظيف والديكور",
  "👗👠 Fashion für die ganze Familie 👨‍👩‍👧‍👦 – Kleider, Schuhe, Taschen & Schmuck 🎀",
  "書籍・雑誌・漫画・楽譜・地図・辞書・教科書・絵本・写真集・電子書籍",
];

describe.skipIf(whyNoBrowser)(
  `a shop with high amounts and long names${whyNoBrowser ? ` (skipped: ${whyNoBrowser})` : ""}`,
  () => {
    let server: SiteServer;
    let browser: Browser;

    beforeAll(async () => {
      const shop = await lakehouse();
      succeeded(await shop.shopmetrics("generate --quiet --scale 0.05"));
      await changeFields(path.join(shop.landing, "products"), (fields, line) => {
        fields[1] = `${names[line % 4]} ${line}`;
        fields[2] = line % 2 === 0 ? names[(line / 2) % 4]! : fields[2]!;
        return [...fields.slice(0, 5), dearer(fields[5]!), dearer(fields[6]!), ...fields.slice(7)];
      });
      await changeFields(path.join(shop.landing, "orders"), (fields) => [
        ...fields.slice(0, 4),
        dearer(fields[4]!),
        dearer(fields[5]!),
        ...fields.slice(6),
      ]);
      server = await serveShop(shop);
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    });

    it.each([1280, 800, 390])("cuts no figure and no label at a width of %i", async (width) => {
      const { page, close } = await watchedPage(browser, { viewport: { width, height: 900 } });
      for (const name of pages) {
        await openReady(page, `${server.url}${name}.html`);
        expect(await cut(page), name).toEqual([]);
        if (name === "index" || name === "products") await keepPicture(page, `large-${name}-${width}`);
      }
      await close();
    });

    it("cuts none on a page that no script has drawn", async () => {
      const { page, close } = await watchedPage(browser, { javaScriptEnabled: false });
      await page.goto(`${server.url}products.html`);
      expect(await cut(page)).toEqual([]);
      await close();
    });

    it("shortens a long label at its end and tells the whole in a tooltip", async () => {
      const { page, close } = await watchedPage(browser);
      await openReady(page, `${server.url}products.html`);
      const labels = await page
        .locator(".plot text:has(title)")
        .evaluateAll((found) =>
          found.map((label) => [label.firstChild!.textContent!, label.querySelector("title")!.textContent!]),
        );
      expect(labels.length).toBeGreaterThan(10);
      for (const [short, whole] of labels) {
        const shown = short!.replaceAll(/[\u2068\u2069]/g, "");
        expect(shown).toMatch(/…$/);
        expect(whole!.startsWith(shown.slice(0, -1))).toBe(true);
        expect(shown.length).toBeGreaterThan(8);
      }
      await close();
    });
  },
);

/** Labels that reach over a picture's edge, figures that are wider than their card, and a page that scrolls sideways. */
const cut = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    for (const plot of document.querySelectorAll(".plot")) {
      const room = plot.getBoundingClientRect();
      for (const label of plot.querySelectorAll("svg text")) {
        const { left, right, width } = label.getBoundingClientRect();
        if (width > 0 && (left < room.left - 0.5 || right > room.right + 0.5))
          found.push(label.textContent ?? "");
      }
    }
    for (const figure of document.querySelectorAll(".card .figure"))
      if (figure.scrollWidth > figure.clientWidth) found.push(figure.textContent ?? "");
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide`);
    return found;
  });

const dearer = (amount: string) => (Number(amount) * 60_000).toFixed(2);

/** Rewrites the fields of each line of a folder's CSV file. */
const changeFields = (folder: string, change: (fields: string[], line: number) => readonly string[]) =>
  changeLines(folder, (lines) =>
    lines.map((line, index) => {
      const fields = [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted ?? plain!,
      );
      return change(fields, index)
        .map((field) => (/[",]/.test(field) ? `"${field}"` : field))
        .join(",");
    }),
  );
