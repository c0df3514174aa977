import type { Item, Plan, ResultRow, ResultValue, Table, Tables } from "shopmetrics/plan";
import { engineNamed, type Connection } from "shopmetrics/engine";
import type { Shown } from "shopmetrics/display";
import { latestResults, orderOfRun, publicMessage, type CheckResult } from "shopmetrics/run";
import { examplesOf } from "./examples.js";
import { showRows } from "./show-results.js";
import { InputError, type Settings } from "shopmetrics/settings";

/** The last run of a step that was not skipped. */
export interface LastRun {
  readonly run: string;
  readonly status: "succeeded" | "failed";
  /** ISO instant. */
  readonly startedAt: string;
  readonly seconds: number;
  readonly rowsIn: number | null;
  readonly rowsOut: number | null;
  readonly rowsMerged: number | null;
  readonly rowsRejected: number | null;
  readonly message: string | null;
}

/** The last result of a check. */
export interface LastCheck extends CheckResult {
  readonly step: string;
  /** The run that measured it. */
  readonly run: string;
  /** ISO instant. */
  readonly checkedAt: string;
}

/**
 * What pages show of the warehouse. Empty if there is no warehouse; `missing` then says why, in a sentence. No message names rows:
 * pages are public.
 */
export interface WarehouseStats {
  readonly missing?: string;
  readonly steps: ReadonlyMap<string, LastRun>;
  readonly checks: readonly LastCheck[];
  /** The same as it was after each run whose figures the dashboard shows. */
  readonly checksAfter: ReadonlyMap<string, readonly LastCheck[]>;
  /** Number of rows of each table that exists. */
  readonly rows: ReadonlyMap<string, number>;
  /** Some values of each column that may be shown, by `table.column`. */
  readonly examples: ReadonlyMap<string, readonly string[]>;
  /** The rows of a notebook's `show`, or a sentence that says why there are none. */
  readonly shows: ReadonlyMap<Item, Shown | string>;
}

/** What pages show without a warehouse. @param missing why there is none, for a reader */
export const noWarehouseStats = (missing: string): WarehouseStats => ({
  missing,
  steps: new Map(),
  checks: [],
  checksAfter: new Map(),
  rows: new Map(),
  examples: new Map(),
  shows: new Map(),
});

interface Asked {
  readonly plans: readonly Plan[];
  readonly tables: Tables;
  /** The runs whose figures the dashboard shows. */
  readonly runs?: readonly string[];
}

/** Reads everything that the pages show from the warehouse, and changes nothing. */
export async function readWarehouseStats(
  connection: Connection,
  engine: string,
  asked: Asked,
): Promise<WarehouseStats> {
  const present = await presentColumns(connection);
  const has = (table: string) => present.has(table);
  const tables = [...asked.tables.values()].filter(({ name }) => has(name));
  const hasChecks = has("ops.check_results");
  const checks = hasChecks ? await lastChecks(connection) : [];
  const checksAfter = new Map<string, LastCheck[]>();
  for (const run of hasChecks ? new Set(asked.runs) : [])
    checksAfter.set(run, (await lastChecks(connection, run)).map(forReaders));
  return {
    steps: has("ops.step_runs") ? await lastSteps(connection, checks) : new Map(),
    checks: checks.map(forReaders),
    checksAfter,
    rows: await rowCounts(connection, tables),
    examples: await examplesOf(
      connection,
      tables.map((table) => withColumns(table, present.get(table.name)!)),
    ),
    shows: await showRows(connection, engine, asked, has),
  };
}

/** Rows are no matter of the public's. */
const forReaders = (check: LastCheck): LastCheck => ({
  ...check,
  message: publicMessage(check),
  sample: null,
});

/** The columns of each table that exists. */
async function presentColumns(connection: Connection): Promise<Map<string, Set<string>>> {
  const { rows } = await connection.query(
    "select concat_ws('.', table_schema, table_name) as name, column_name from information_schema.columns",
  );
  const present = new Map<string, Set<string>>();
  for (const row of rows) {
    const name = String(row["name"]);
    present.set(name, (present.get(name) ?? new Set()).add(String(row["column_name"])));
  }
  return present;
}

/** A table without the columns that the next run adds to it. */
const withColumns = (table: Table, present: ReadonlySet<string>): Table => ({
  ...table,
  columns: table.columns.filter(({ name }) => present.has(name)),
});

/** @param checks the last results, with rows: a step that one of them halted names these too */
async function lastSteps(
  connection: Connection,
  checks: readonly LastCheck[],
): Promise<Map<string, LastRun>> {
  const { rows } = await connection.query(`
    select * from (
      select done.*, row_number() over (partition by done.step order by ${orderOfRun} desc) as nth
      from ops.step_runs as done left join ops.runs as runs on runs.run_id = done.run_id
      where done.status <> 'skipped'
    ) as numbered where nth = 1`);
  return new Map(
    rows.map((row) => {
      const run = lastRun(row);
      const halting = checks.filter(({ step, status }) => step === row["step"] && status === "fail");
      const message =
        run.message &&
        halting.reduce((text, { sample }) => publicMessage({ message: text, sample }), run.message);
      return [String(row["step"]), { ...run, message }];
    }),
  );
}

const lastRun = (row: ResultRow): LastRun => ({
  run: String(row["run_id"]),
  status: row["status"] as LastRun["status"],
  startedAt: String(row["started_at"]),
  seconds: Number(row["seconds"]),
  rowsIn: numberOf(row["rows_in"]),
  rowsOut: numberOf(row["rows_out"]),
  rowsMerged: numberOf(row["rows_merged"]),
  rowsRejected: numberOf(row["rows_rejected"]),
  message: row["message"] === null ? null : String(row["message"]),
});

/** @param until the last run that counts; by default all do */
async function lastChecks(connection: Connection, until?: string): Promise<LastCheck[]> {
  const latest = latestResults(until === undefined ? {} : { until: "$run" });
  const { rows } = await connection.query(
    `with ${latest} select * from latest_results order by step, cell, table_name, check_name`,
    until === undefined ? {} : { run: until },
  );
  return rows.map((row) => ({
    step: String(row["step"]),
    run: String(row["run_id"]),
    table: String(row["table_name"]),
    name: String(row["check_name"]),
    severity: row["severity"] as LastCheck["severity"],
    status: row["status"] as LastCheck["status"],
    figure: numberOf(row["figure"]),
    threshold: Number(row["threshold"]),
    failedRows: numberOf(row["failed_rows"]),
    totalRows: numberOf(row["total_rows"]),
    sample: textOf(row["sample"]),
    message: textOf(row["message"]) ?? "",
    place: { path: String(row["notebook"]), cell: Number(row["cell"]), line: Number(row["line"] ?? 1) },
    checkedAt: String(row["checked_at"]),
  }));
}

async function rowCounts(connection: Connection, tables: readonly Table[]): Promise<Map<string, number>> {
  if (tables.length === 0) return new Map();
  const counts = tables.map(({ name }) => `select '${name}' as name, count(*) as n from ${name}`);
  const { rows } = await connection.query(counts.join(" union all "));
  return new Map(rows.map((row) => [String(row["name"]), Number(row["n"])]));
}

const textOf = (value: ResultValue | undefined) =>
  value === null || value === undefined ? null : String(value);

const numberOf = (value: ResultValue | undefined) =>
  value === null || value === undefined ? null : Number(value);

/** Milliseconds to wait for a warehouse that another process holds: pages without figures are better than no pages. */
const patience = 3000;

/**
 * Reads what the pages show from the warehouse that the settings name; the embedded one is opened read-only.
 *
 * @returns no figures but the reason, if there is no warehouse or another process holds it
 */
export async function openWarehouseStats(settings: Settings, asked: Asked): Promise<WarehouseStats> {
  try {
    const engine = await engineNamed(settings.engine).openReadOnly(settings, {
      patience,
      onWait: (message) => console.error(message),
    });
    if (typeof engine === "string")
      return noWarehouseStats("There was no warehouse when these pages were made, so they show no figures.");
    try {
      const connection = await engine.connect();
      try {
        return await readWarehouseStats(connection, engine.name, asked);
      } finally {
        await connection.close();
      }
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return noWarehouseStats(
      "The warehouse could not be opened when these pages were made (another process may have held it), so they show no figures.",
    );
  }
}
