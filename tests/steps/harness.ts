import { shop } from "#lib/shop/index.js";
import path from "node:path";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { ColumnOf, Row, Table } from "shopmetrics";
import { givenColumns } from "#lib/plan/kept-columns.js";
import type { Connection } from "#lib/engine/connection.js";
import { dialectOf } from "#lib/engine/index.js";
import { boundRows, give } from "#lib/unit/fill.js";
import type { BusinessDates } from "#lib/run/step.js";
import { prepareWarehouse, readWindows } from "#lib/run/warehouse.js";
import { compile } from "../../build/src/compile/compile.ts";
import { runGraph } from "../../build/src/run/run.ts";
import type { RunReport, StepReport } from "../../build/src/run/run-report.ts";
import { selectBackfilled, selectSteps } from "../../build/src/compile/select.ts";
import { type Given, type TableName, completeRow } from "./defaults.ts";
import { openTestEngine } from "./engine.ts";
import { replace } from "./fill.ts";
import { record } from "./recorded.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The noterecords' plans, compiled once per worker. */
const compiled = compile(root, shop);

/** Upstream rows by table; of each row only what matters. A column that the contract lacks does not compile. */
export type Upstream = { readonly [Name in TableName]?: readonly Given<Name>[] };

export interface RunChoice {
  readonly full?: boolean;
  /** As-of date, ISO. */
  readonly date?: string;
  /** Business dates that gold computes anew. */
  readonly backfill?: BusinessDates;
}

/** What a run did, step by step. */
export interface Outcome {
  readonly report: RunReport;
  /** One step's figures and checks. */
  step(name: string): StepReport;
  /** One check's outcome. Throws when the run measured no check of that name. */
  check(name: string): StepReport["checks"][number];
  /** Names of the checks that warned, in the order in which they were measured. */
  readonly warnings: readonly string[];
  /** Those of one step. */
  warningsOf(step: string): readonly string[];
}

/** An empty warehouse with every table, to be filled and run by a test. */
export interface Lakehouse {
  /**
   * Puts rows into upstream tables as one published batch of each table named. A row with the key of an earlier one is
   * a new version of it, as after the run of the step that writes the table.
   */
  given(upstream: Upstream): Promise<void>;
  /** Deletes rows of an upstream table, as one published batch. Rows are named by their key. */
  taken<Name extends TableName>(name: Name, key: Given<Name>): Promise<void>;
  /** Changes rows behind the pipeline's back, by statements that both engines understand. */
  damage(...statements: readonly string[]): Promise<void>;
  /** Writes a file into the landing folder: CSV text, or envelopes of messages. Bronze steps load it. */
  land(file: `${string}/${string}.${"csv" | "ndjson"}`, content: string): Promise<void>;
  /**
   * Runs steps, named as on the command line (`silver.orders_clean`, `+gold.customer_ltv`), or the whole daily job.
   * Throws when one of them fails.
   */
  run(steps?: string, choice?: RunChoice): Promise<Outcome>;
  /** Runs steps of which one must fail; gives its report with the message a person would read. */
  fails(steps?: string, choice?: RunChoice): Promise<StepReport & { readonly outcome: Outcome }>;
  /** All rows of a table in the order of its key, validated by its contract; of each the columns named, or all. */
  rows<T extends Table>(table: T): Promise<Row<T>[]>;
  rows<T extends Table, C extends ColumnOf<T>>(table: T, ...columns: C[]): Promise<Pick<Row<T>, C>[]>;
  /** A table's rows without its stamp columns, for a comparison of whole tables. */
  contents(table: Table): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** A lakehouse in which one step has run on the rows given. */
export type Stepped = Lakehouse & { readonly outcome: Outcome };

/**
 * Gives upstream rows and runs one step.
 *
 * @example
 * const given = await step("silver.orders_clean", { "bronze.orders_raw": [{ status: " Completed " }] });
 * expect(await given.rows(silver.orders_clean, "order_id", "status")).toEqual([{ order_id: "O1", status: "completed" }]);
 */
export async function step(name: string, upstream: Upstream, choice?: RunChoice): Promise<Stepped> {
  const lake = await lakehouse();
  await lake.given(upstream);
  const outcome = await lake.run(name, choice);
  return { ...lake, outcome };
}

/** A gold table's step behind those of the lines and the orders, so that a test can begin with orders. */
export const fromOrders = (table: string) => `gold.fct_order_items,gold.fct_orders,${table}`;

/** An empty lakehouse. It is closed when the test ends. */
export async function lakehouse(): Promise<Lakehouse> {
  const graph = await compiled;
  const home = await mkdtemp(path.join(tmpdir(), "shopmetrics-step-"));
  const landing = path.join(home, "landing");
  const engine = await openTestEngine();
  const records = await engine.connect();
  await prepareWarehouse(records, dialectOf(engine.name), shop.tables);
  const recorder = record();

  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await records.close();
    await engine.close();
    await rm(home, { recursive: true, force: true });
  };
  onTestFinished(close);

  const runSteps = async (steps?: string, choice: RunChoice = {}) => {
    const { backfill } = choice;
    const chosen = { job: "daily", ...(steps && { only: steps }) };
    return outcomeOf(
      await runGraph({
        engine,
        graph,
        steps: backfill ? selectBackfilled(graph, chosen) : selectSteps(graph, chosen),
        landing,
        snapshots: path.join(home, "snapshots"),
        date: choice.date ?? "2026-03-11",
        full: choice.full ?? false,
        ...(backfill && { backfill }),
      }),
    );
  };

  const all = async (table: Table) => {
    const names = table.columns.map(({ name }) => name).join(", ");
    const { rows } = await records.query(`select ${names} from ${table.name}`);
    return inOrder(table, rows);
  };

  return {
    async given(upstream) {
      for (const [name, given] of Object.entries(upstream)) {
        const table = tableOf(name);
        const batch = await nextBatch(records, name);
        const rows = given.map((row, index) => completeRow(table, row, { batch, row: index + 1 }));
        recorder.round.given.push({ table: name, rows });
        await give(engine, records, table, boundRows(table, rows));
      }
    },
    async taken(name, key) {
      const table = tableOf(name);
      const named = Object.entries(key);
      const isNamed = (row: object) =>
        named.every(([column, value]) => (row as Row<Table>)[column] === value);
      const rest = (await all(table)).filter((row) => !isNamed(row));
      recorder.round.taken.push({ table: name, key });
      await replace(engine, records, table, boundRows(table, rest));
    },
    async damage(...statements) {
      for (const statement of statements) await records.execute(statement);
    },
    async land(file, content) {
      recorder.round.landed.push({ file, content });
      const target = path.join(landing, file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, content);
    },
    async run(steps, choice) {
      recorder.ran();
      const outcome = await runSteps(steps, choice);
      const failed = failedOf(outcome);
      if (failed) throw new Error(failed.message ?? `${failed.step} failed`);
      return outcome;
    },
    async fails(steps, choice) {
      recorder.fails();
      const outcome = await runSteps(steps, choice);
      const failed = failedOf(outcome);
      if (!failed) throw new Error("A step should have failed, but all succeeded.");
      return { ...failed, outcome };
    },
    async rows<T extends Table>(table: T, ...columns: ColumnOf<T>[]) {
      const rows = (await all(table)).map((row) => table.row.parse(row) as Row<T>);
      if (columns.length === 0) return rows;
      return rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name]])) as Row<T>);
    },
    async contents(table) {
      const kept = givenColumns(table).map(({ name }) => name);
      return (await all(table)).map((row) => Object.fromEntries(kept.map((name) => [name, row[name]])));
    },
    close,
  };
}

function outcomeOf(report: RunReport): Outcome {
  const checks = report.steps.flatMap((one) => one.checks);
  return {
    report,
    step: (name) =>
      found(
        report.steps.find((one) => one.step === name),
        `a step ${name}`,
        report.steps,
      ),
    check: (name) =>
      found(
        checks.find((one) => one.name === name),
        `a check "${name}"`,
        checks,
      ),
    warnings: warningsIn(checks),
    warningsOf: (name) => warningsIn(report.steps.find((one) => one.step === name)?.checks ?? []),
  };
}

const warningsIn = (checks: StepReport["checks"]) =>
  checks.filter(({ status }) => status === "warn").map(({ name }) => name);

function found<T>(one: T | undefined, what: string, among: readonly object[]): T {
  if (one) return one;
  const names = among.map((some) => ("name" in some ? some.name : "step" in some ? some.step : ""));
  throw new Error(`The run had no ${what}, only: ${names.join(", ")}`);
}

const failedOf = ({ report }: Outcome) => report.steps.find(({ status }) => status === "failed");

function tableOf(name: string): Table {
  const table = shop.tables.get(name);
  if (!table) throw new Error(`No contract declares ${name}.`);
  return table;
}

async function nextBatch(records: Connection, name: string) {
  const { batches } = await readWindows(records, "test", { changes: [], writes: [name], full: false });
  return batches.get(name) ?? 1;
}

/** In the order of the key; where there is none, by file and position. */
function inOrder<R extends Record<string, unknown>>(table: Table, rows: readonly R[]): R[] {
  const by = (table.options.key as readonly string[] | undefined) ?? [
    "table_name",
    "source_file",
    "source_row",
  ];
  const rank = (row: R) => by.map((name) => sortable(row[name])).join("\u0000");
  return rows.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

const sortable = (value: unknown) =>
  typeof value === "number" ? String(value).padStart(20, "0") : String(value);
