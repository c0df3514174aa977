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
const history = "generate --scale 0.03 --from 2025-09-01 --to 2026-03-01 --faults 0.02";
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

  it("keeps every run in ops.runs with its logical date", async () => {
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

  it("tells of each step and ends with a table and a verdict", async () => {
    const fresh = await shop.copy({ warehouse: false });
    const { stdout } = await fresh.shopmetrics("run");
    expect(stdout).toMatch(/^✓ bronze\.orders_raw +[\d,]+ in {2}[\d,]+ out/m);
    expect(stdout).toMatch(/│ step +│ rows in │ rows out │ merged │ rejected │ checks │ seconds │/);
    expect(stdout).toMatch(
      /Succeeded in [\d.]+ s: \d+ steps ran, 0 skipped, \d+ of \d+ checks passed \(run \S+\)\n$/,
    );
  });
});
