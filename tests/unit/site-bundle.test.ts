import { shop } from "#lib/shop/index.js";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { dashboardFile, dashboardText } from "../../build/src/bundle/lakeview.ts";
import { exportPages, finish, tasksBefore, tasksOf } from "../../build/src/bundle/jobs.ts";
import { compileExport } from "../../build/src/bundle/node-task.ts";
import { compile, type Compiled } from "../../build/src/compile/compile.ts";

const root = path.resolve(import.meta.dirname, "../..");

let compiled: Compiled;
beforeAll(async () => {
  compiled = await compile(root, shop);
});

const pages = () => compiled.plans.filter(({ runtime }) => runtime === "page");

describe("pages on Databricks", () => {
  it("are exported by one task, after all others but the one that ends the run", () => {
    const tasks = tasksOf(
      compiled,
      compiled.plans.filter(({ step }) => /^(gold|dashboard)\./.test(step)),
      "daily",
    ).filter(({ task_key }) => task_key !== finish("daily"));
    const task = tasks.find(({ task_key }) => task_key === exportPages);
    const waited = new Set(
      tasks.flatMap(({ depends_on = [] }) => depends_on.map(({ task_key }) => task_key)),
    );
    expect(tasks.filter(({ task_key }) => !waited.has(task_key))).toEqual([task]);
    expect(tasks.map(({ task_key }) => task_key).filter((key) => key.startsWith("dashboard_"))).toEqual([
      exportPages,
    ]);
  });

  it("wait each for the tasks that write what it reads, and for no other", () => {
    const before = (page: string) => tasksBefore(compiled, "daily", page);
    expect(before("dashboard.sales")).toEqual([
      "gold_daily_sales_summary",
      "gold_fct_orders",
      "silver_orders_clean",
      "gold_fct_daily_revenue",
    ]);
    expect(before("dashboard.traffic")).toEqual(["streaming", "streaming_again"]);
    expect(before("dashboard.pipeline")).toEqual([]);
  });

  it("are a program of less than 3 MB, with the queries and without what draws", async () => {
    const text = await compileExport(root, pages(), new Map([["orders", { format: "csv" }]]), () => [
      "gold_sales",
    ]);
    expect(text).toContain('["gold_sales"]');
    expect(text.length).toBeLessThan(3_000_000);
    expect(text).toContain("gold.daily_sales_summary");
    expect(text).not.toContain("How much do we sell");
  });
});

describe("Databricks' own dashboard", () => {
  it("is the one that is committed", async () => {
    expect(await readFile(path.join(root, dashboardFile(shop.lakeview[0]!)), "utf8")).toBe(
      dashboardText(shop.lakeview[0]!, compiled.plans),
    );
  });

  it("asks only for what its queries give, and covers its grid without a gap or an overlap", () => {
    const { datasets, pages: drawn } = JSON.parse(
      dashboardText(shop.lakeview[0]!, compiled.plans),
    ) as Dashboard;
    const columns = ["date", "category", "revenue", "orders"];
    const taken = new Map<string, number>();
    for (const { widget, position } of drawn[0]!.layout) {
      for (const { query } of widget.queries) {
        expect(datasets.map(({ name }) => name)).toContain(query.datasetName);
        for (const { expression } of query.fields)
          for (const [, name] of expression.matchAll(/`(\w+)`/g)) expect(columns).toContain(name);
      }
      for (let x = position.x; x < position.x + position.width; x++)
        for (let y = position.y; y < position.y + position.height; y++)
          taken.set(`${x} ${y}`, (taken.get(`${x} ${y}`) ?? 0) + 1);
    }
    expect(new Set(taken.values())).toEqual(new Set([1]));
    expect(taken.size).toBe(6 * 15);
  });
});

interface Dashboard {
  readonly datasets: readonly { name: string }[];
  readonly pages: readonly {
    layout: readonly {
      position: { x: number; y: number; width: number; height: number };
      widget: {
        queries: readonly { query: { datasetName: string; fields: readonly { expression: string }[] } }[];
      };
    }[];
  }[];
}
