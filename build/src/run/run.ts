import { randomBytes } from "node:crypto";
import {
  countChecks,
  executeItems,
  exportPage,
  recordCheckResults,
  orderOfRun,
  recordPassedOver,
  recordStepRun,
  noFigures,
  prepareWarehouse,
  publish,
  readWindows,
  readChangedRows,
  type BusinessDates,
  type KnownBefore,
  type StepContext,
  type StepFigures,
} from "shopmetrics/run";
import { dialectOf, engineNamed, type Connection, type Engine } from "shopmetrics/engine";
import { backfillItem, verbNamed, type Plan, type Tables } from "shopmetrics/plan";
import { isShortOfMemory, messageFor } from "shopmetrics/settings";
import { failingAlone, type Graph } from "../compile/graph.js";
import { landingFolders } from "../compile/landing-folders.js";
import type { Program } from "../notebook/execute.js";
import {
  nothingNew,
  type RunReport,
  type StepEvent,
  type StepReport,
  type StepStatus,
} from "./run-report.js";
import { dueCare, isIdle, isUpToDate } from "./decisions.js";
import { closeRun, recordGraph, openRun } from "./run-records.js";
import { runProgram } from "./node-step.js";

interface RunOptions {
  readonly engine: Engine;
  readonly graph: Graph & { readonly programs: readonly Program[]; readonly tables: Tables };
  /** The steps to run, by name; others are left alone. */
  readonly steps: ReadonlySet<string>;
  readonly landing: string;
  /** Where pages export what they draw. */
  readonly snapshots: string;
  /** As-of date, ISO. */
  readonly date: string;
  readonly full: boolean;
  /** Business dates to be computed anew, also where nothing is new. */
  readonly backfill?: BusinessDates;
  /** Whether the tables are cared for as well, where that is due. */
  readonly cares?: boolean;
  /** How many steps run side by side. */
  readonly width?: number;
  readonly onStep?: (event: StepEvent) => void;
  /** Told of what a person should know in addition to the steps' own reports. */
  readonly onNote?: (message: string) => void;
  /** Told of what is wrong with no single step, such as files that no step loads. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Runs the steps of a graph, each once those it needs have succeeded, at most `width` side by side. Each step is one
 * transaction; a step behind a failed one is skipped, and so is one that has nothing new to read.
 */
export async function runGraph(options: RunOptions): Promise<RunReport> {
  const { engine, graph, steps, width = 5 } = options;
  const dialect = dialectOf(engine.name);
  const started = new Date();
  const runId = `${started.toISOString().slice(0, 19).replaceAll(":", "")}Z-${randomBytes(3).toString("hex")}`;
  const records = await engine.connect();
  const reports = new Map<string, StepReport>();
  try {
    await prepareWarehouse(records, dialect, graph.tables, options.onNote);
    const { date, full, backfill } = options;
    await openRun(records, engine, { runId, started, date, full, ...(backfill && { backfill }) });
    const changed = await recordGraph(records, dialect, graph);
    await recordPassedOver(records, landingFolders(graph), {
      landing: options.landing,
      runId,
      now: started.toISOString(),
      onNote: options.onWarning,
    });
    if (changed.length > 0 && !full) options.onNote?.(changedNote(changed));
    let known: KnownBefore | undefined;
    const alone = failingAlone(graph);
    const work = async (plan: Plan, isAlone: boolean): Promise<boolean> => {
      options.onStep?.({ runId, kind: "started", step: plan.step });
      const blocked = (graph.needs.get(plan.step) ?? []).find(
        (need) => !alone.has(need) && stops(reports.get(need)),
      );
      const report = blocked
        ? notRun(plan, `${blocked} did not succeed`)
        : await runStep(plan, runId, options, { known, isAlone }).catch((error: unknown) =>
            failure(plan, error),
          );
      if (report === undefined) {
        options.onNote?.(
          `${plan.step} needs more memory than the steps beside it leave: it runs again alone.`,
        );
        return false;
      }
      reports.set(plan.step, report);
      options.onStep?.({ runId, kind: "ended", report });
      return true;
    };
    const close = async () => {
      const ordered = graph.plans.flatMap(({ step }) => reports.get(step) ?? []);
      const report: RunReport = {
        runId,
        status: ordered.some(({ status }) => status === "failed") ? "failed" : "succeeded",
        startedAt: started.toISOString(),
        seconds: (Date.now() - started.getTime()) / 1000,
        date,
        full,
        ...(backfill && { backfill }),
        steps: ordered,
      };
      await closeRun(records, dialect, graph, report);
      return report;
    };
    const pages = graph.plans.filter(({ runtime, step }) => runtime === "page" && steps.has(step));
    await inGraphOrder(graph, without(steps, pages), width, work);
    // Behind the steps, whose records it would meet.
    const due = options.cares ? await dueCare(records, engine, graph, steps) : [];
    for (const plan of due) await work(plan, true);
    let report = await close();
    // Pages come last and find the run recorded, so that the one about the pipeline says how this run came out.
    if (pages.length > 0) {
      known = {
        checks: await countChecks(records, runId),
        written: await lastWriters(records, graph),
      };
      await inGraphOrder(graph, new Set(pages.map(({ step }) => step)), width, work);
      report = await close();
    }
    return report;
  } finally {
    await records.close();
  }
}

const without = (steps: ReadonlySet<string>, pages: readonly Plan[]) =>
  new Set([...steps].filter((step) => !pages.some((page) => page.step === step)));

const stops = (report: StepReport | undefined) =>
  report?.status === "failed" || (report?.status === "skipped" && report.message !== nothingNew);

/** @param work tells whether the step is done; where it is not, it gets another turn, alone */
async function inGraphOrder(
  graph: Graph,
  chosen: ReadonlySet<string>,
  width: number,
  work: (plan: Plan, isAlone: boolean) => Promise<boolean>,
): Promise<void> {
  const waiting = graph.plans.filter(({ step }) => chosen.has(step));
  const open = new Set(waiting.map(({ step }) => step));
  const running = new Set<Promise<void>>();
  const again: Plan[] = [];
  while (waiting.length > 0 || running.size > 0 || again.length > 0) {
    const next = waiting.findIndex(({ step }) =>
      (graph.needs.get(step) ?? []).every((need) => !open.has(need)),
    );
    if (next >= 0 && running.size < width) {
      const [plan] = waiting.splice(next, 1);
      const task: Promise<void> = work(plan!, width === 1)
        .then((isDone) => void (isDone ? open.delete(plan!.step) : again.push(plan!)))
        .finally(() => running.delete(task));
      running.add(task);
    } else if (running.size > 0) {
      await Promise.race(running);
    } else {
      const plan = again.shift()!;
      await work(plan, true);
      open.delete(plan.step);
    }
  }
}

/**
 * @param known what pages need
 * @param isAlone whether no other step runs
 * @returns undefined where the memory did not last beside other steps: nothing is recorded, and it is to run again
 */
async function runStep(
  plan: Plan,
  runId: string,
  options: RunOptions,
  { known, isAlone }: { readonly known: KnownBefore | undefined; readonly isAlone: boolean },
): Promise<StepReport | undefined> {
  const { engine, date, full, landing, backfill } = options;
  const started = new Date();
  const now = started.toISOString();
  const figures = noFigures();
  const connection = await engine.connect();
  const finish = (status: StepStatus, message: string | null): StepReport => ({
    ...figures,
    step: plan.step,
    notebook: plan.notebook,
    status,
    seconds: (Date.now() - started.getTime()) / 1000,
    message,
    merged: mergedOf(plan, figures),
  });
  try {
    const windows = await readWindows(connection, plan.step, { ...plan, full });
    const context: StepContext = {
      runId,
      now,
      date,
      full,
      landing,
      ...(backfill && { backfill }),
      ...windows,
    };
    const keep = async (report: StepReport) => {
      const batch = [...context.batches.values()][0] ?? null;
      await recordStepRun(connection, engineNamed(engine.name), runId, { ...report, startedAt: now, batch });
      return report;
    };
    if (isUpToDate(plan, context)) return finish("skipped", nothingNew);
    try {
      if (plan.runtime === "node") {
        await runProgram(programOf(plan, options), { connection, engine, step: plan.step, context, figures });
        return isIdle(plan, figures) ? finish("skipped", nothingNew) : await keep(finish("succeeded", null));
      }
      if (plan.runtime === "page") {
        if (!known) throw new Error(`${plan.step} is a page and runs before the pages' turn.`);
        const exported = await exportPage(connection, engine.name, plan, context, options.snapshots, known);
        return await keep({ ...finish("succeeded", null), in: exported, out: exported });
      }
      return await connection.transaction(async () => {
        const items = engineNamed(engine.name).ordered?.(plan.items) ?? plan.items;
        await executeItems(connection, engine.name, { ...plan, items }, context, figures);
        if (isIdle(plan, figures)) return finish("skipped", nothingNew);
        const recomputed = backfill && backfillItem(plan);
        if (recomputed) {
          const batch = context.batches.get(recomputed.table!)!;
          figures.changed = await readChangedRows(connection, dialectOf(engine.name), recomputed, batch);
        }
        await publish(connection, engineNamed(engine.name), plan.step, context, figures);
        await recordCheckResults(connection, plan.step, context, figures.checks);
        return keep(finish("succeeded", null));
      });
    } catch (error) {
      if (!isAlone && isShortOfMemory(error)) return undefined;
      if (plan.runtime !== "node") await recordCheckResults(connection, plan.step, context, figures.checks);
      return await keep(finish("failed", messageFor(error)));
    }
  } finally {
    await connection.close();
  }
}

/** The runs that last wrote each table of the graph's steps. */
async function lastWriters(connection: Connection, { plans }: Graph): Promise<Map<string, string>> {
  const { rows } = await connection.query(
    `select done.step, max_by(done.run_id, ${orderOfRun}) as run_id
from ops.step_runs as done left join ops.runs as runs on runs.run_id = done.run_id
where done.status = 'succeeded' group by done.step`,
  );
  const runs = new Map(rows.map((row) => [String(row["step"]), String(row["run_id"])]));
  const written = new Map<string, string[]>();
  for (const { step, writes } of plans)
    for (const table of writes)
      written.set(table, [...(written.get(table) ?? []), runs.get(step) ?? "never"]);
  return new Map([...written].map(([table, ids]) => [table, ids.join(" ")]));
}

function programOf(plan: Plan, { graph }: RunOptions): Program {
  const program = graph.programs.find(({ notebook }) => notebook.path === plan.notebook);
  if (!program) throw new Error(`${plan.notebook} was compiled without its code.`);
  return program;
}

const mergedOf = (plan: Plan, figures: StepFigures) =>
  plan.items.some(({ kind }) => verbNamed(kind)?.merges)
    ? Math.max(0, figures.in - figures.rejected - figures.out)
    : null;

const notRun = (plan: Plan, message: string): StepReport => ({
  ...noFigures(),
  step: plan.step,
  notebook: plan.notebook,
  status: "skipped",
  seconds: 0,
  message,
  merged: null,
});

const failure = (plan: Plan, error: unknown): StepReport => ({
  ...notRun(plan, messageFor(error)),
  status: "failed",
});

const changedNote = (steps: readonly string[]) =>
  `Changed since the last run: ${steps.join(", ")}. New rows are computed the new way; for those already kept, run with --full` +
  `${steps.length === 1 ? ` --from ${steps[0]}` : ""}.`;
