import { relationsIn } from "#lib/sql/expansion.js";
import { shop } from "#lib/shop/index.js";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { backfillFiles, finishOf } from "../../build/src/bundle/bundle.ts";
import { jobSteps, readers } from "../../build/src/bundle/jobs.ts";
import { newsFile } from "../../build/src/bundle/sql/news.ts";
import { prepareFile } from "../../build/src/bundle/sql/prepare.ts";
import { compile, type Compiled } from "../../build/src/compile/compile.ts";
import { withoutInnerSemicolons } from "../../build/src/bundle/sql/semicolons.ts";
import { sqlFile } from "../../build/src/bundle/sql/step.ts";
import { databricksDialect } from "#lib/engine/databricks/dialect.js";
import { inPhases } from "#lib/engine/databricks/phases.js";
import { quoted } from "#lib/engine/databricks/literals.js";
import { bare, statements } from "../services/warehouse/sql.ts";

const root = path.resolve(import.meta.dirname, "../..");
let compiled: Compiled;
beforeAll(async () => void (compiled = await compile(root, shop)));

const steps = () => compiled.plans.filter(({ runtime }) => runtime === "sql");
/** Every SQL file of the bundle: the steps', the first task's, and the jobs' last tasks'. */
const allFiles = () => [
  ...steps().map((plan) => ({ file: plan.step, text: sqlFile(plan) })),
  { file: "prepare", text: prepareFile(compiled) },
  { file: "anything_new_streaming", text: newsFile("streaming", readers(compiled, "streaming")) },
  ...backfillFiles(compiled).map(([file, text]) => ({ file, text })),
  ...Object.keys(jobSteps(compiled)).map((job) => ({ file: job, text: finishOf(compiled, job) })),
];
const written = (sql: string) =>
  /^(?:insert into|merge into|delete from|create or replace table) ([\w.]+)/i.exec(bare(sql))?.[1];

/** The tables that every step keeps its books in. */
const books = /^ops\.(?:check_results|watermarks|step_runs|loaded_files|landed_\w+)$/;

/** A warehouse pays for each statement. Steps of the job `maintenance` write no rows: they have some for each table. */
describe("a step's SQL file", () => {
  it("has at most 12 statements, of which at most 4 write beside the books, and two for each select that becomes a table", () => {
    // What a merge by an order has to do is a table for the time of the step, and what it did is remembered.
    const isStage = (sql: string) =>
      /^(?:create or replace|drop) table (?:if exists )?ops\.(?:stage|news)_|^merge into ops\.latest_/i.test(
        bare(sql),
      );
    const counts = steps()
      .filter(({ jobs }) => !jobs.includes("maintenance"))
      .map((plan) => {
        const all = statements(sqlFile(plan)).filter((sql) => !isStage(sql));
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

  it("has no statement that a planner needs minutes for: none in which it meets more than 300 relations", () => {
    const weights = allFiles().flatMap(({ file, text }) =>
      statements(text).map((sql) => ({
        file,
        relations: relationsIn(bare(sql).replaceAll(/(\d)D\b/g, "$1")),
        sql: sql.slice(0, 80),
      })),
    );
    expect(weights.filter(({ relations }) => relations > 300)).toEqual([]);
    expect(
      statements(sqlFile(compiled.plans.find(({ step }) => step === "silver.refunds")!)).join(),
    ).toContain("ops.stage_silver_refunds_reached");
  });

  it("raises a failed check before it writes anything that others read", () => {
    for (const plan of steps()) {
      const all = statements(sqlFile(plan)).map(bare);
      const raises = all.findIndex((sql) => sql.startsWith("select raise_error("));
      if (raises < 0) continue;
      const early = all.slice(0, raises).map(written);
      expect(
        early.filter((name) => name && !/^ops\.(?:(?:incoming|stage|news)_\w+|check_results)$/.test(name)),
      ).toEqual([]);
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
      const first = writes.findIndex((name) => name && !/^ops\.(?:incoming|stage)_/.test(name));
      expect(first < 0 || first > lastCheck, plan.step).toBe(true);
    }
  });

  it("is recorded and then published, last and by one statement each", () => {
    for (const plan of steps()) {
      // The care of the tables also deletes from the books, which is no record.
      const tables = statements(sqlFile(plan)).flatMap((sql) =>
        bare(sql).endsWith("when matched then delete") ? [] : [written(sql)],
      );
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
   * step alone writes, or where it names its own partition; one that only deletes may meet blind appends, but no other delete.
   */
  it("adds to a table that others add to without looking into it", () => {
    const files = allFiles().filter(({ file }) => file !== "prepare");
    const all = files.flatMap(({ file, text }) =>
      statements(text).map((sql) => ({ file, sql: bare(sql), table: written(sql) })),
    );
    const onlyDeletes = (sql: string) => /\swhen matched then delete$/i.test(sql);
    const writers = (table: string) =>
      new Set(all.flatMap((one) => (one.table === table && !onlyDeletes(one.sql) ? [one.file] : [])));
    const deleters = (table: string) =>
      new Set(all.flatMap((one) => (one.table === table && onlyDeletes(one.sql) ? [one.file] : [])));
    const meets = all.filter(({ file, sql, table }) => {
      if (table === undefined) return false;
      if (/^insert/i.test(sql)) return sql.split(table).length > 2;
      if (onlyDeletes(sql)) return deleters(table).size > 1;
      if (!/^(?:merge|delete)/i.test(sql) || writers(table).size === 1) return false;
      return !sql.includes(`t.table_name = '${file}'`);
    });
    expect(meets.map(({ file, sql }) => `${file}: ${sql.slice(0, 80)}`)).toEqual([]);
    expect(writers("ops.step_runs").size).toBeGreaterThan(15);
    expect([...writers("ops.steps")]).toEqual(["daily"]);
  });

  it("has news in a backfill where it computes business dates anew, and only there", () => {
    const dated = steps().filter((plan) => sqlFile(plan).includes("{{from_date}}"));
    expect(dated.map(({ step }) => step).toSorted()).toEqual(
      // The calendar is the same whatever happened on its days.
      [...shop.tables.keys()]
        .filter((name) => name.startsWith("gold.") && name !== "gold.dim_date")
        .toSorted(),
    );
    for (const plan of dated) {
      const guards = sqlFile(plan).match(/^.*this\.full or this\.from_date is not null or this\.lo_.*$/gm);
      // The checks, the step's record, and the watermarks.
      expect([plan.step, guards?.length]).toEqual([plan.step, 3]);
      // One date alone fails before anything is written.
      expect(sqlFile(plan).split("set variable this")[1]?.split(";")[0]).toContain(
        "if(({{from_date}} = '') = ({{to_date}} = '') and {{from_date}} <= {{to_date}}",
      );
    }
  });

  it("costs a warehouse few statements a run, and a round of streaming hardly any when there is nothing new", () => {
    const texts = (job: string) => {
      const steps = jobSteps(compiled)[job]!.filter(({ runtime }) => runtime === "sql");
      return [
        ...(job === "daily" ? [prepareFile(compiled)] : []),
        ...steps.map(sqlFile),
        finishOf(compiled, job),
      ];
    };
    const count = (all: readonly string[]) => all.flatMap(statements).length;
    const news = newsFile("streaming", readers(compiled, "streaming"));
    expect(statements(news)).toHaveLength(1);
    expect(count([...texts("streaming"), news])).toBeLessThanOrEqual(67);
    const idle = count([news, finishOf(compiled, "streaming")]);
    expect(idle).toBeLessThanOrEqual(12);
    // A daily run with nothing new has one round of streaming before it and one behind it.
    expect(count(texts("daily")) + 2 * idle).toBeLessThanOrEqual(598);
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
    for (const { text } of allFiles()) {
      const quotedParts =
        text.replaceAll(/^--.*$/gm, "").match(/'(?:[^'\\]|\\[\s\S])*'|"[^"]*"|`[^`]*`/g) ?? [];
      expect(quotedParts.filter((part) => part.includes("{{"))).toEqual([]);
    }
  });
});

/** A task's file is cut at its semicolons by Databricks, which does not say how. */
describe("a SQL file's semicolons", () => {
  const cut = (text: string, cutter: RegExp) =>
    text
      .split(cutter)
      .map(bare)
      .filter((sql) => sql !== "");
  /** Cuts at semicolons outside quotes and line comments, and knows no escapes. */
  const cutByPairs = (text: string) =>
    [...text.matchAll(/((?:--[^\n]*|'[^']*'|"[^"]*"|`[^`]*`|[^;])*)(?:;|$)/g)]
      .map(([, sql]) => bare(sql!))
      .filter((sql) => sql !== "");

  it("end statements and stand nowhere else, so all ways to cut agree", () => {
    expect(allFiles().length).toBeGreaterThan(20);
    for (const { file, text } of allFiles()) {
      const expected = statements(text).map(bare);
      expect([file, cut(text, /;[ \t]*(?:\n|$)/)]).toEqual([file, expected]);
      expect([file, cut(text, /;/)]).toEqual([file, expected]);
      expect([file, cutByPairs(text)]).toEqual([file, expected]);
    }
  });

  it("within contracts' comments are written as escapes, and so are quotes", () => {
    expect(prepareFile(compiled)).toContain(String.raw`comment 'The shop\u0027s order number.'`);
    expect(prepareFile(compiled)).toContain(
      String.raw`Category now\u003b Unknown when the product is not known.`,
    );
    expect(quoted(String.raw`it's \; here`)).toBe(String.raw`'it\u0027s \\\u003b here'`);
  });

  it("within a notebook's literals become escapes, and commas within its comments and title", () => {
    const plan = steps().find(({ step }) => step === "silver.orders_clean");
    const changed = (put: (sql: string) => string) => ({
      ...plan!,
      title: "Orders; cleaned",
      items: plan!.items.map((item) => ({
        ...item,
        scripts: Object.fromEntries(
          Object.entries(item.scripts).map(([engine, operations]) => [
            engine,
            operations!.map((operation) => ({ ...operation, sql: put(operation.sql) })),
          ]),
        ),
      })),
    });
    const given = String.raw`select ';' as a, "\;" as b, '\\;' as c, 'a;''b;' as d, -- all; of them`;
    const text = sqlFile(changed((sql) => sql.replace(/\bselect\b/, `${given}\n`)));
    expect(text).toMatch(/^-- Orders, cleaned\n/);
    expect(text).toContain(
      String.raw`select '\u003b' as a, "\u003b" as b, '\\\u003b' as c, 'a\u003b''b\u003b' as d, -- all, of them`,
    );
    expect(cut(text, /;/)).toHaveLength(statements(text).length);
  });

  it("that nothing can stand for are refused, with notebook and cell", () => {
    const plan = steps().find(({ step }) => step === "silver.orders_clean");
    const items = plan!.items.map((item) => ({
      ...item,
      scripts: {
        databricks: item.scripts["databricks"]!.map((operation) => ({
          ...operation,
          sql: "select r';' as a",
        })),
      },
    }));
    expect(() => sqlFile({ ...plan!, items })).toThrow(
      /^notebooks\/silver\/orders_clean\.ipynb cell \d+: r';' holds a semicolon, .+ ordinary literal with \\u003b/,
    );
    expect(() => withoutInnerSemicolons("select 1 as `a;b`", "here")).toThrow(
      /^here: `a;b` holds a semicolon, .+ another name/,
    );
    expect(withoutInnerSemicolons(String.raw`r'\'; ';'`, "here")).toBe(String.raw`r'\'; '\u003b'`);
  });
});
