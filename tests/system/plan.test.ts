import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { cp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Forecast } from "../../build/src/run/forecast.ts";
import type { RunReport } from "../../build/src/run/run-report.ts";
import { edit, lakehouse, projectRoot, scratchProject, succeeded, type Lakehouse } from "./cli.ts";

let root: string;
let house: Lakehouse;

const compileWorkspaces = () =>
  execFileSync(process.execPath, [path.join(projectRoot, "node_modules/typescript/bin/tsc"), "-b"], {
    cwd: root,
    stdio: "inherit",
  });

beforeAll(async () => {
  root = await scratchProject(
    "lib/src",
    "lib/tsconfig.json",
    "build/src",
    "build/tsconfig.json",
    "tsconfig.json",
    "tsconfig.base.json",
  );
  house = await lakehouse({ root });
  succeeded(await house.shopmetrics("generate --scale 0.01 --event-days 5 --to 2026-03-01 --quiet"));
});

/** All files of a home with what they hold and when they were last written. */
async function filesOf({ home }: Lakehouse): Promise<string[]> {
  const found = await readdir(home, { recursive: true, withFileTypes: true });
  const names = found
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return Promise.all(
    names.toSorted().map(async (name) => {
      const { mtimeMs } = await stat(name);
      return `${path.relative(home, name)} ${mtimeMs} ${createHash("sha256")
        .update(await readFile(name))
        .digest("hex")}`;
    }),
  );
}

/** What `plan` says, having changed no file, and what the `run` that follows does. */
async function both(
  args = "",
): Promise<{ plan: Forecast; run: RunReport; planned: string[]; ran: string[] }> {
  const before = await filesOf(house);
  const plan = await house.json<Forecast>(`plan ${args}`);
  expect(await filesOf(house)).toEqual(before);
  const run = await house.json<RunReport>(`run ${args}`);
  return {
    plan,
    run,
    planned: plan.steps.filter(({ verdict }) => verdict !== "idle").map(({ step }) => step),
    ran: run.steps.filter(({ status }) => status !== "skipped").map(({ step }) => step),
  };
}

const stepOf = (plan: Forecast, name: string) => plan.steps.find(({ step }) => step === name);

const pages = [
  "about",
  "customers",
  "marketing",
  "pipeline",
  "products",
  "regions",
  "returns",
  "sales",
  "traffic",
];
const everyRun = ["ops.data_quality", ...pages.map((page) => `dashboard.${page}`)];

const order = (id: string, status = "completed", day = "2026-03-02") =>
  `order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at\n` +
  `${id},C000001,P0001,1,10.00,10.00,2026-03-02T10:00:00Z,${status},${day}T10:00:00Z\n`;

describe("plan says what the run that follows does", () => {
  it("before the first run, where there is no warehouse and plan makes none", async () => {
    const { plan, planned, ran } = await both();
    expect(plan.hasWarehouse).toBe(false);
    expect(stepOf(plan, "bronze.orders_raw")).toMatchObject({ verdict: "runs", files: 1 });
    expect(planned).toEqual(ran);
    // Rates may be landed or asked for; here they are those of the repository. There is no database.
    const idle = plan.steps.filter(({ verdict }) => verdict === "idle").map(({ step }) => step);
    expect(idle).toEqual([
      "bronze.currency_rates_raw",
      "bronze.database",
      "bronze.reviews",
      "silver.product_reviews",
      "gold.product_ratings",
    ]);
  });

  it("where nothing is new", async () => {
    const { plan, planned, ran } = await both();
    expect(planned).toEqual(everyRun.filter((step) => planned.includes(step)));
    expect(planned).toEqual(ran);
    expect(plan.tables).toEqual([]);
    expect(plan.pages.filter(({ moves }) => moves)).toEqual([{ step: "dashboard.pipeline", moves: true }]);
  });

  it("where one file has landed: its load for certain, and what depends on it, if it changes", async () => {
    await house.land("orders/orders_9001.csv", order("O9001"));
    const { plan, planned, ran } = await both();
    expect(stepOf(plan, "bronze.orders_raw")).toMatchObject({
      verdict: "runs",
      reason: expect.stringMatching(/^1 new file, /),
      files: 1,
      bytes: order("O9001").length,
    });
    expect(stepOf(plan, "silver.orders_clean")?.verdict).toBe("runs");
    expect(stepOf(plan, "gold.customer_ltv")).toMatchObject({
      verdict: "may run",
      reason: "if gold.fct_orders changes",
    });
    expect(planned).toEqual(ran);
    expect(plan.pages.filter(({ moves }) => !moves).map(({ step }) => step)).toEqual(["dashboard.traffic"]);
  });

  it("where the file says nothing new, so that what may run does not", async () => {
    await house.land("orders/orders_9002.csv", order("O9001", "pending", "2026-03-01"));
    const { plan, ran } = await both();
    const certain = plan.steps.filter(({ verdict }) => verdict === "runs").map(({ step }) => step);
    expect(stepOf(plan, "gold.customer_ltv")?.verdict).toBe("may run");
    expect(ran).toEqual(certain);
  });

  it("where a run took only a part: the rest waits with its rows", async () => {
    await house.land("orders/orders_9003.csv", order("O9003") + order("O9004").split("\n")[1]! + "\n");
    succeeded(await house.shopmetrics("run --only bronze.orders_raw --quiet"));
    const { plan, planned, ran } = await both("--only silver.orders_clean+");
    expect(stepOf(plan, "silver.orders_clean")).toMatchObject({
      verdict: "runs",
      reason: "2 new rows of bronze.orders_raw",
      rows: 2,
    });
    expect(stepOf(plan, "bronze.orders_raw")).toBeUndefined();
    expect(planned).toEqual(ran);
  });

  it("of a program that takes files in", async () => {
    const landed = await readdir(path.join(house.landing, "clickstream"));
    const file = landed.find((name) => name.endsWith(".ndjson"));
    const [line = ""] = (await readFile(path.join(house.landing, "clickstream", file!), "utf8")).split("\n");
    const message = line.replace(/"offset":\d+/, '"offset":900000000000');
    await house.land("clickstream/clickstream_2026-03-02.ndjson", `${message}\n`);
    const { plan, planned, ran } = await both("--from bronze.clickstream_raw");
    expect(stepOf(plan, "bronze.clickstream_raw")).toMatchObject({ verdict: "runs", files: 1 });
    expect(stepOf(plan, "silver.clickstream_clean")?.verdict).toBe("runs");
    expect(ran).toContain("bronze.clickstream_raw");
    expect(ran).toContain("silver.clickstream_clean");
    // The message is a copy, so nothing behind the cleaned events changes.
    expect(ran.filter((step) => !planned.includes(step))).toEqual([]);
    const idle = await both("--only bronze.clickstream_raw");
    expect(idle.planned).toEqual([]);
    expect(idle.ran).toEqual([]);
  });

  it("with --full, and of a backfill", async () => {
    const all = await both("--only silver.dim_products+ --full");
    expect(stepOf(all.plan, "silver.dim_products")?.reason).toBe("--full: computes all rows");
    expect(all.planned).toEqual(all.ran);
    const days = await both("--from-date 2026-02-01 --to-date 2026-02-03");
    expect(stepOf(days.plan, "gold.daily_sales_summary")?.reason).toBe(
      "computes 2026-02-01 to 2026-02-03 anew",
    );
    expect(days.planned).toEqual(days.ran);
  });
});

describe("a change of the project", () => {
  afterEach(async () => {
    for (const part of ["lib/src", "notebooks"]) {
      await rm(path.join(root, part), { recursive: true });
      await cp(path.join(projectRoot, part), path.join(root, part), { recursive: true });
    }
    compileWorkspaces();
  });

  it("of a notebook's SQL is named, and kept rows wait for --full", async () => {
    const file = "notebooks/gold/customer_ltv.ipynb";
    await edit(root, file, "total_revenue > 500 then", "total_revenue > 600 then");
    const { plan, planned, ran } = await both();
    expect(plan.steps.filter(({ isChanged }) => isChanged).map(({ step }) => step)).toEqual([
      "gold.customer_ltv",
    ]);
    expect(stepOf(plan, "gold.customer_ltv")?.verdict).toBe("idle");
    expect(planned).toEqual(ran);
    await edit(root, file, "total_revenue > 600 then", "total_revenue > 700 then");
    const { stdout } = await house.shopmetrics("plan");
    expect(stdout).toMatch(
      /Changed since the last run: gold.customer_ltv. Rows that are kept stay as they are; --full --from gold.customer_ltv computes them again./,
    );
    const full = await both("--full --from gold.customer_ltv");
    expect(full.planned).toEqual(full.ran);
    expect(full.ran).toContain("gold.customer_ltv");
  });

  it("of a contract shows the columns that join, change their type and leave", async () => {
    succeeded(await house.shopmetrics("run --quiet"));
    await edit(
      root,
      "lib/src/shop/gold.ts",
      "    ltv_segment: oneOf(",
      '    first_channel: text("Where the customer came from.").nullable(),\n    ltv_segment: oneOf(',
    );
    await edit(
      root,
      "lib/src/shop/silver.ts",
      '    subcategory: text("Subcategory.", words).nullable(),\n',
      "",
    );
    await edit(
      root,
      "lib/src/shop/silver.ts",
      'price: money("List price now.")',
      'price: total("List price now.")',
    );
    await edit(root, "lib/src/shop/silver.ts", "  money,\n", "  money,\n  total,\n");
    await edit(
      root,
      "notebooks/gold/customer_ltv.ipynb",
      "    case when total_revenue > 500",
      "    cast(null as string) as first_channel, case when total_revenue > 500",
    );
    const products = path.join(root, "notebooks/silver/dim_products.ipynb");
    const text = await readFile(products, "utf8");
    await writeFile(
      products,
      text.replaceAll(/[^"]*\bas subcategory,?\\n/g, "").replaceAll("subcategory, ", ""),
    );
    compileWorkspaces();
    const { plan, planned, ran } = await both();
    expect(plan.tables).toEqual([
      {
        table: "silver.dim_products",
        isNew: false,
        added: [],
        retyped: [{ name: "price", from: "DECIMAL(12,2)", to: "DECIMAL(18,2)" }],
        dropped: [{ name: "subcategory", type: "STRING" }],
      },
      {
        table: "gold.customer_ltv",
        isNew: false,
        added: [{ name: "first_channel", type: "STRING" }],
        retyped: [],
        dropped: [],
      },
    ]);
    expect(planned).toEqual(ran);
    const after = await house.json<Forecast>("plan");
    expect(after.tables.map(({ table }) => table)).toEqual(["silver.dim_products"]);
  });
});

describe("what plan prints", () => {
  it("fits 80 columns, and is idle in a few lines", async () => {
    await house.land("orders/orders_9009.csv", order("O9009"));
    const env = { COLUMNS: "80" };
    const { stdout, code } = await house.shopmetrics("plan", { env });
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/^A run as of \d{4}-\d\d-\d\d: \d+ of 55 steps run, \d+ more may\.$/);
    expect(stdout).toMatch(/^● bronze\.orders_raw +1 new file, /m);
    expect(stdout).toMatch(/^○ gold\.customer_ltv +if gold\.fct_orders changes$/m);
    expect(stdout).toMatch(/^● 9 pages are exported\. Figures may move on /m);
    expect(stdout).toMatch(/^· \d+ steps have nothing new to read$/m);
  });

  it("warns of an empty landing folder as a run does", async () => {
    const empty = await lakehouse({ root });
    const [plan, run] = [await empty.shopmetrics("plan"), await empty.shopmetrics("run --quiet")];
    const warning = /Nothing has landed in .*generate some with `npx shopmetrics generate`/;
    succeeded(plan);
    succeeded(run);
    expect(plan.stderr).toMatch(warning);
    expect(run.stderr).toMatch(warning);
  });

  it("is a table in markdown", async () => {
    const { stdout } = await house.shopmetrics("plan --markdown");
    expect(stdout).toContain("| step | | why | new rows |\n| :-- | :-- | :-- | --: |\n");
    expect(stdout).toMatch(/^\| `bronze\.orders_raw` \| runs \| 1 new file, [^|]+ \|  \|$/m);
  });

  it.each([
    ["plan --only gold.nothing", /No step is called "gold.nothing"/],
    ["plan --markdown --json", /--json and --markdown exclude each other/],
    ["plan --to-date 2026-03-01", /--to-date needs --from-date/],
    ["plan --changed --only gold.customer_ltv", /--changed chooses the steps/],
  ])("%s is refused as by run", async (command, message) => {
    const { stderr, code } = await house.shopmetrics(command);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it("says which file a load would refuse, as it was changed after it was loaded", async () => {
    await house.land("orders/orders_9001.csv", order("O9001", "cancelled"));
    const plan = await house.json<Forecast>("plan");
    expect(stepOf(plan, "bronze.orders_raw")).toMatchObject({
      verdict: "runs",
      reason: expect.stringMatching(/^fails: orders\/orders_9001.csv was changed after it was loaded/),
    });
  });
});
