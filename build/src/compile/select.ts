import { backfillItem } from "shopmetrics/plan";
import { InputError } from "shopmetrics/settings";
import type { Graph } from "./graph.js";
import { reach } from "./needs.js";
import { nearest } from "../text.js";

/**
 * The steps that `--only`, `--from` and `--job` choose. `+name` adds all it needs, `name+` all it feeds.
 *
 * @throws InputError for a name that no step has, with similar names
 */
export function selectSteps(
  graph: Graph,
  options: { only?: string; from?: string; job: string },
): Set<string> {
  if (options.only !== undefined && options.from !== undefined)
    throw new InputError("--only and --from exclude each other: give one of them.");
  const wanted = options.from === undefined ? options.only : `${options.from.replace(/\+$/, "")}+`;
  if (wanted === undefined) {
    const steps = graph.plans.filter(({ jobs }) => jobs.includes(options.job)).map(({ step }) => step);
    if (steps.length === 0) {
      const jobs = [...new Set(graph.plans.flatMap((plan) => plan.jobs))].toSorted().join(", ");
      throw new InputError(`--job ${options.job}: no notebook belongs to it. There are: ${jobs}.`);
    }
    return new Set(steps);
  }
  const chosen = new Set<string>();
  for (const part of wanted.split(",").map((text) => text.trim())) {
    const [, up, name = "", down] = /^(\+?)(.*?)(\+?)$/.exec(part) ?? [];
    const step = findStep(graph, name);
    chosen.add(step);
    if (up) for (const other of reach([step], (of) => graph.needs.get(of) ?? [])) chosen.add(other);
    if (down)
      for (const other of downstreamOf(graph, step))
        if (jobsOf(graph, other).includes(options.job)) chosen.add(other);
  }
  return chosen;
}

/**
 * The steps of a backfill: those that compute business dates anew, and the pages that show their tables. `--only` and `--from` may
 * choose among all that depends on them.
 *
 * @throws InputError for a step that takes no part
 */
export function selectBackfilled(
  graph: Graph,
  options: { only?: string; from?: string; job: string },
): Set<string> {
  const chosen = selectSteps(graph, options);
  const computed = graph.plans
    .filter((plan) => chosen.has(plan.step) && backfillItem(plan))
    .map(({ step }) => step);
  const whole = new Set(computed.flatMap((step) => [step, ...downstreamOf(graph, step)]));
  // A backfill is a run, too: the pages that tell of runs and checks come with those of its tables.
  const pages = graph.plans.filter(({ runtime }) => runtime === "page");
  const isPage = (step: string) => pages.some((plan) => plan.step === step);
  const tellsOfRuns = pages.filter(({ reads }) => reads.includes("ops.runs")).map(({ step }) => step);
  const isNamed = options.only !== undefined || options.from !== undefined;
  const other = [...chosen].find((step) => !whole.has(step));
  if (computed.length === 0 || (isNamed && other !== undefined)) {
    const all = graph.plans.filter(backfillItem).map(({ step }) => step);
    throw new InputError(
      `${isNamed ? other : `--job ${options.job}`}: no business dates to compute anew. These have: ${all.join(", ")}.`,
    );
  }
  return new Set([
    ...[...chosen].filter((step) => whole.has(step) && (isNamed || computed.includes(step) || isPage(step))),
    ...(isNamed ? [] : tellsOfRuns),
  ]);
}

/** All steps that depend on a step, directly or not. */
export const downstreamOf = (graph: Graph, step: string): Set<string> =>
  reach([step], (of) => feeds(graph, of));

const jobsOf = (graph: Graph, step: string) => graph.plans.find((plan) => plan.step === step)?.jobs ?? [];

const feeds = (graph: Graph, step: string) =>
  graph.plans.filter((plan) => graph.needs.get(plan.step)?.includes(step)).map((plan) => plan.step);

function findStep(graph: Graph, name: string): string {
  const exact = graph.plans.find(({ step, writes }) => step === name || writes.includes(name));
  if (exact) return exact.step;
  const bare = graph.plans.filter(({ step }) => step.endsWith(`.${name}`));
  if (bare.length === 1) return bare[0]!.step;
  const steps = graph.plans.map(({ step }) => step);
  const near = nearest(name, steps);
  const hint = near ? `Did you mean ${near}?` : `There are: ${steps.join(", ")}.`;
  throw new InputError(`No step is called "${name}". ${hint}`);
}
