import type { Connection, Engine } from "shopmetrics/engine";
import { backfillItem, verbNamed, type Plan } from "shopmetrics/plan";
import type { StepContext, StepFigures } from "shopmetrics/run";
import type { Graph } from "../compile/graph.js";

/*
 * What decides whether a step runs. A run asks when it comes to the step, `plan` asks before.
 */

/**
 * A step that reads only what is new has nothing to do when nothing is, unless it computes business dates anew. One that also reads a
 * list kept with the notebooks has that to write first.
 */
export const isUpToDate = (
  plan: Plan,
  context: Pick<StepContext, "full" | "backfill" | "windows" | "batches">,
) =>
  plan.changes.length > 0 &&
  !context.full &&
  !(plan.hasSeed && plan.writes.some((table) => context.batches.get(table) === 1)) &&
  !(context.backfill && backfillItem(plan)) &&
  [...context.windows.values()].every(({ lo, hi }) => lo >= hi);

/** A step that changes no rows that others read: it keeps what there is in good order. */
const isCare = ({ items }: Plan) =>
  items.length > 0 && items.every(({ kind }) => verbNamed(kind)?.role === "care");

const careEvery = 24 * 3_600_000;

/**
 * The steps of care that are to be done in addition to a run's own. Where one process at a time holds the warehouse, nobody
 * schedules a job for them: a run does them, once a day and not on the first.
 */
export async function dueCare(
  records: Connection,
  engine: Pick<Engine, "isExclusive">,
  graph: Graph,
  steps: ReadonlySet<string>,
): Promise<Plan[]> {
  const caring = graph.plans.filter((plan) => isCare(plan) && !steps.has(plan.step));
  if (!engine.isExclusive || caring.length === 0) return [];
  const { rows } = await records.query(
    `select coalesce(
  (select max(started_at) from ops.step_runs where step in (${caring.map(({ step }) => `'${step}'`).join(", ")})),
  (select min(started_at) from ops.runs)) as since`,
  );
  const age = Date.now() - Date.parse(String(rows[0]?.["since"]));
  // A record from the future was made under another clock.
  return age < 0 || age >= careEvery ? caring : [];
}

/** A bronze step that found no new file, or a program that keeps tables and had nothing for them. */
export const isIdle = (plan: Plan, figures: StepFigures) =>
  figures.files.length === 0 &&
  (plan.runtime === "node"
    ? plan.writes.length > 0 && figures.checks.length + figures.out + figures.deleted + figures.rejected === 0
    : onlyLoads(plan));

/** A step that only loads, which has nothing to do without a new file. */
export const onlyLoads = ({ items }: Pick<Plan, "items">) =>
  items.length > 0 && items.every(({ load, kind }) => load || verbNamed(kind)?.isShown);
