import type { Plan } from "#lib/plan/plan.js";
import { describe, expect, it } from "vitest";
import { ops, silver, tables } from "#lib/shop/index.js";
import { graphOf, refuseUnwritten } from "../../build/src/compile/graph.ts";
import { selectBackfilled, selectSteps } from "../../build/src/compile/select.ts";

function plan(step: string, reads: string[], options: { writes?: string[]; job?: string } = {}): Plan {
  const notebook = `notebooks/${step.replace(".", "/")}.ipynb`;
  const places = Object.fromEntries(
    [...reads, step].map((table, index) => [table, { path: notebook, cell: 2, line: index + 1 }]),
  );
  return {
    step,
    notebook,
    title: step,
    jobs: [options.job ?? "daily"],
    runtime: "sql",
    reads,
    writes: options.writes ?? [step],
    sources: [],
    changes: [],
    takes: [],
    places,
    params: [],
    items: [],
    fingerprint: "",
  };
}

const shop = [
  plan("gold.sales", ["silver.orders", "silver.products"]),
  plan("silver.orders", ["bronze.orders", "silver.customers"]),
  plan("silver.products", ["bronze.products"]),
  plan("silver.customers", ["bronze.customers"]),
  plan("bronze.orders", []),
  plan("bronze.products", []),
  plan("bronze.customers", []),
  plan("ops.quality", ["gold.sales", "ops.runs"], { writes: [] }),
  plan("ops.care", ["gold.sales"], { writes: [], job: "maintenance" }),
];

describe("the graph", () => {
  it("puts each step after those it reads, layer by layer", () => {
    expect(graphOf(shop).plans.map(({ step }) => step)).toEqual([
      "bronze.customers",
      "bronze.orders",
      "bronze.products",
      "silver.customers",
      "silver.orders",
      "silver.products",
      "gold.sales",
      "ops.care",
      "ops.quality",
    ]);
  });

  it("waits for no step when a table is the runner's own", () => {
    expect(graphOf(shop).needs.get("ops.quality")).toEqual(["gold.sales"]);
  });

  it("refuses a table that two notebooks write, and names both places", () => {
    const twice = [plan("silver.a", []), plan("silver.b", [], { writes: ["silver.b", "silver.a"] })];
    expect(() => graphOf(twice)).toThrow(
      /notebooks\/silver\/b\.ipynb.*writes silver\.a, which notebooks\/silver\/a\.ipynb writes too \(cell 2:1\)/,
    );
  });

  it("refuses a read of a table that no notebook writes, with cell and line", () => {
    expect(() => graphOf([plan("gold.a", ["silver.missing"])])).toThrow(
      /notebooks\/gold\/a\.ipynb cell 2:1: reads silver\.missing, which no notebook writes/,
    );
  });

  it("refuses a read against the order of the layers", () => {
    expect(() => graphOf([plan("silver.a", ["gold.b"]), plan("gold.b", [])])).toThrow(
      /notebooks\/silver\/a\.ipynb cell 2:1: reads gold\.b, which is of a later layer/,
    );
  });

  it("refuses a circle and names the steps in it", () => {
    const circle = [
      plan("silver.a", ["silver.b"]),
      plan("silver.b", ["silver.c"]),
      plan("silver.c", ["silver.a"]),
    ];
    expect(() => graphOf(circle)).toThrow(
      /reads in a circle: silver\.a reads silver\.b reads silver\.c reads silver\.a/,
    );
  });
});

describe("contracts", () => {
  const written = (...names: string[]) => [plan("silver.some", [], { writes: names })];
  const declared = [silver.orders_clean, silver.dim_products, silver.rejected_rows, ops.runs];
  const few = new Map(declared.map((table) => [table.name, table]));

  it("are refused when no notebook writes their table, with their file and the notebook to add", () => {
    expect(() => refuseUnwritten(written("silver.orders_clean"), few)).toThrow(
      "lib/src/shop/silver.ts: declares silver.dim_products, which no notebook writes\n" +
        "Add notebooks/silver/dim_products.ipynb, or remove the contract.",
    );
  });

  it("need no notebook where the runner writes the table", () => {
    expect(() => refuseUnwritten(written("silver.orders_clean", "silver.dim_products"), few)).not.toThrow();
  });

  it("need one in every layer but ops", () => {
    const refused = [...tables.keys()].filter((name) => {
      const others = written(...[...tables.keys()].filter((other) => other !== name));
      try {
        refuseUnwritten(others, tables);
        return false;
      } catch {
        return true;
      }
    });
    expect(new Set(refused.map((name) => name.split(".")[0]))).toEqual(new Set(["bronze", "silver", "gold"]));
    expect(refused.filter((name) => /^ops\.|rejected_rows/.test(name))).toEqual([]);
  });
});

describe("choosing steps", () => {
  const graph = graphOf(shop);
  const chosen = (options: { only?: string; from?: string; job?: string }) =>
    [...selectSteps(graph, { job: "daily", ...options })].toSorted();

  it("takes the steps of a job when nothing is chosen", () => {
    expect(chosen({ job: "maintenance" })).toEqual(["ops.care"]);
  });

  it("takes one step, several, and what they need or feed", () => {
    expect(chosen({ only: "silver.orders" })).toEqual(["silver.orders"]);
    expect(chosen({ only: "sales, silver.orders" }).length).toBe(2);
    expect(chosen({ only: "+silver.orders" })).toEqual([
      "bronze.customers",
      "bronze.orders",
      "silver.customers",
      "silver.orders",
    ]);
    expect(chosen({ only: "silver.orders+" })).toEqual(["gold.sales", "ops.quality", "silver.orders"]);
    expect(chosen({ from: "gold.sales" })).toEqual(["gold.sales", "ops.quality"]);
  });

  it("says what there is when a name is not known", () => {
    expect(() => chosen({ only: "silver.order" })).toThrow(
      'No step is called "silver.order". Did you mean silver.',
    );
    expect(() => chosen({ job: "nightly" })).toThrow("There are: daily, maintenance.");
    expect(() => chosen({ only: "gold.sales", from: "gold.sales" })).toThrow("exclude each other");
  });
});

describe("choosing the steps of a backfill", () => {
  const dated: Pick<Plan, "params" | "items"> = {
    params: [{ name: "from_date", kind: "run" }],
    items: [{ kind: "refresh", name: "gold.sales", place: undefined, key: ["date"], scripts: {} }],
  };
  const graph = graphOf([
    ...shop.map((one) => (one.step === "gold.sales" ? { ...one, ...dated } : one)),
    { ...plan("dashboard.sales", ["gold.sales"], { writes: [] }), runtime: "page" as const },
    { ...plan("dashboard.orders", ["silver.orders"], { writes: [] }), runtime: "page" as const },
  ]);
  const chosen = (options: { only?: string; from?: string; job?: string } = {}) =>
    [...selectBackfilled(graph, { job: "daily", ...options })].toSorted();

  it("takes those that compute business dates anew, and the pages that show their tables", () => {
    expect(chosen()).toEqual(["dashboard.sales", "gold.sales"]);
  });

  it("takes what is named of these and of all that depends on them", () => {
    expect(chosen({ only: "gold.sales" })).toEqual(["gold.sales"]);
    expect(chosen({ from: "gold.sales" })).toEqual(["dashboard.sales", "gold.sales", "ops.quality"]);
  });

  it("refuses a step that takes no part, and names those that do", () => {
    const message = "no business dates to compute anew. These have: gold.sales.";
    expect(() => chosen({ only: "silver.orders+" })).toThrow(`silver.orders: ${message}`);
    expect(() => chosen({ only: "dashboard.sales" })).toThrow(`dashboard.sales: ${message}`);
    expect(() => chosen({ job: "maintenance" })).toThrow(`--job maintenance: ${message}`);
  });
});
