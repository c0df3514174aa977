import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Why there is no browser to test with, in words; "" where there is one. In CI a missing one is a failure. */
export const whyNoBrowser =
  process.env["CI"] || existsSync(executablePath)
    ? ""
    : `${executablePath} does not exist: install Chromium (apt-get install chromium), or name one in CHROMIUM`;

/** Starts Chromium, with no traffic of its own. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

/** What a page did that it should not have done. */
export interface Watched {
  readonly page: Page;
  /** Errors on the console, and those that nobody caught. */
  readonly errors: string[];
  /** Addresses that were asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** A page of a new browser profile, with nothing in its cache. */
export async function watchedPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("request", (request) => requests.push(request.url()));
  return { page, errors, requests, close: () => context.close() };
}

/** Opens a page and waits until its script has drawn what is new. */
export async function openReady(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector("html[data-ready]");
}

/** Keeps a picture for people to look at. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = path.resolve(import.meta.dirname, "../../test-results/site");
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

/** The figure on the card that carries a label. */
export const figure = (page: Page, label: string): Promise<string> =>
  page
    .locator(".card", { has: page.getByText(label, { exact: true }) })
    .locator(".figure")
    .innerText();

/** A figure as a number again. */
export const number = (text: string) => Number(text.replaceAll(/[^\d.-]/g, ""));

/** The cells of a table's rows, without the head. */
export const cellsOf = (table: Locator): Promise<string[][]> =>
  table
    .locator("tbody tr")
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll("th, td")].map((cell) => cell.textContent ?? "")),
    );

interface AxeResults {
  readonly violations: readonly { id: string; impact: string; nodes: readonly { html: string }[] }[];
}

/** What axe finds wrong on a page, as far as it is serious. */
export async function seriousViolations(page: Page): Promise<string[]> {
  const source = await readFile(path.resolve("node_modules/axe-core/axe.min.js"), "utf8");
  const { violations } = (await page.evaluate(
    `(() => { ${source}; })(); axe.run({ resultTypes: ["violations"] })`,
  )) as AxeResults;
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
