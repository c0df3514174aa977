import { randomBytes } from "node:crypto";
import { duckdbDialect } from "shopmetrics/internal/engine/duckdb/dialect";
import type { Connection, Engine } from "shopmetrics/internal/engine/engine";
import type { Plan } from "shopmetrics/internal/plan";
import { executeItems, noFigures, type StepContext, type StepFigures } from "shopmetrics/internal/run/step";
import { keepChecks, prepareWarehouse, publish, readWindows } from "shopmetrics/internal/run/warehouse";
import type { Graph } from "./graph.js";

export interface RunOptions {
  readonly engine: Engine;
  readonly graph: Graph;
  /** The steps to run, by name; others are left alone. */
  readonly steps: ReadonlySet<string>;
  readonly landing: string;
  /** Logical date, ISO. */
  readonly date: string;
  readonly full: boolean;
  /** How many steps run side by side. */
  readonly width?: number;
  readonly onStep?: (event: StepEvent) => void;
  /** Told of what a person should know beside the steps' own reports. */
  readonly onNote?: (message: string) => void;
}

export type StepStatus = "succeeded" | "failed" | "skipped";

export interface StepReport extends StepFigures {
  readonly step: string;
  readonly notebook: string;
  readonly status: StepStatus;
  readonly seconds: number;
  readonly message: string | null;
  /** Rows taken in that were duplicates, older versions or changed nothing. */
  readonly merged: number | null;
}

export type StepEvent =
  | { readonly kind: "started"; readonly step: string }
  | { readonly kind: "ended"; readonly report: StepReport };

export interface RunReport {
  readonly runId: string;
  readonly status: "succeeded" | "failed";
  readonly startedAt: string;
  readonly seconds: number;
  readonly date: string;
  readonly full: boolean;
  readonly steps: readonly StepReport[];
}

/**
 * Runs the steps of a graph, each once those it needs have succeeded, at most `width` side by side. Each step is one
 * transaction; a step behind a failed one is skipped, and so is one that has nothing new to read.
 */
export async function runGraph(options: RunOptions): Promise<RunReport> {
  const { engine, graph, steps, width = 5 } = options;
  const started = new Date();
  const runId = `${started.toISOString().slice(0, 19).replaceAll(":", "")}Z-${randomBytes(3).toString("hex")}`;
  const books = await engine.connect();
  const reports = new Map<string, StepReport>();
  try {
    await prepareWarehouse(books, duckdbDialect);
    await openRun(books, runId, started, options);
    const changed = await keepSteps(books, graph);
    if (changed.length > 0 && !options.full) options.onNote?.(changedNote(changed));
    await inGraphOrder(graph, steps, width, async (plan) => {
      options.onStep?.({ kind: "started", step: plan.step });
      const blocked = (graph.needs.get(plan.step) ?? []).find((need) => stops(reports.get(need)));
      const report = blocked
        ? notRun(plan, `${blocked} did not succeed`)
        : await runStep(plan, runId, options).catch((error: unknown) => failure(plan, error));
      reports.set(plan.step, report);
      options.onStep?.({ kind: "ended", report });
    });
    const ordered = graph.plans.flatMap(({ step }) => reports.get(step) ?? []);
    const failed = ordered.filter(({ status }) => status === "failed");
    const report: RunReport = {
      runId,
      status: failed.length ? "failed" : "succeeded",
      startedAt: started.toISOString(),
      seconds: (Date.now() - started.getTime()) / 1000,
      date: options.date,
      full: options.full,
      steps: ordered,
    };
    await closeRun(books, report);
    return report;
  } finally {
    await books.close();
  }
}

const stops = (report: StepReport | undefined) =>
  report?.status === "failed" || (report?.status === "skipped" && report.message !== nothingNew);

export const nothingNew = "nothing new";

async function inGraphOrder(
  graph: Graph,
  chosen: ReadonlySet<string>,
  width: number,
  work: (plan: Plan) => Promise<void>,
): Promise<void> {
  const waiting = graph.plans.filter(({ step }) => chosen.has(step));
  const open = new Set(waiting.map(({ step }) => step));
  const running = new Set<Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(({ step }) =>
      (graph.needs.get(step) ?? []).every((need) => !open.has(need)),
    );
    if (next >= 0 && running.size < width) {
      const [plan] = waiting.splice(next, 1);
      const task: Promise<void> = work(plan!).finally(() => {
        open.delete(plan!.step);
        running.delete(task);
      });
      running.add(task);
    } else {
      await Promise.race(running);
    }
  }
}

async function runStep(plan: Plan, runId: string, options: RunOptions): Promise<StepReport> {
  const started = new Date();
  const now = started.toISOString();
  const figures = noFigures();
  const connection = await options.engine.connect();
  const elapsed = () => (Date.now() - started.getTime()) / 1000;
  const finish = (status: StepStatus, message: string | null): StepReport => ({
    ...figures,
    step: plan.step,
    notebook: plan.notebook,
    status,
    seconds: elapsed(),
    message,
    merged: mergedOf(plan, figures),
  });
  try {
    const windows = await readWindows(connection, plan.step, { ...plan, full: options.full });
    const context: StepContext = {
      runId,
      now,
      date: options.date,
      full: options.full,
      landing: options.landing,
      ...windows,
    };
    if (isUpToDate(plan, context)) return finish("skipped", nothingNew);
    try {
      const report = await connection.transaction(async () => {
        await executeItems(connection, options.engine.name, plan, context, figures);
        if (isIdle(plan, figures)) return finish("skipped", nothingNew);
        await publish(connection, plan.step, context, figures);
        await keepChecks(connection, plan.step, context, figures.checks);
        const done = finish("succeeded", null);
        await keepStepRun(connection, done, context);
        return done;
      });
      return report;
    } catch (error) {
      const failed = finish("failed", (error as Error).message);
      await keepChecks(connection, plan.step, context, figures.checks);
      await keepStepRun(connection, failed, context);
      return failed;
    }
  } finally {
    await connection.close();
  }
}

/** A step that reads only what is new has nothing to do when nothing is. */
const isUpToDate = (plan: Plan, context: StepContext) =>
  plan.changes.length > 0 && !context.full && [...context.windows.values()].every(({ lo, hi }) => lo >= hi);

/** A bronze step that found no new file. */
const isIdle = (plan: Plan, figures: StepFigures) =>
  plan.items.length > 0 &&
  plan.items.every(({ load, kind }) => load || kind === "show") &&
  figures.files.length === 0;

const mergedOf = (plan: Plan, figures: StepFigures) =>
  plan.items.some(({ kind }) => kind === "merge")
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
  ...notRun(plan, error instanceof Error ? error.message : String(error)),
  status: "failed",
});

const instant = (date: Date | string) =>
  ({ type: "timestamp", value: typeof date === "string" ? date : date.toISOString() }) as const;

async function openRun(books: Connection, runId: string, started: Date, options: RunOptions): Promise<void> {
  // The warehouse has one writer at a time: a run that still says it is running was killed.
  await books.execute(
    "update ops.runs set status = 'failed', message = 'killed before its end' where status = 'running'",
  );
  await books.execute(
    `insert into ops.runs (run_id, started_at, status, run_date, is_full, engine, steps_run, steps_skipped)
values ($run, $started, 'running', $date, $full, $engine, 0, 0)`,
    {
      run: runId,
      started: instant(started),
      date: options.date,
      full: options.full,
      engine: options.engine.name,
    },
  );
}

async function closeRun(books: Connection, report: RunReport): Promise<void> {
  const skipped = report.steps.filter(({ status }) => status === "skipped").length;
  await books.execute(
    `update ops.runs set finished_at = $finished, status = $status, steps_run = $ran, steps_skipped = $skipped, message = $message
where run_id = $run`,
    {
      run: report.runId,
      finished: instant(new Date()),
      status: report.status,
      ran: report.steps.length - skipped,
      skipped,
      message: report.steps.find(({ status }) => status === "failed")?.message ?? null,
    },
  );
  await books.execute(
    `update ops.steps set watermark = coalesce((
  select list(upstream || '=' || batch order by upstream) from ops.watermarks where watermarks.step = steps.step), [])`,
  );
}

async function keepStepRun(connection: Connection, report: StepReport, context: StepContext): Promise<void> {
  await connection.execute(
    `insert into ops.step_runs (run_id, step, status, started_at, seconds, rows_in, rows_out, rows_merged, rows_rejected, batch,
  statement_ids, message)
values ($run, $step, $status, $started, $seconds, $in, $out, $merged, $rejected, $batch, [], $message)`,
    {
      run: context.runId,
      step: report.step,
      status: report.status,
      started: instant(context.now),
      seconds: report.seconds,
      in: report.in,
      out: report.out,
      merged: report.merged,
      rejected: report.rejected,
      batch: [...context.batches.values()][0] ?? null,
      message: report.message,
    },
  );
}

/** Writes down the graph that runs, so that it can be queried beside its results. Gives the steps that changed. */
async function keepSteps(books: Connection, graph: Graph): Promise<string[]> {
  const known = await books.query("select step, position, fingerprint from ops.steps order by position");
  const wanted = graph.plans.map(({ step, fingerprint }, index) => `${index + 1} ${step} ${fingerprint}`);
  const kept = known.rows.map(
    (row) => `${String(row["position"])} ${String(row["step"])} ${String(row["fingerprint"])}`,
  );
  if (wanted.join() === kept.join()) return [];
  const before = new Map(known.rows.map((row) => [String(row["step"]), String(row["fingerprint"])]));
  await books.transaction(async () => {
    await books.execute("delete from ops.steps");
    for (const [index, plan] of graph.plans.entries()) {
      await books.execute(
        `insert into ops.steps (step, position, job, notebook, runtime, reads, writes, watermark, fingerprint)
values ($step, $position, $job, $notebook, $runtime, cast($reads as json)::varchar[], cast($writes as json)::varchar[], [], $fingerprint)`,
        {
          step: plan.step,
          position: index + 1,
          job: plan.job,
          notebook: plan.notebook,
          runtime: plan.runtime,
          reads: JSON.stringify(plan.reads),
          writes: JSON.stringify(plan.writes),
          fingerprint: plan.fingerprint,
        },
      );
    }
  });
  return graph.plans
    .filter(({ step, fingerprint }) => before.has(step) && before.get(step) !== fingerprint)
    .map(({ step }) => step);
}

const changedNote = (steps: readonly string[]) =>
  `Changed since the last run: ${steps.join(", ")}. New rows are computed the new way; for those already kept, run with --full` +
  `${steps.length === 1 ? ` --from ${steps[0]}` : ""}.`;
