import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, projectRoot, scratchProject, succeeded, type Lakehouse } from "./cli.ts";

let root: string;
let house: Lakehouse;

const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
const compile = () => node(path.join(projectRoot, "node_modules/typescript/bin/tsc"), "-b");

beforeAll(async () => {
  root = await scratchProject(
    "lib/src",
    "lib/tsconfig.json",
    "build/src",
    "build/tsconfig.json",
    "build/site",
    "docs",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "bundle",
    "tests/steps",
    "tsconfig.json",
    "tsconfig.base.json",
    "vitest.config.ts",
  );
  house = await lakehouse({ root });
  succeeded(await house.shopmetrics("generate --scale 0.01 --event-days 5 --to 2026-03-01 --quiet"));
});

describe("your first table", () => {
  it("takes the commands of the guide, and no more than six", async () => {
    const guide = await readFile(path.join(projectRoot, "docs/first-table.md"), "utf8");
    const [steps = ""] = guide.split("## Make it yours");
    const commands = [...steps.matchAll(/^ {4}(.+)$/gm)].map(([, command]) => command!);
    expect(commands.length).toBeLessThanOrEqual(6);
    for (const command of commands) {
      if (command === "npm run compile") compile();
      else if (!command.endsWith(" serve"))
        succeeded(await house.shopmetrics(command.replace("npx shopmetrics ", "")));
    }
    const shown = await house.shopmetrics("show gold.orders_by_day --limit 1");
    expect(shown.stdout).toMatch(/1 of [\d,]+ rows of gold.orders_by_day/);
    const page = await readFile(path.join(root, "dist/site/orders.html"), "utf8");
    expect(page).toContain("How does it change from day to day?");
    expect(page).toMatch(/<svg/);
  });

  it("a source has a column for each name of its file's header, and keeps its lines", async () => {
    const file = path.join(house.home, "returns.csv");
    await writeFile(file, "\ufeffReturn_ID,order_id,returned_at\nR1,O1,2026-03-01\n");
    succeeded(await house.shopmetrics(["new", "source", "returns", "--file", file]));
    compile();
    await house.land("returns/1.csv", await readFile(file));
    succeeded(await house.shopmetrics("run --only bronze.returns_raw --quiet"));
    const { stdout } = await house.shopmetrics([
      "sql",
      "select return_id, order_id, returned_at from bronze.returns_raw",
      "--format",
      "csv",
    ]);
    expect(stdout).toContain("R1,O1,2026-03-01");
  });

  it("the table's example is the one that the guide shows, and holds until the select says something else", async () => {
    const guide = await readFile(path.join(projectRoot, "docs/first-table.md"), "utf8");
    const notebook = path.join(root, "notebooks/gold/orders_by_day.ipynb");
    const text = await readFile(notebook, "utf8");
    const { cells } = JSON.parse(text) as { cells: { source: string[] }[] };
    const example = cells.at(-1)!.source.join("");
    expect(guide.replaceAll(/^ {4}/gm, "")).toContain(example);
    const passed = await house.shopmetrics("test orders_by_day");
    succeeded(passed);
    expect(passed.stdout).toMatch(/✓ gold.orders_by_day cell 5:1 {2}2 rows\n1 unit test passed in/);

    await writeFile(notebook, text.replace("count(*) as order_count\\n", "count(*) + 1 as order_count\\n"));
    const failed = await house.shopmetrics("test orders_by_day");
    expect(failed.code).toBe(1);
    expect(failed.stderr)
      .toBe(`✗ notebooks/gold/orders_by_day.ipynb cell 5:1: gold.orders_by_day is not as expected. Of 2 expected rows: 2 differ.
          date        order_count
expected  2026-03-01  2
got       2026-03-01  3
expected  2026-03-02  1
got       2026-03-02  2
`);
    await writeFile(notebook, text);
    const misspelt = await house.shopmetrics("test orders_by_dya");
    expect(misspelt.code).toBe(2);
    expect(misspelt.stderr).toContain(
      'There is no notebook "orders_by_dya". Did you mean gold.orders_by_day?',
    );
    const none = await house.shopmetrics("test bronze.returns_raw --json");
    expect(JSON.parse(none.stdout)).toEqual({ tests: [], passed: 0, failed: 0 });
  });

  it("all that was begun has its types right, and its tests pass", async () => {
    succeeded(await house.shopmetrics("check"));
    const tests = ["tests/steps/orders_by_day.test.ts", "tests/steps/returns_raw.test.ts"];
    expect(node(path.join(projectRoot, "node_modules/vitest/vitest.mjs"), "run", ...tests)).toMatch(
      /2 passed/,
    );
  });

  it.each([
    ["new table orders_by_day", "notebooks/gold/orders_by_day.ipynb is there already. Nothing was written."],
    ["new table daily_sales_summary", "notebooks/gold/daily_sales_summary.ipynb is there already."],
    ["new table Orders-By-Day", '"Orders-By-Day": give a name of small letters, digits and _'],
    ["new page sales", "notebooks/dashboard/sales.ipynb is there already."],
    ["new page other --table gold.nothing", "There is no table gold.nothing"],
    ["new page other --table silver.rejected_rows", "silver.rejected_rows has no column with a date"],
    ["new page other --table bronze.orders_raw", "a page shows a table of gold or silver"],
    ["new source refunds", "shopmetrics new source refunds --file refunds.csv"],
    ["new source refunds --file nowhere.csv", "There is no file nowhere.csv"],
    ["new source refunds --file package.json", "can't be a column's name"],
    ["new view x", "Allowed choices are table, page, source"],
  ])("%s says what is wrong and writes nothing", async (command, message) => {
    const before = await readFile(path.join(root, "lib/src/shop/gold.ts"), "utf8");
    const { code, stderr } = await house.shopmetrics(command);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(await readFile(path.join(root, "lib/src/shop/gold.ts"), "utf8")).toBe(before);
  });
});
