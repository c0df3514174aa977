/** What pages say of a few rows, drawn as the site's build draws them. */
import path from "node:path";
import { prerenderPage } from "#lib/dashboard/prerender.js";
import type { Columns } from "#lib/dashboard/snapshot-columns.js";
import { writeSnapshot } from "#lib/dashboard/write-snapshot.js";
import type { ResultRow } from "#lib/plan/plan.js";
import { beforeAll, describe, expect, it } from "vitest";
import { importModule } from "../../build/src/notebook/execute.ts";
import { bundleNotebooks, type BundledNotebook } from "../../build/src/notebook/plugin.ts";

const root = path.resolve(import.meta.dirname, "../..");
const names = ["sales", "returns", "regions", "products"] as const;
let bundled: readonly BundledNotebook[];
beforeAll(async () => {
  bundled = await bundleNotebooks(
    names.map((name) => `notebooks/dashboard/${name}.ipynb`),
    { root },
  );
});

/** The words of a page, without what markup there is. */
async function words(
  page: (typeof names)[number],
  data: Readonly<Record<string, readonly [Columns, readonly ResultRow[]]>>,
): Promise<string> {
  const files = new Map<string, Uint8Array>();
  const snapshots = Object.entries(data).map(([name, [columns, rows]]) => {
    const result = {
      columns: Object.keys(columns).map((column) => ({ name: column, type: "" })),
      rows: [...rows],
    };
    const content = writeSnapshot(name, columns, result);
    files.set(name, content);
    return [name, { file: name, rows: rows.length, bytes: content.length, sha256: "", columns }] as const;
  });
  const manifest = {
    version: 1,
    page,
    asOf: "2026-03-01T02:10:00.000Z",
    run: "r",
    checks: { pass: 1, warn: 0, fail: 0 },
    snapshots: Object.fromEntries(snapshots),
  } as const;
  const own = bundled[names.indexOf(page)]!;
  const blocks = await prerenderPage(
    manifest,
    async (file) => files.get(file)!,
    () => importModule(own),
    root,
  );
  return blocks
    .map(({ html }) => String(html).replaceAll(/<[^>]+>/g, " "))
    .join("\n")
    .replaceAll(/\s+/g, " ");
}

const day = (index: number) => new Date(Date.UTC(2026, 0, 5 + index)).toISOString().slice(0, 10);

describe("Sales", () => {
  const daily = { date: "date", category: "string", revenue: "decimal", orders: "integer" } as const;
  const planned = { date: "date", label: "string?", target: "decimal?" } as const;
  const pending = { date: "date", orders: "integer" } as const;
  const newest = [{ newest: "instant?" }, [{ newest: "2026-02-28T10:00:00Z" }]] as const;
  const sales = (
    days: number,
    plan: readonly ResultRow[] = [],
    open: readonly ResultRow[] = [],
    revenue = (index: number) => 100 + 10 * (index % 7),
  ) =>
    words("sales", {
      daily_sales: [
        daily,
        Array.from({ length: days }, (_, index) => ({
          date: day(index),
          category: "Home",
          revenue: revenue(index).toFixed(2),
          orders: 10,
        })),
      ],
      planned: [planned, plan],
      pending: [pending, open],
      newest,
    });

  it("has no forecast under two whole weeks, and says so", async () => {
    expect(await sales(13)).toContain("There is no forecast yet: it needs two whole weeks of sales.");
    expect(await sales(0)).not.toContain("forecast");
  });

  it("says of a young shop's forecast that nobody knows yet how good it is", async () => {
    const text = await sales(21);
    // Four weeks of 100 + 110 + … + 160.
    expect(text).toContain("Dotted is the forecast for 28 days, €3,640 in all");
    expect(text).toContain("There are too few days yet to say how good it is.");
  });

  it("says how far earlier forecasts were off, and how many days were in the band", async () => {
    const text = await sales(42);
    expect(text).toContain(
      "The last one missed a day’s revenue by 0.0% on average, and 100.0% of the days were in the band.",
    );
    expect(await sales(28 * 13 + 14)).toContain("The last 12 of these missed a day’s revenue by");
  });

  it("does not let a day of which many orders are pending pull the forecast down", async () => {
    const drop = (index: number) => (index === 27 ? 1 : 100 + 10 * (index % 7));
    const open = [{ date: day(27), orders: 9 }];
    expect(await sales(28, [], open, drop)).toContain("€3,640 in all");
    expect(await sales(28, [], [], drop)).not.toContain("€3,640 in all");
  });

  it("draws the target and the events of its days, and no target that is far above all sales", async () => {
    const plan = (target: string) => [
      { date: "2026-01-01", label: null, target },
      { date: day(3), label: "Winter sale", target: null },
      { date: "2027-01-01", label: "Next year", target: null },
    ];
    const text = await sales(21, plan("3100.00"));
    expect(text).toContain("Dashed is the target.");
    expect(text).toContain("Winter sale");
    expect(text).not.toContain("Next year");
    expect(await sales(21, plan("3100000.00"))).toContain("The target is far above all of it and not drawn.");
    expect(await sales(21)).not.toContain("target");
  });
});

describe("Products", () => {
  const margins = (costs: readonly (string | null)[]) =>
    words("products", {
      products: [
        { number: "integer", product_id: "string", name: "string", category: "string", cost: "decimal?" },
        costs.map((cost, index) => ({
          number: index + 1,
          product_id: `P${index + 1}`,
          name: `Lamp ${index + 1}`,
          category: "Home",
          cost,
        })),
      ],
      sales: [
        { period: "string", number: "integer", units: "integer", revenue: "decimal" },
        costs.map((_, index) => ({
          period: "Last 12 months",
          number: index + 1,
          units: 3,
          revenue: "29.99",
        })),
      ],
      newest: [{ newest: "instant?" }, []],
    });

  it("give the margin to the cent, and a dash where the shop names no cost", async () => {
    const text = await margins(["3.33", null]);
    expect(text).toContain(
      "Margin €20 66.7% of revenue at the costs of today, without 1 product of unknown cost",
    );
    expect(text).toMatch(/Lamp 1 Home 3 €29\.99 €10\.00 €20\.00 66\.7% P1/);
    expect(text).toMatch(/Lamp 2 Home 3 €29\.99 €10\.00 – – P2/);
  });

  it("say that no cost is known at all, and show a loss as one", async () => {
    const text = await margins([null]);
    expect(text).toContain("Margin – the shop names no cost of what was sold");
    expect(text).toContain("What is left of the revenue?");
    expect(text).not.toContain("NaN");
    expect(await margins(["12.00"])).toContain("-€6");
  });
});

describe("Returns", () => {
  it("give the amount and the share of refunds and cancellations", async () => {
    const figures = {
      placed: "decimal",
      orders: "integer",
      refunded: "decimal",
      refunds: "integer",
      cancelled: "decimal",
      cancellations: "integer",
      pending: "integer",
    } as const;
    const row = {
      placed: "200.00",
      orders: 20,
      refunded: "10.00",
      refunds: 1,
      cancelled: "30.00",
      cancellations: 3,
      pending: 2,
    };
    const text = await words("returns", {
      days: [{ date: "date", ...figures }, [{ date: day(0), ...row }]],
      months: [
        { month: "date", category: "string", ...figures },
        [{ month: "2026-01-01", category: "Home", ...row }],
      ],
      newest: [{ newest: "instant?" }, []],
    });
    expect(text).toContain("Refunded €10 1 order, 5.0% of the amount ordered");
    expect(text).toContain("Cancelled €30 3 orders, 15.0% of the amount ordered");
    expect(text).toMatch(/Home.*20\.0%/);
    const nothing = await words("returns", {
      days: [{ date: "date", ...figures }, []],
      months: [{ month: "date", category: "string", ...figures }, []],
      newest: [{ newest: "instant?" }, []],
    });
    expect(nothing).toContain("Nothing has been ordered yet.");
  });
});

describe("Regions", () => {
  const columns = {
    period: "string",
    country: "string",
    region: "string",
    revenue: "decimal",
    orders: "integer",
  } as const;
  const sold = (rows: readonly ResultRow[]) =>
    words("regions", { regions: [columns, rows], newest: [{ newest: "instant?" }, []] });

  it("give revenue by country and region, and say where the shop names none", async () => {
    const row = { period: "Last 12 months", orders: 12 };
    const text = await sold([
      { ...row, country: "Norway", region: "Oslo", revenue: "75.00" },
      { ...row, country: "Unknown", region: "Unknown", revenue: "25.00" },
    ]);
    expect(text).toContain("Largest country 75.0% of revenue, Norway");
    expect(text).not.toContain("Unknown, Unknown");
    expect(await sold([{ ...row, country: "Unknown", region: "Unknown", revenue: "25.00" }])).toContain(
      "the shop names no country of its customers",
    );
    expect(await sold([])).toContain("No order has been completed yet.");
  });
});
