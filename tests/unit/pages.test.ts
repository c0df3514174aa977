/** What pages say of a few rows, drawn as the site's build draws them. */
import path from "node:path";
import { prerenderPage } from "#lib/dashboard/prerender.js";
import type { Columns } from "#lib/dashboard/snapshot-columns.js";
import { writeSnapshot } from "#lib/dashboard/write-snapshot.js";
import type { ResultRow } from "#lib/plan/plan.js";
import { beforeAll, describe, expect, it } from "vitest";
import { importModule } from "../../build/src/notebook/execute.ts";
import { bundleNotebooks, type BundledNotebook } from "../../build/src/notebook/plugin.ts";
import { ratingColumns } from "./rating-columns.ts";

const root = path.resolve(import.meta.dirname, "../..");
const names = ["sales", "returns", "regions", "products", "marketing"] as const;
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
    .filter(({ hidden }) => !hidden)
    .map(({ html }) => String(html).replaceAll(/<[^>]+>/g, " "))
    .join("\n")
    .replaceAll(/\s+/g, " ");
}

const day = (index: number) => new Date(Date.UTC(2026, 0, 5 + index)).toISOString().slice(0, 10);

describe("Sales", () => {
  const daily = { date: "date", category: "string", revenue: "decimal", orders: "integer" } as const;
  const planned = { date: "date", label: "string?", target: "decimal?" } as const;
  const pending = { date: "date", orders: "integer" } as const;
  const flows = {
    date: "date",
    currency: "string",
    gross: "decimal",
    discount: "decimal",
    refund: "decimal",
    fee: "decimal",
    unknown: "integer",
  } as const;
  const newest = [{ newest: "instant?" }, [{ newest: "2026-02-28T10:00:00Z" }]] as const;
  const sales = (
    days: number,
    plan: readonly ResultRow[] = [],
    open: readonly ResultRow[] = [],
    revenue = (index: number) => 100 + 10 * (index % 7),
    money: readonly ResultRow[] = [],
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
      daily_orders: [
        { date: "date", orders: "integer", revenue: "decimal" },
        Array.from({ length: days }, (_, index) => ({
          date: day(index),
          orders: 10,
          revenue: revenue(index).toFixed(2),
        })),
      ],
      planned: [planned, plan],
      pending: [pending, open],
      gross_to_net: [flows, money],
      gross_to_net_earlier: [flows, []],
      newest,
    });

  const flow = (given: ResultRow) => ({
    date: day(2),
    currency: "",
    gross: "1000.00",
    discount: "0.00",
    refund: "100.00",
    fee: "0.00",
    unknown: 0,
    ...given,
  });
  const netOf = (...money: readonly ResultRow[]) => sales(10, [], [], undefined, money);

  it("goes from gross to net by the steps that the shop names", async () => {
    const text = await netOf(flow({ discount: "50.00", fee: "15.00" }), flow({ date: day(3), fee: "15.00" }));
    expect(text).toMatch(
      /Gross Discounts Refunds Fees Net €2k -€50 -€200 -€30 €1\.7k 100\.0% -2\.5% -10\.0% -1\.5% 86\.0%/,
    );
    expect(text).not.toContain("The shop names");
  });

  it("leaves out the steps that it does not name, and says so", async () => {
    const text = await netOf(flow({}));
    expect(text).toMatch(/Gross Refunds Net €1k -€100 €900 /);
    expect(text).toContain("The shop names neither discounts nor fees of a payment service.");
    expect(await netOf(flow({ fee: "1.00" }))).toContain("The shop names no discounts.");
    expect(await netOf(flow({ discount: "1.00" }))).toContain("The shop names no fees of a payment service.");
    expect(await netOf(flow({ unknown: 2 }))).toContain("Amounts without an exchange rate are left out.");
  });

  it("offers the orders’ own currencies only where there are several", async () => {
    const several = await netOf(flow({}), flow({ currency: "EUR" }), flow({ currency: "GBP" }));
    expect(several).toMatch(/Gross to net of\s+All orders\s+EUR\s+GBP/);
    expect(several).toContain("all orders, converted at the rate of their day");
    const one = await netOf(flow({}));
    expect(one).not.toContain("Gross to net of");
    expect(one).not.toContain("converted");
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
  const margins = (
    costs: readonly (string | null)[],
    pairs: readonly ResultRow[] = [],
    ratings: readonly ResultRow[] = [],
  ) =>
    words("products", {
      ratings: [ratingColumns, ratings],
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
      together: [{ one: "string", other: "string", orders: "integer", one_orders: "integer" }, pairs],
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

  it("name what is bought together, and say where nothing is", async () => {
    const pair = { one: "P2", other: "P1", orders: 6, one_orders: 24 };
    expect(await margins(["1.00", null], [pair])).toContain("Lamp 2 Lamp 1 25.0% 6");
    expect(await margins(["1.00"])).toContain("No two products have been in five orders together yet.");
  });

  it("show what customers say of them, and nothing of it where nobody has said anything", async () => {
    const rated = { number: 1, reviews: 4, stars_1: 1, stars_2: 0, stars_3: 0, stars_4: 1, stars_5: 2 };
    const text = await margins(["3.33", null], [], [rated]);
    expect(text).toContain(
      "How do customers rate it? 4 reviews of all products that were sold, all years: 3.75 of 5 stars on average.",
    );
    expect(text).toMatch(/5 stars.*50\.0%/);
    expect(text).toMatch(/Lamp 1 Home 3 €29\.99 €10\.00 €20\.00 66\.7% 3\.75 4 P1/);
    expect(text).toMatch(/Lamp 2 Home 3 €29\.99 €10\.00 – – – 0 P2/);
    expect(await margins(["3.33"])).not.toMatch(/customers rate|review|Stars/i);
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

describe("Marketing", () => {
  const daily = {
    date: "date",
    channel: "string",
    spend: "decimal",
    impressions: "integer",
    clicks: "integer",
    visits: "integer",
    orders: "integer",
    customers: "integer",
    revenue: "decimal",
    unknown: "integer",
  } as const;
  const credit = {
    date: "date",
    channel: "string",
    first: "decimal",
    last: "decimal",
    linear: "decimal",
  } as const;
  const campaigns = {
    campaign: "string",
    name: "string",
    channel: "string",
    begins: "date",
    ends: "date?",
    budget: "decimal?",
    spent: "decimal?",
    currency: "string",
    customers: "integer",
    revenue: "decimal",
  } as const;
  const spent = (date: string, given: ResultRow = {}) => ({
    date,
    channel: "paid",
    spend: "100.00",
    impressions: 1000,
    clicks: 10,
    visits: 0,
    orders: 0,
    customers: 0,
    revenue: "0.00",
    unknown: 0,
    ...given,
  });
  const campaign = (given: ResultRow) => ({
    campaign: "spring",
    name: "Spring",
    channel: "paid",
    begins: day(0),
    ends: day(19),
    budget: "1000.00",
    spent: "750.00",
    currency: "USD",
    customers: 3,
    revenue: "900.00",
    ...given,
  });
  const marketing = (
    rows: readonly ResultRow[],
    shares: readonly ResultRow[] = [],
    list: readonly ResultRow[] = [],
  ) =>
    words("marketing", {
      daily: [daily, rows],
      credit: [credit, shares],
      campaigns: [campaigns, list],
      newest: [{ newest: "instant?" }, []],
    });

  it("says what is missing where the shop sends no marketing", async () => {
    const nothing = await marketing([]);
    expect(nothing).toContain("No marketing spend and no visits have arrived yet.");
    expect(nothing).toContain("The shop has named no campaigns yet.");
    expect(nothing).not.toMatch(/NaN|Infinity|undefined/);
    const visits = await marketing([
      spent(day(0), { channel: "direct", spend: "0.00", visits: 9, orders: 1, revenue: "20.00" }),
    ]);
    expect(visits).toContain("The shop has named no marketing spend yet.");
    expect(visits).toMatch(/Spend – none named yet/);
  });

  it("compares no spend with visits that nobody recorded", async () => {
    const text = await marketing([spent(day(0)), spent(day(1))]);
    expect(text).toContain("No visits are recorded yet, so nobody knows what the spend brings.");
    expect(text).toMatch(/Cost per new customer – visits are not recorded yet Return on spend – visits/);
  });

  it("compares only what was spent since visits are recorded, and says since when", async () => {
    const text = await marketing([
      spent(day(0)),
      spent(day(1)),
      spent(day(2), { visits: 20, orders: 4, customers: 2, revenue: "300.00" }),
      spent(day(3), {
        channel: "direct",
        spend: "0.00",
        visits: 5,
        orders: 1,
        customers: 1,
        revenue: "50.00",
      }),
    ]);
    expect(text).toMatch(/Spend €300 /);
    // 100 spent on the day with visits: not 300 ÷ 2, and nothing of those who came by themselves.
    expect(text).toMatch(
      /Cost per new customer €50\.00 2 new customers of channels that cost money, since 7 Jan 2026/,
    );
    expect(text).toMatch(/Return on spend 3 × /);
    expect(text).toMatch(/Revenue brought €350 5 orders, since 7 Jan 2026/);
    expect(text).toContain(
      "Visits are recorded from 7 Jan 2026 on, so only what was spent since then is set beside what it brought.",
    );
  });

  it("shares an order out in three ways beside each other", async () => {
    const seen = spent(day(0), { visits: 5, orders: 1, revenue: "90.00" });
    const text = await marketing(
      [seen],
      [
        { date: day(0), channel: "paid", first: "90.00", last: "0.00", linear: "30.00" },
        { date: day(0), channel: "direct", first: "0.00", last: "90.00", linear: "60.00" },
      ],
    );
    expect(text).toContain("Cost per new customer – no new customer of a channel that costs money");
    expect(text).toMatch(/ direct paid €0 €90 €60 €90 €0 €30 /);
  });

  it("says of a running campaign how much of its budget and its days is used, in its own currency", async () => {
    const text = await marketing(
      [spent(day(9))],
      [],
      [
        campaign({}),
        campaign({ campaign: "old", name: "Old", begins: day(-40), ends: day(-1) }),
        campaign({ campaign: "open", name: "Open", ends: null, currency: "EUR", spent: null }),
      ],
    );
    expect(text).toMatch(/Which running campaigns use up their budget\? .* Spring .* 75\.0%/);
    expect(text).toMatch(/Spring paid 5 Jan 2026 24 Jan 2026 10 US\$1,000\.00 US\$750\.00 75\.0%/);
    expect(text).toMatch(/Old paid 26 Nov 2025 4 Jan 2026 0 US\$1,000\.00/);
    expect(text).toMatch(/Open paid 5 Jan 2026 – – €1,000\.00 – –/);
  });
});
