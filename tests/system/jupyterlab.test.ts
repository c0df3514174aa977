import type { ChildProcess } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findJupyter } from "../../build/src/commands/jupyter.ts";
import { whyNoJupyter } from "../services/jupyter/why-not.ts";
import { keepPicture, launch, watchedPage, whyNoBrowser } from "./browser.ts";
import { lakehouse, projectRoot, scratchProject, succeeded } from "./cli.ts";

const absent = whyNoBrowser || whyNoJupyter();

describe.skipIf(absent)(`JupyterLab${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let root: string;
  let server: ChildProcess;
  let said = "";
  let address: string;
  let browser: Browser;

  beforeAll(async () => {
    root = await scratchProject();
    const shop = await lakehouse({ root });
    succeeded(await shop.shopmetrics("generate --quiet --scale 0.02"));
    succeeded(await shop.shopmetrics("run --quiet"));
    const running = shop.start("jupyter --no-browser --port 0 --IdentityProvider.token=test", {
      env: { SHOPMETRICS_JUPYTER: findJupyter(projectRoot) },
    });
    server = running.child;
    server.stderr!.on("data", (text: Buffer) => (said += text.toString()));
    await running.says(/is running at:[\s\S]*http:\/\/127\.0\.0\.1:\d+/);
    address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)![0];
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill("SIGTERM");
  });

  const open = async (page: Page, notebook: string) => {
    await page.goto(`${address}/lab/tree/notebooks/${notebook}?token=test&reset`);
    await page.getByText("TypeScript | Idle").waitFor();
  };

  it("opens a notebook without a change that it would have to save", async () => {
    const { page, close } = await watchedPage(browser);
    await open(page, "gold/customer_ltv.ipynb");
    await page.waitForTimeout(2000);
    expect(await page.locator(".jp-mod-dirty").count()).toBe(0);
    await close();
  });

  it("colours SQL, completes columns, shows where it is wrong and which cells are stale", async () => {
    const cells = [
      'import { show, silver, sql } from "shopmetrics";',
      "const days = sql`\n  select order_date as day, 12.5 as rate\n  from ${silver.orders_clean} as orders`;",
      "await show(days);",
      "await show(sql`\n  select d.ra\n  from ${days} as d`);",
    ];
    const like = JSON.parse(
      await readFile(path.join(root, "notebooks/gold/customer_ltv.ipynb"), "utf8"),
    ) as object;
    const code = cells.map((source, index) => ({
      cell_type: "code",
      id: `cell-${index}`,
      metadata: {},
      execution_count: null,
      outputs: [],
      source,
    }));
    await writeFile(path.join(root, "notebooks/tried.ipynb"), JSON.stringify({ ...like, cells: code }));
    const { page, close } = await watchedPage(browser);
    await open(page, "tried.ipynb");
    const editor = (index: number) => page.locator(".jp-CodeCell .cm-content").nth(index);
    const colourOf = (index: number, text: string) =>
      editor(index)
        .getByText(text, { exact: true })
        .first()
        .evaluate((span) => getComputedStyle(span).color);
    await page.locator(".shopmetrics-sql").first().waitFor();
    expect(await colourOf(1, "select")).toBe(await colourOf(1, "const"));
    expect(await colourOf(1, "12.5")).not.toBe(await colourOf(1, "select"));

    const idle = async (count: number) => {
      await page.locator(".jp-InputPrompt", { hasText: `[${count}]:` }).waitFor();
    };
    await editor(0).click();
    for (const count of [1, 2, 3]) {
      await page.keyboard.press("Shift+Enter");
      await idle(count);
    }
    await editor(1).click();
    await page.keyboard.press("Control+Enter");
    await idle(4);
    const stale = page.locator(".shopmetrics-stale");
    await stale.first().waitFor();
    expect(await stale.evaluateAll((marked) => marked.map((cell) => cell.dataset["stale"]))).toEqual([
      "Stale: cell [4], which makes days, has run again.",
    ]);

    await editor(3).getByText("d.ra").click();
    await page.keyboard.press("End");
    await page.keyboard.press("Tab");
    const offered = page.locator(".jp-Completer-item").first();
    await offered.waitFor();
    expect(await offered.textContent()).toContain("rate");
    await keepPicture(page, "jupyterlab-sql");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Enter");
    const said = page.locator(".jp-OutputArea-output").last();
    await page.getByText("Cell [5], line 2, column 10:").waitFor();
    expect(await said.textContent()).toMatch(/> 2 \| {3}select d\.ra\n +\| +\^/);
    await close();
  });

  it("shows cards side by side, and a control with its choice", async () => {
    const { page, close } = await watchedPage(browser, { viewport: { width: 1400, height: 1600 } });
    await open(page, "dashboard/sales.ipynb");
    await page.getByRole("menuitem", { name: "Run", exact: true }).click();
    await page.getByText("Run All Cells", { exact: true }).click();
    const cards = page.locator(".card");
    await cards.nth(2).waitFor({ state: "attached" });
    // JupyterLab follows the last cell, and hides those that are out of view.
    const notebook = page.locator(".jp-WindowedPanel-outer:visible");
    for (let top = 0; top < 10_000 && !(await cards.nth(2).isVisible()); top += 500) {
      await notebook.evaluate((panel, to) => panel.scrollTo(0, to), top);
      await page.waitForTimeout(300);
    }
    const boxes = await cards.evaluateAll((found) =>
      found.map((card) => {
        const [label, figure] = [card.querySelector("dt")!, card.querySelector(".figure")!];
        const place = (part: Element) => part.getBoundingClientRect();
        return {
          top: Math.round(place(card).top),
          isBelow: place(figure).top >= place(label).bottom && place(figure).left === place(label).left,
        };
      }),
    );
    expect(boxes).toHaveLength(3);
    expect(new Set(boxes.map(({ top }) => top)).size).toBe(1);
    expect(boxes.every(({ isBelow }) => isBelow)).toBe(true);
    const chosen = page.locator(".segments input:checked + span").first();
    expect(await chosen.textContent()).toBe("90 days");
    expect(await chosen.evaluate((span) => getComputedStyle(span).backgroundColor)).toBe("rgb(15, 97, 112)");
    expect(await page.locator(".control select").last().inputValue()).toBe("All categories");
    await cards.first().scrollIntoViewIfNeeded();
    await keepPicture(page, "jupyterlab");
    await close();
  });
});

describe("npm run jupyter", () => {
  it("lets Jupyter's own Yarn start below a project of ES modules", async () => {
    const root = await scratchProject();
    const venv = path.join(root, ".venv");
    await mkdir(path.join(venv, "bin"), { recursive: true });
    await writeFile(path.join(venv, "pyvenv.cfg"), "");
    // What JupyterLab does at its start, with the script that it brings.
    await writeFile(path.join(venv, "yarn.js"), 'console.log(typeof require("util").inspect)');
    await writeFile(path.join(venv, "bin/jupyter"), `#!/bin/sh\nexec node ${venv}/yarn.js\n`, {
      mode: 0o755,
    });
    const { stdout, code } = await (await lakehouse({ root })).shopmetrics("jupyter");
    expect({ stdout, code }).toEqual({ stdout: "function\n", code: 0 });
    expect(JSON.parse(await readFile(path.join(venv, "package.json"), "utf8"))).toEqual({ type: "commonjs" });
  });

  it("writes the kernels for VS Code into the project's Python environment, and nothing without one", async () => {
    const root = await scratchProject();
    const shop = await lakehouse({ root });
    const absent = await shop.shopmetrics("jupyter --install");
    expect(absent).toMatchObject({ code: 2, stderr: expect.stringContaining("python3 -m venv .venv") });
    await mkdir(path.join(root, ".venv"));
    await writeFile(path.join(root, ".venv/pyvenv.cfg"), "");
    const { code, stdout } = await shop.shopmetrics("jupyter --install");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Wrote TypeScript/) });
    const spec = path.join(root, ".venv/share/jupyter/kernels/tslab/kernel.json");
    expect(JSON.parse(await readFile(spec, "utf8"))).toMatchObject({
      display_name: "TypeScript",
      argv: expect.arrayContaining(["{connection_file}", "--config-path={kernel_file}"]),
      env: { SHOPMETRICS_HOME: shop.home },
    });
  });
});
