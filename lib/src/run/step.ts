import type { Bound, Connection, FileLoaded } from "../engine/connection.js";
import { messageFor } from "../errors.js";
import type { Item, Operation, Plan, Result } from "../plan/plan.js";
import { keptFrom, settings } from "../settings.js";
import type { Param } from "../sql/param.js";
import type { RunValue } from "../sql/statement.js";
import type { ChangedRows } from "./changed-rows.js";
import { rowsBetween } from "./waiting.js";
import { describeCheck, whereItIs, type CheckResult } from "./check-result.js";

/** What a step has done so far. */
export interface StepFigures {
  in: number;
  out: number;
  deleted: number;
  rejected: number;
  readonly checks: CheckResult[];
  readonly files: (FileLoaded & { readonly table: string })[];
  readonly warnings: string[];
  /** In a backfill, the rows that it changed. */
  changed?: ChangedRows;
}

/** The first and the last of some days, ISO dates. */
export interface BusinessDates {
  readonly from: string;
  readonly to: string;
}

/** Values that hold for one run of one step. */
export interface StepContext {
  readonly runId: string;
  /** ISO date. */
  readonly date: string;
  /** ISO instant. */
  readonly now: string;
  readonly full: boolean;
  /** In a backfill, the business dates that are computed anew. */
  readonly backfill?: BusinessDates;
  readonly landing: string;
  /** Last batch read, and last batch published, of each upstream table. */
  readonly windows: ReadonlyMap<string, { readonly lo: number; readonly hi: number }>;
  /** The batch to be written, of each table written. */
  readonly batches: ReadonlyMap<string, number>;
}

/** A check with severity "halt" failed. The message names notebook, cell, check and figures. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";
  constructor(readonly result: CheckResult) {
    super(describeCheck(result));
  }
}

/** A statement failed. The message names notebook and cell; `sql` is the statement as the engine saw it. */
export class StatementFailed extends Error {
  override readonly name = "StatementFailed";
  constructor(
    item: Item,
    readonly sql: string,
    cause: unknown,
  ) {
    const what =
      item.table && item.table !== item.name ? `${item.kind} ${item.table}` : `${item.kind} ${item.name}`;
    super(`${whereItIs(item.place)}${what}: ${messageFor(cause)}`, { cause });
  }
}

export const noFigures = (): StepFigures => ({
  in: 0,
  out: 0,
  deleted: 0,
  rejected: 0,
  checks: [],
  files: [],
  warnings: [],
});

/**
 * Does what a plan's items say, on one connection, adding to `figures`. Does not commit.
 *
 * @param show what becomes of the rows of show items; without it they are not run
 * @throws CheckFailed, StatementFailed, InputError
 */
export async function executeItems(
  connection: Connection,
  engine: string,
  plan: Pick<Plan, "items" | "params" | "takes">,
  context: StepContext,
  figures: StepFigures,
  show?: (item: Item, result: Result) => void,
): Promise<void> {
  const params = new Map(plan.params.map((param) => [param.name, param]));
  for (const upstream of plan.takes) {
    const window = context.windows.get(upstream) ?? { lo: 0, hi: 0 };
    figures.in += await rowsBetween(connection, upstream, window);
  }
  for (const item of plan.items) {
    if (item.load) await load(connection, item, context, figures);
    let empty: boolean | undefined;
    for (const operation of item.scripts[engine] ?? []) {
      if (operation.role === "show" && !show) continue;
      if (operation.when) {
        empty ??= (await connection.query(`select 1 from ${item.table} limit 1`)).rows.length === 0;
        if (empty !== (operation.when === "empty")) continue;
      }
      await run(connection, item, operation, params, context, figures, show);
    }
  }
}

async function run(
  connection: Connection,
  item: Item,
  operation: Operation,
  params: ReadonlyMap<string, Param>,
  context: StepContext,
  figures: StepFigures,
  show?: (item: Item, result: Result) => void,
): Promise<void> {
  const valuesOf = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, valueOf(params.get(name), name, context)]));
  const values = valuesOf(operation.params);
  try {
    if (operation.role === "prepare" || operation.role === "write") {
      const changed = await connection.execute(operation.sql, values);
      if (operation.counts === "surplus") figures.out -= changed;
      else if (operation.counts) figures[operation.counts] += changed;
      return;
    }
    const result = await connection.query(operation.sql, values);
    if (operation.role === "show") return show?.(item, result);
    const { samples } = operation;
    const isBroken =
      samples && result.rows.some(({ figure, threshold }) => Number(figure) > Number(threshold));
    const { rows } = isBroken ? await connection.query(samples.sql, valuesOf(samples.params)) : result;
    // A notebook's checks look at the whole table, and what they find in a backfill may lie outside its dates: it must not keep these
    // from being mended. The contract's checks look at the rows that are written.
    const onlyWarns = Boolean(context.backfill) && params.has("from_date") && item.kind === "check";
    for (const row of rows) record(item, row, figures, onlyWarns);
  } catch (error) {
    if (error instanceof CheckFailed) throw error;
    throw new StatementFailed(item, operation.sql, error);
  }
}

async function load(
  connection: Connection,
  item: Item,
  context: StepContext,
  figures: StepFigures,
): Promise<void> {
  const { load: files } = item;
  if (!files) return;
  const batch = context.batches.get(files.table) ?? 1;
  const loaded = await connection.load(files, { landing: context.landing, batch, now: context.now });
  for (const file of loaded) {
    figures.in += file.rows + file.rescued;
    figures.out += file.rows + file.rescued;
    figures.files.push({ ...file, table: files.table });
    figures.warnings.push(...file.warnings);
  }
}

function record(item: Item, row: Record<string, unknown>, figures: StepFigures, onlyWarns: boolean): void {
  const figure = row["figure"] === null ? null : Number(row["figure"]);
  const threshold = Number(row["threshold"]);
  const severity = onlyWarns ? "warn" : (row["severity"] as CheckResult["severity"]);
  const holds = figure === null || figure <= threshold;
  const result: CheckResult = {
    table: item.table ?? item.name,
    name: String(row["check_name"]),
    severity,
    status: holds ? "pass" : severity === "halt" ? "fail" : "warn",
    figure,
    threshold,
    failedRows: row["failed_rows"] === null ? null : Number(row["failed_rows"]),
    totalRows: row["total_rows"] === null ? null : Number(row["total_rows"]),
    sample: row["sample"] === null ? null : String(row["sample"]),
    message: String(row["message"]),
    place: item.place,
  };
  figures.checks.push(result);
  if (result.status === "fail") throw new CheckFailed(result);
}

/** The value bound to a parameter in this run of the step. */
export function valueOf(param: Param | undefined, name: string, context: StepContext): Bound {
  if (!param) throw new Error(`The plan binds ${name}, which it does not describe.`);
  switch (param.kind) {
    case "literal":
      return param.value;
    case "lo":
      return context.windows.get(param.table)?.lo ?? 0;
    case "hi":
      return context.windows.get(param.table)?.hi ?? 0;
    case "batch":
      return context.batches.get(param.table) ?? 1;
    case "run":
      return {
        run_id: context.runId,
        run_date: { type: "date", value: context.date } as const,
        now: { type: "timestamp", value: context.now } as const,
        full: context.full,
        from_date: context.backfill ? ({ type: "date", value: context.backfill.from } as const) : null,
        keep_from: {
          type: "timestamp",
          value: keptFrom(settings(), new Date(context.now)).toISOString(),
        } as const,
        to_date: context.backfill ? ({ type: "date", value: context.backfill.to } as const) : null,
      }[param.name as RunValue["name"]];
  }
}
