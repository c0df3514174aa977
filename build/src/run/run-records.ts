import type { Connection, Dialect, Engine } from "shopmetrics/engine";
import type { Plan, ResultRow } from "shopmetrics/plan";
import { insert, type BusinessDates } from "shopmetrics/run";
import type { Graph } from "../compile/graph.js";
import type { RunReport } from "./run-report.js";

const instant = (date: Date) => ({ type: "timestamp", value: date.toISOString() }) as const;

const day = (date: string | undefined) =>
  date === undefined ? null : ({ type: "date", value: date } as const);

/** Records that a run has begun. */
export async function openRun(
  records: Connection,
  engine: Engine,
  run: {
    readonly runId: string;
    readonly started: Date;
    readonly date: string;
    readonly full: boolean;
    readonly backfill?: BusinessDates;
  },
): Promise<void> {
  // Where one process at a time holds the warehouse, a run that still says it is running was killed.
  if (engine.isExclusive)
    await records.execute(
      "update ops.runs set status = 'failed', message = 'killed before its end' where status = 'running'",
    );
  const { rows } = await records.query(
    "select coalesce(max(run_number), count(*)) + 1 as next from ops.runs",
  );
  await records.execute(
    `insert into ops.runs (run_id, started_at, status, run_date, is_full, engine, steps_run, steps_skipped, run_number,
  from_date, to_date)
values ($run, $started, 'running', $date, $full, $engine, 0, 0, $number, $from, $to)`,
    {
      run: run.runId,
      started: instant(run.started),
      date: run.date,
      full: run.full,
      engine: engine.name,
      number: Number(rows[0]!["next"]),
      from: day(run.backfill?.from),
      to: day(run.backfill?.to),
    },
  );
}

/** Records how a run ended, and how far each step has read. */
export async function closeRun(
  records: Connection,
  dialect: Dialect,
  graph: Graph,
  report: RunReport,
): Promise<void> {
  const skipped = report.steps.filter(({ status }) => status === "skipped").length;
  await records.execute(
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
  await recordGraph(records, dialect, graph);
}

/**
 * Records the graph that runs and how far each step has read, so that both can be queried like the results.
 *
 * @returns the steps that write tables and whose meaning has changed since they were last recorded
 */
export async function recordGraph(records: Connection, dialect: Dialect, graph: Graph): Promise<string[]> {
  const known = await records.query(
    "select step, position, fingerprint, watermark from ops.steps order by position",
  );
  const read = await records.query(
    "select step, table_name, max(batch) as batch from ops.watermarks group by step, table_name order by step, table_name",
  );
  const watermarks = ({ step, changes }: Plan) =>
    read.rows
      .filter((row) => row["step"] === step && changes.includes(String(row["table_name"])))
      .map((row) => `${String(row["table_name"])}=${String(row["batch"])}`);
  const wanted = graph.plans.map((plan, index) =>
    [index + 1, plan.step, plan.fingerprint, String(watermarks(plan))].join("|"),
  );
  const recorded = known.rows.map((row) =>
    ["position", "step", "fingerprint", "watermark"].map((name) => String(row[name] ?? "")).join("|"),
  );
  if (wanted.join() === recorded.join()) return [];
  const rows = graph.plans.map((plan, index) => ({
    step: plan.step,
    position: index + 1,
    job: plan.jobs.join(", "),
    notebook: plan.notebook,
    runtime: plan.runtime,
    reads: plan.reads,
    writes: plan.writes,
    watermark: watermarks(plan),
    fingerprint: plan.fingerprint,
  }));
  await records.transaction(async () => {
    await records.execute("delete from ops.steps");
    await insert(records, "ops.steps", rows, dialect);
  });
  return changedSteps(known.rows, graph);
}

/**
 * The steps that write tables and whose meaning is not the one that is on record.
 *
 * @param recorded rows of ops.steps
 */
export function changedSteps(recorded: readonly ResultRow[], { plans }: Pick<Graph, "plans">): string[] {
  const before = new Map(recorded.map((row) => [String(row["step"]), String(row["fingerprint"])]));
  return plans
    .filter(
      ({ step, fingerprint, writes }) =>
        writes.length > 0 && before.has(step) && before.get(step) !== fingerprint,
    )
    .map(({ step }) => step);
}
