import { shop } from "#lib/shop/index.js";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { finishOf } from "../../build/src/bundle/bundle.ts";
import { jobSteps } from "../../build/src/bundle/jobs.ts";
import { prepareFile } from "../../build/src/bundle/sql/prepare.ts";
import { compile, type Compiled } from "../../build/src/compile/compile.ts";
import { sqlFile } from "../../build/src/bundle/sql/step.ts";
import { databricksDialect } from "#lib/engine/databricks/dialect.js";
import { inPhases } from "#lib/engine/databricks/phases.js";
import { bare, statements } from "../services/warehouse/sql.ts";

const root = path.resolve(import.meta.dirname, "../..");
let compiled: Compiled;
beforeAll(async () => void (compiled = await compile(root, shop)));

const steps = () => compiled.plans.filter(({ runtime }) => runtime === "sql");
const written = (sql: string) =>
  /^(?:insert into|merge into|delete from|create or replace table) ([\w.]+)/i.exec(bare(sql))?.[1];

/** The tables that every step keeps its books in. */
const books = /^ops\.(?:check_results|watermarks|step_runs|loaded_files|landed_\w+)$/;

/** A warehouse pays for each statement. Steps of the job `maintenance` write no rows: they have some for each table. */
describe("a step's SQL file", () => {
  it("has at most 12 statements, of which at most 4 write beside the books", () => {
    const counts = steps()
      .filter(({ jobs }) => !jobs.includes("maintenance"))
      .map((plan) => {
        const all = statements(sqlFile(plan));
        const writes = all.filter(
          (sql) => /^execute immediate/i.test(bare(sql)) || !books.test(written(sql) ?? "ops.step_runs"),
        );
        return { step: plan.step, all: all.length, writes: writes.length };
      });
    expect(counts.filter(({ all, writes }) => all > 12 || writes > 4)).toEqual([]);
    expect(counts).toContainEqual({ step: "silver.orders_clean", all: 12, writes: 4 });
    expect(counts).toContainEqual({ step: "gold.daily_sales_summary", all: 10, writes: 2 });
    expect(counts).toContainEqual({ step: "bronze.orders_raw", all: 12, writes: 2 });
  });

  it("raises a failed check before it writes anything that others read", () => {
    for (const plan of steps()) {
      const all = statements(sqlFile(plan)).map(bare);
      const raises = all.findIndex((sql) => sql.startsWith("select raise_error("));
      if (raises < 0) continue;
      const early = all.slice(0, raises).map(written);
      expect(early.filter((name) => name && !/^ops\.(?:incoming_\w+|check_results)$/.test(name))).toEqual([]);
    }
  });

  it("has the order of a run on a warehouse, whose statements bind all that they name", () => {
    for (const plan of steps()) {
      const operations = inPhases(plan.items).flatMap(({ scripts }) => scripts["databricks"] ?? []);
      const known = new Set(plan.params.map(({ name }) => name));
      for (const { sql, params } of operations) {
        const named = new Set([...sql.matchAll(/\bparam__(\w+)/g)].map(([, name]) => name!));
        expect([...params].toSorted()).toEqual([...named].toSorted());
        expect(params.filter((name) => !known.has(name))).toEqual([]);
      }
      const lastCheck = operations.findLastIndex(({ role }) => role === "check");
      const writes = operations.map(({ role, sql }) => (role === "write" ? written(sql) : undefined));
      const first = writes.findIndex((name) => name && !name.startsWith("ops.incoming_"));
      expect(first < 0 || first > lastCheck, plan.step).toBe(true);
    }
  });

  it("is recorded and then published, last and by one statement each", () => {
    for (const plan of steps()) {
      const tables = statements(sqlFile(plan)).map(written);
      const isPublished = tables.includes("ops.watermarks");
      expect(tables.slice(isPublished ? -2 : -1)).toEqual([
        "ops.step_runs",
        ...(isPublished ? ["ops.watermarks"] : []),
      ]);
      expect(tables.filter((name) => name === "ops.watermarks").length).toBeLessThanOrEqual(1);
      expect(tables.filter((name) => name === "ops.step_runs")).toHaveLength(1);
    }
  });

  /*
   * An INSERT that reads the table that it adds to is no blind append, and two at once conflict. A MERGE may stand where one
   * step alone writes, or where it names its own partition.
   */
  it("adds to a table that others add to without looking into it", () => {
    const ends = Object.keys(jobSteps(compiled)).map((job) => [job, finishOf(compiled, job)] as const);
    const files = [...steps().map((plan) => [plan.step, sqlFile(plan)] as const), ...ends];
    const all = files.flatMap(([file, text]) =>
      statements(text).map((sql) => ({ file, sql: bare(sql), table: written(sql) })),
    );
    const writers = (table: string) => new Set(all.flatMap((one) => (one.table === table ? [one.file] : [])));
    const meets = all.filter(({ file, sql, table }) => {
      if (table === undefined) return false;
      if (/^insert/i.test(sql)) return sql.split(table).length > 2;
      if (!/^(?:merge|delete)/i.test(sql) || writers(table).size === 1) return false;
      return !sql.includes(`t.table_name = '${file}'`);
    });
    expect(meets.map(({ file, sql }) => `${file}: ${sql.slice(0, 80)}`)).toEqual([]);
    expect(writers("ops.step_runs").size).toBeGreaterThan(15);
    expect([...writers("ops.steps")]).toEqual(["daily"]);
  });

  it("costs a warehouse few statements a run, which are as many when there is nothing new", () => {
    const texts = (job: string) => {
      const steps = jobSteps(compiled)[job]!.filter(({ runtime }) => runtime === "sql");
      return [
        ...(job === "daily" ? [prepareFile(compiled)] : []),
        ...steps.map(sqlFile),
        finishOf(compiled, job),
      ];
    };
    const count = (job: string) => texts(job).flatMap(statements).length;
    // A run with nothing new of the daily job has one round of streaming before it and one behind it.
    expect(count("daily")).toBeLessThanOrEqual(190);
    expect(count("streaming")).toBeLessThanOrEqual(55);
  });

  it("cares for every table, and for what the engine keeps beside it", () => {
    const all = statements(sqlFile(steps().find(({ step }) => step === "ops.optimise")!)).map(bare);
    const optimized = all.flatMap((sql) => /^optimize ([\w.]+)/.exec(sql)?.[1] ?? []);
    const kept = [...shop.tables.values()].flatMap((table) =>
      databricksDialect
        .createTable(table)
        .map((statement) => /^create table if not exists ([\w.]+)/.exec(statement)![1]!),
    );
    expect(optimized.toSorted()).toEqual(kept.toSorted());
  });

  it("names a task's parameters only outside quotes, where they become literals", () => {
    const ends = Object.keys(jobSteps(compiled)).map((job) => finishOf(compiled, job));
    for (const text of [...steps().map((plan) => sqlFile(plan)), prepareFile(compiled), ...ends]) {
      const quotedParts =
        text.replaceAll(/^--.*$/gm, "").match(/'(?:[^'\\]|\\[\s\S])*'|"[^"]*"|`[^`]*`/g) ?? [];
      expect(quotedParts.filter((part) => part.includes("{{"))).toEqual([]);
    }
  });
});
