import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Engine, EngineAdapter } from "#lib/engine/adapter.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { duckdb, engineNamed, openEngine, registerEngine } from "#lib/engine/index.js";
import { inPhases } from "#lib/engine/databricks/phases.js";
import { messageFor, readSettings } from "#lib/settings.js";
import { shop } from "#lib/shop/index.js";
import { generate } from "shopmetrics/sources";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { record } from "../../build/src/compile/record.ts";
import { graphOf } from "../../build/src/compile/graph.ts";
import { bundleNotebooks } from "../../build/src/notebook/plugin.ts";
import { runGraph } from "../../build/src/run/run.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** Nobody else's file, and by its own word without transactions: checks come before writes, stages go into what reads them. */
const memory: EngineAdapter = {
  ...duckdb,
  name: "memory",
  title: "DuckDB in memory",
  hasTransactions: false,
  dialect: { ...duckdb.dialect, inlinesStages: true, stage: inlined },
  open: async () => ({
    ...(await openDuckdb({ file: ":memory:", threads: 1 })),
    name: "memory",
    isExclusive: false,
  }),
};

function inlined(...[name, select, statement]: Parameters<EngineAdapter["dialect"]["stage"]>) {
  const [head, body] = [`create or replace temp table ${name} as `, select];
  return { ...duckdb.dialect.stage(name, select, statement), head, body };
}

describe("a third engine that a test registers", () => {
  let unregister: () => void;
  let landing: string;
  beforeAll(async () => {
    unregister = registerEngine(memory);
    landing = await mkdtemp(path.join(tmpdir(), "engines-"));
    await generate({ landing, scale: 0.01, from: "2026-01-01", to: "2026-02-28" });
  });
  afterAll(async () => {
    unregister();
    await rm(landing, { recursive: true });
  });

  it("compiles notebooks to statements of its own and runs them", async () => {
    const notebooks = ["bronze/products_raw", "silver/dim_products", "bronze/orders_raw"];
    const bundled = await bundleNotebooks(
      notebooks.map((name) => `notebooks/${name}.ipynb`),
      { root },
    );
    const plans = [];
    for (const one of bundled) plans.push((await record(one, duckdb.translate)).plan);
    for (const plan of plans)
      expect(Object.keys(plan.items[0]!.scripts)).toEqual(["duckdb", "databricks", "memory"]);

    const silver = plans.find(({ step }) => step === "silver.dim_products")!;
    const statements = (engine: string) =>
      silver.items.flatMap(({ scripts }) => scripts[engine]!).map(({ sql }) => sql);
    const isStage = (sql: string) => /^create or replace temp table (?:typed|judged)\b/.test(sql);
    expect(statements("duckdb").filter(isStage)).not.toEqual([]);
    // A rejecting verb writes what it reads, so its stage stays; what only selects read does not.
    expect(statements("memory").filter(isStage).length).toBeLessThanOrEqual(
      statements("duckdb").filter(isStage).length,
    );

    const engine = await openEngine(
      { ...readSettings({}, root), engine: "memory" },
      { onWait: () => undefined },
    );
    const report = await runGraph({
      engine,
      graph: { ...graphOf(plans), programs: [], tables: shop.tables },
      steps: new Set(plans.map(({ step }) => step)),
      landing,
      snapshots: path.join(landing, "snapshots"),
      date: "2026-03-01",
      full: false,
    });
    expect(report.steps.map(({ status, message }) => message ?? status)).toEqual(
      plans.map(() => "succeeded"),
    );
    const connection = await engine.connect();
    const { rows } = await connection.query(
      "select (select count(*) from bronze.products_raw) as raw, (select count(*) from silver.dim_products) as products",
    );
    expect(rows).toEqual([{ raw: 10, products: 10 }]);
    await connection.close();
    await engine.close();
  });
});

describe("the registry", () => {
  it("says which engines there are when it has none of a name", () => {
    expect(() => engineNamed("oracle")).toThrow(
      "SHOPMETRICS_ENGINE=oracle: there is no such engine. There are: duckdb, databricks.",
    );
  });

  it("lets an engine without transactions say in which order it takes a step's statements", () => {
    expect(engineNamed("databricks").ordered).toBe(inPhases);
    expect(engineNamed("duckdb").ordered).toBeUndefined();
  });

  it("opens no warehouse without its settings, and names them", async () => {
    const settings = readSettings({ SHOPMETRICS_ENGINE: "databricks", DATABRICKS_HOST: "a b" }, root);
    await expect(openEngine(settings, { onWait: () => undefined })).rejects.toThrow(
      /^DATABRICKS_HOST=a b: is not a host, such as .*\nDATABRICKS_TOKEN: is not set/,
    );
  });
});

describe("memory", () => {
  it("has a limit, beyond which the embedded engine goes on beside its file", async () => {
    const home = await mkdtemp(path.join(tmpdir(), "memory-"));
    const settings = readSettings({ SHOPMETRICS_HOME: home, SHOPMETRICS_MEMORY: "64MB" });
    const engine = await openEngine(settings, { onWait: () => undefined });
    try {
      const connection = await engine.connect();
      const { rows } = await connection.query(
        "select max(length(place)) as longest from (select row_number() over (order by md5(range::varchar)) || repeat('x', 200) as place from range(400000))",
      );
      expect(rows).toEqual([{ longest: 206 }]);
      const { rows: limit } = await connection.query("select current_setting('memory_limit') as memory");
      expect(limit).toEqual([{ memory: "61.0 MiB" }]);
      await connection.close();
    } finally {
      await engine.close();
      await rm(home, { recursive: true });
    }
  });

  it("that does not last for steps side by side lets one of them run again alone", async () => {
    const home = await mkdtemp(path.join(tmpdir(), "beside-"));
    const landing = path.join(home, "landing");
    await generate({ landing, scale: 0.01, from: "2026-01-01", to: "2026-02-28" });
    const names = ["bronze/products_raw", "bronze/customers_raw", "bronze/orders_raw", "silver/dim_products"];
    const notebooks = names.map((name) => `notebooks/${name}.ipynb`);
    const plans = [];
    for (const one of await bundleNotebooks(notebooks, { root }))
      plans.push((await record(one, duckdb.translate)).plan);
    const inner = await openDuckdb({ file: path.join(home, "warehouse.duckdb") });
    let isTaken = false;
    let started = 0;
    let ask!: () => void;
    const another = new Promise<void>((resolve) => (ask = resolve));
    // The engine has room for one transaction at a time, and the first is open until another is asked for.
    const engine: Engine = {
      ...inner,
      async connect() {
        const connection = await inner.connect();
        return {
          ...connection,
          async transaction(work) {
            if (isTaken) {
              ask();
              return connection.query(
                "select error('Out of Memory Error: failed to pin block (9 MiB/9 MiB used)')",
              ) as never;
            }
            isTaken = true;
            try {
              const value = await connection.transaction(work);
              if (started > 1) await another;
              return value;
            } finally {
              isTaken = false;
            }
          },
        };
      },
    };
    const notes: string[] = [];
    const report = await runGraph({
      engine,
      graph: { ...graphOf(plans), programs: [], tables: shop.tables },
      steps: new Set(plans.map(({ step }) => step)),
      landing,
      snapshots: path.join(home, "snapshots"),
      date: "2026-03-01",
      full: false,
      onStep: ({ kind }) => (started += kind === "started" ? 1 : 0),
      onNote: (note) => notes.push(note),
    });
    await engine.close();
    await rm(home, { recursive: true });
    expect(report.steps.map(({ message, status }) => message ?? status)).toEqual(
      plans.map(() => "succeeded"),
    );
    expect(notes).toContainEqual(
      expect.stringMatching(
        /^bronze\.\w+ needs more memory than the steps beside it leave: it runs again alone\.$/,
      ),
    );
  });

  it("says what to set when a query needs more than that", async () => {
    const engine = await openDuckdb({ file: ":memory:", threads: 1, memory: "20MB" });
    try {
      const connection = await engine.connect();
      const asked = connection.query("select len(list(range)) from range(20_000_000)");
      const error: unknown = await asked.catch((reason: unknown) => reason);
      expect(messageFor(error)).toMatch(
        /^The engine needs more memory than SHOPMETRICS_MEMORY allows \([\d.]+ MiB\/19\.0 MiB used\): set it to more, such as SHOPMETRICS_MEMORY=4GB, and run again/,
      );
      await connection.close();
    } finally {
      await engine.close();
    }
  });
});
