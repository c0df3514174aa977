import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { differences, dump, positions, query, unread } from "./tables.ts";

interface Report {
  readonly runId: string;
  readonly status: string;
  readonly date: string;
  readonly full: boolean;
  readonly steps: readonly { step: string; status: string; message: string | null; out: number }[];
}

interface GraphReport {
  readonly steps: readonly { step: string; jobs: string[]; needs: string[] }[];
}

/** A shop of 3,000 orders and then some days, with faults. */
const history = "generate --scale 0.03 --from 2025-09-01 --to 2026-03-01 --faults 0.02 --event-days 5";
const days = 4;

/** The state after a history and `days` days, each taken in on its own. */
let shop: Lakehouse;

beforeAll(async () => {
  shop = await lakehouse();
  succeeded(await shop.shopmetrics(history));
  succeeded(await shop.shopmetrics("run"));
  for (let day = 1; day <= days; day++) {
    succeeded(await shop.shopmetrics("generate --days 1"));
    succeeded(await shop.shopmetrics("run"));
  }
});

describe("a run repeated", () => {
  it("changes no table, batch or watermark", async () => {
    const before = [await dump(shop), await positions(shop)] as const;
    expect(await unread(shop)).toEqual([]);
    const report = await shop.json<Report>("run");
    expect(report.status).toBe("succeeded");
    const worked = report.steps.filter(({ message }) => message !== "nothing new").map(({ step }) => step);
    expect(worked.filter((step) => !step.startsWith("dashboard."))).toEqual(["ops.data_quality"]);
    expect(differences(await dump(shop), before[0])).toEqual([]);
    expect(await positions(shop)).toEqual(before[1]);
  });

  it("with --full changes no table, and leaves nothing to do", async () => {
    const again = await shop.copy();
    const before = await dump(again);
    const report = await again.json<Report>("run --full");
    expect(report).toMatchObject({ status: "succeeded", full: true });
    // Pages are exported by every run: they tell when it was.
    const kept = report.steps.filter(({ step }) => !step.startsWith("dashboard."));
    expect(kept.filter(({ out }) => out > 0)).toEqual([]);
    expect(differences(await dump(again), before)).toEqual([]);
    succeeded(await again.shopmetrics("run"));
    expect(await unread(again)).toEqual([]);
    expect(differences(await dump(again), before)).toEqual([]);
  });

  it("keeps every run in ops.runs with its as-of date", async () => {
    const again = await shop.copy();
    const report = await again.json<Report>("run --date 2026-03-05");
    expect(report.date).toBe("2026-03-05");
    expect(
      await query(
        again,
        `select status, run_date, is_full from ops.runs where run_id = '${report.runId}' and finished_at is not null`,
      ),
    ).toEqual([{ status: "succeeded", run_date: "2026-03-05", is_full: false }]);
    expect(differences(await dump(again), await dump(shop))).toEqual([]);
  });
});

describe("a backfill", () => {
  const window = "--from-date 2025-10-05 --to-date 2025-11-10";
  const within = "between '2025-10-05' and '2025-11-10'";
  let damaged: Lakehouse;
  let before: Awaited<ReturnType<typeof dump>>;
  beforeAll(async () => {
    before = await dump(shop);
    damaged = await shop.copy();
    for (const statement of [
      `delete from gold.daily_sales_summary where date ${within} and category like 'B%'`,
      `update gold.daily_sales_summary set order_count = order_count + 1 where date ${within} and category like 'E%'`,
      "update gold.product_performance set category_rank = 0 where month = '2025-11-01'",
      `delete from gold.customer_ltv where first_order_date ${within}`,
      "delete from gold.customer_cohorts where months_since < 2 and cohort_month = '2025-10-01'",
    ])
      await query(damaged, statement);
  });

  it("mends gold to the last row, says what it changed, and the second time finds nothing", async () => {
    const first = await damaged.shopmetrics(`run ${window}`);
    succeeded(first);
    const { stdout } = first;
    expect(stdout).toMatch(
      /Backfill of 2025-10-05 to 2025-11-10: [\d,]+ rows added, [\d,]+ changed, 0 removed\./,
    );
    expect(stdout).toMatch(/gold\.daily_sales_summary .* added 2025-10-\d\d B/);
    expect(differences(await dump(damaged), before)).toEqual([]);
    const again = await damaged.shopmetrics(`run ${window}`);
    succeeded(again);
    expect(again.stdout).toContain("Backfill of 2025-10-05 to 2025-11-10: no row differed.");
    expect(differences(await dump(damaged), before)).toEqual([]);
    expect(await unread(damaged)).toEqual([]);
  });

  it("leaves other dates as they are, and says with --json which rows of each table it changed", async () => {
    const wrong =
      "update gold.daily_sales_summary set order_count = 0 where date in ('2025-10-04', '2025-10-05', '2025-11-11')";
    await query(damaged, wrong);
    const { backfill, steps } = await damaged.json<
      Report & {
        backfill: object;
        steps: { step: string; changed?: { changed: number; keys: { changed: string[] } } }[];
      }
    >(`run ${window} --only daily_sales_summary`);
    expect(backfill).toEqual({ from: "2025-10-05", to: "2025-11-10" });
    expect(steps).toHaveLength(1);
    const [{ changed } = {}] = steps;
    expect(changed).toMatchObject({ added: 0, removed: 0 });
    expect(changed!.changed).toBeGreaterThan(0);
    expect(changed!.keys.changed[0]).toMatch(/^2025-10-05 /);
    const left = await query(
      damaged,
      "select distinct cast(date as varchar) as date from gold.daily_sales_summary where order_count = 0 order by 1",
    );
    expect(left).toEqual([{ date: "2025-10-04" }, { date: "2025-11-11" }]);
  });

  it.each([
    ["--from-date 2026-03-01", "--from-date needs --to-date: give both, or neither."],
    ["--to-date 2026-03-01", "--to-date needs --from-date: give both, or neither."],
    [
      "--from-date 2026-03-02 --to-date 2026-03-01",
      "--from-date 2026-03-02 is after --to-date 2026-03-01: exchange them.",
    ],
    ["--from-date March --to-date 2026-03-01", "--from-date March: give a date such as 2026-03-01."],
    ["--from-date 2026-02-01 --to-date 2026-02-30", "--to-date 2026-02-30: give a date such as 2026-03-01."],
    [`${window} --full`, "--full computes all dates: leave out --full, or --from-date and --to-date."],
    [
      `${window} --only silver.orders_clean+`,
      "silver.orders_clean: no business dates to compute anew. These have: gold.",
    ],
    [
      `${window} --job maintenance`,
      "--job maintenance: no business dates to compute anew. These have: gold.",
    ],
    [`${window} --changed`, "--changed computes all dates: leave out --from-date and --to-date."],
  ])("refuses %s before it runs", async (options, message) => {
    const { code, stdout, stderr } = await shop.shopmetrics(`run ${options}`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  it("is said in the help, as is what --date means", async () => {
    const outcome = await shop.shopmetrics("run --help");
    succeeded(outcome);
    const help = outcome.stdout.replaceAll(/\s+/g, " ");
    expect(help).toContain(
      "--from-date <date> backfill: compute the gold tables anew for the business dates from this one",
    );
    expect(help).toContain(
      '--date <date> as-of date, YYYY-MM-DD, by default today (UTC): what "today" is for whatever depends on it',
    );
  });
});

it("the days taken in one by one are the same as all files in one run", async () => {
  const atOnce = await shop.copy({ warehouse: false });
  succeeded(await atOnce.shopmetrics("run"));
  expect(differences(await dump(shop), await dump(atOnce))).toEqual([]);
});

it("files that arrive in another order than their days give the same orders, customers and gold", async () => {
  const late = await shop.copy({ warehouse: false });
  const files = ["customers", "orders", "products"].map((entity) => `${entity}/${entity}_2026-03-02.csv`);
  const held = await Promise.all(files.map((file) => late.take(file)));
  succeeded(await late.shopmetrics("run"));
  await Promise.all(files.map((file, index) => late.land(file, held[index]!)));
  succeeded(await late.shopmetrics("run"));
  expect(differences(await dump(late), await dump(shop))).toEqual([]);
});

describe("what a run is told to do", () => {
  let graph: GraphReport["steps"];
  let empty: Lakehouse;

  beforeAll(async () => {
    graph = (await shop.json<GraphReport>("graph")).steps;
    empty = await lakehouse();
  });

  const needs = (step: string): string[] => {
    const direct = graph.find((one) => one.step === step)?.needs ?? [];
    return [...direct, ...direct.flatMap(needs)];
  };
  const feeds = (step: string) =>
    graph
      .filter((one) => one.jobs.includes("daily") && needs(one.step).includes(step))
      .map((one) => one.step);

  it.each([
    ["--only silver.orders_clean", () => ["silver.orders_clean"]],
    ["--only orders_clean", () => ["silver.orders_clean"]],
    ["--only +gold.customer_ltv", () => ["gold.customer_ltv", ...needs("gold.customer_ltv")]],
    ["--only silver.dim_products+", () => ["silver.dim_products", ...feeds("silver.dim_products")]],
    [
      "--only +silver.dim_products+",
      () => ["silver.dim_products", ...needs("silver.dim_products"), ...feeds("silver.dim_products")],
    ],
    ["--only bronze.orders_raw,gold.customer_ltv", () => ["bronze.orders_raw", "gold.customer_ltv"]],
    ["--from silver.orders_clean", () => ["silver.orders_clean", ...feeds("silver.orders_clean")]],
    ["--job maintenance", () => ["ops.optimise"]],
    ["", () => graph.filter(({ jobs }) => jobs.includes("daily")).map(({ step }) => step)],
  ])("run %s runs these steps and no others", async (options, expected) => {
    const report = await empty.json<Report>(`run ${options}`);
    const ran = report.steps.map(({ step }) => step);
    expect(ran.toSorted()).toEqual([...new Set(expected())].toSorted());
    // In an order in which each comes after what it needs.
    for (const [index, step] of ran.entries())
      expect(needs(step).filter((need) => ran.indexOf(need) > index)).toEqual([]);
  });

  it("a day taken in layer by layer is the same as in one run", async () => {
    const parts = await shop.copy({ warehouse: false });
    for (const options of [
      "--only +silver.orders_clean",
      "--only silver.dim_products",
      "--only gold.customer_ltv",
      "",
    ])
      succeeded(await parts.shopmetrics(`run ${options}`));
    expect(differences(await dump(parts), await dump(shop))).toEqual([]);
  });
});

describe("what a run prints", () => {
  it("with --json is one object on standard output, and nothing else", async () => {
    const fresh = await shop.copy({ warehouse: false });
    const { code, stdout, stderr } = await fresh.shopmetrics("run --json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.endsWith("}\n")).toBe(true);
    expect(stdout.trimEnd()).not.toContain("\n");
    expect(JSON.parse(stdout)).toMatchObject({
      status: "succeeded",
      steps: expect.arrayContaining([
        expect.objectContaining({
          step: "bronze.orders_raw",
          status: "succeeded",
          files: expect.arrayContaining([expect.objectContaining({ name: "orders/orders_2026-03-01.csv" })]),
          warnings: expect.arrayContaining([expect.stringContaining("are kept whole in _rescued_data")]),
        }),
      ]),
    });
  });

  it("with --json is one object also when it cannot begin", async () => {
    const { code, stdout, stderr } = await shop.shopmetrics("run --only nothing --json");
    expect(code).toBe(2);
    expect(stderr).toContain('No step is called "nothing"');
    expect(JSON.parse(stdout)).toEqual({ error: stderr.trimEnd() });
  });

  it("with --quiet is only what needs attention", async () => {
    const fresh = await shop.copy({ warehouse: false });
    const { code, stdout, stderr } = await fresh.shopmetrics("run --quiet");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toEqual(stderr.match(/^warning {2}.+$/gm));
  });

  it("tells of each step in one list of 80 columns, of idle ones in one line, and ends with a verdict", async () => {
    const fresh = await shop.copy({ warehouse: false });
    const { stdout } = await fresh.shopmetrics("run");
    const lines = stdout.split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.filter((line) => line.includes("silver.orders_clean"))).toHaveLength(1);
    expect(stdout).toMatch(/^✓ bronze\.orders_raw +[\d,]+ +[\d,]+ +0 +[\d.]+$/m);
    expect((await fresh.shopmetrics("run")).stdout).toMatch(/^· \d+ steps had nothing new to read$/m);
    expect(stdout).toMatch(/^ {2}step +rows in +rows out +merged +rejected +checks +seconds$/m);
    expect(stdout).toMatch(
      /Succeeded in [\d.]+ s: \d+ steps ran, \d+ skipped, \d+ of \d+ checks passed\nRun \S+\n$/,
    );
  });
});
