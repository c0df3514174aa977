import { rejected_rows, verbNamed, type Place, type Plan, type Tables } from "shopmetrics/plan";
import { NotebookError } from "../notebook/error.js";
import { findCycle, type Needs } from "./needs.js";

/** The steps in an order in which each comes after what it reads, with what each waits for. */
export interface Graph {
  readonly plans: readonly Plan[];
  /** For each step the steps it waits for. */
  readonly needs: Needs;
}

/** Steps that fail alone: what reads their tables goes on with what these hold. */
export const failingAlone = ({ plans }: Graph): ReadonlySet<string> =>
  new Set(plans.flatMap(({ step, failsAlone }) => (failsAlone ? [step] : [])));

export const layers = ["sources", "bronze", "silver", "gold", "ops", "dashboard"];

/** Tables that several steps may add to: each row says which table it belongs to. */
const sharedTables = new Set([rejected_rows.name]);

/**
 * Puts steps in order by what they read and write.
 *
 * @throws NotebookError for a cycle, a table written by two steps, a read of a table that no step writes, or a read
 *   against the order of the layers
 */
export function graphOf(plans: readonly Plan[]): Graph {
  const writers = new Map<string, Plan>();
  for (const plan of plans) {
    for (const table of plan.writes) {
      const other = writers.get(table);
      if (other) {
        throw new NotebookError(
          placeOf(plan, table),
          `writes ${table}, which ${other.notebook} writes too (${spot(other.places[table])})`,
          "Let one notebook write it, or split the table.",
        );
      }
      writers.set(table, plan);
    }
  }
  const needs = new Map<string, string[]>();
  for (const plan of plans) {
    const waits = new Set<string>();
    for (const table of plan.reads) {
      const writer = writers.get(table);
      if (!writer) {
        if (isKeptByTheRunner(table) || isOfAllTables(plan)) continue;
        throw new NotebookError(
          placeOf(plan, table),
          `reads ${table}, which no notebook writes`,
          `Add notebooks/${table.replace(".", "/")}.ipynb, or read a table that is written.`,
        );
      }
      if (layerOf(writer) > layerOf(plan)) {
        throw new NotebookError(
          placeOf(plan, table),
          `reads ${table}, which is of a later layer than ${plan.step}`,
          `A step reads its own layer or an earlier one: ${layers.join(" → ")}.`,
        );
      }
      waits.add(writer.step);
    }
    needs.set(plan.step, [...waits]);
  }
  return { plans: inOrder(plans, needs), needs };
}

/** Whether a step takes all tables that are declared, so that it is not the one that lacks a table: the care of them, or a page. */
const isOfAllTables = ({ items, runtime }: Plan) =>
  runtime === "page" || (items.length > 0 && items.every(({ kind }) => verbNamed(kind)?.role === "care"));

/**
 * Refuses contracts whose table no step writes: it would be created and stay empty.
 *
 * @throws NotebookError naming the first such contract's file and the notebook to add
 */
export function refuseUnwritten(plans: readonly Plan[], tables: Tables): void {
  const written = new Set(plans.flatMap(({ writes }) => writes));
  for (const { name, layer } of tables.values()) {
    if (written.has(name) || isKeptByTheRunner(name)) continue;
    throw new NotebookError(
      { path: `lib/src/shop/${layer}.ts` },
      `declares ${name}, which no notebook writes`,
      `Add notebooks/${name.replace(".", "/")}.ipynb, or remove the contract.`,
    );
  }
}

const isKeptByTheRunner = (table: string) => table.startsWith("ops.") || sharedTables.has(table);

const layerOf = (plan: Plan) => layers.indexOf(plan.step.slice(0, plan.step.indexOf(".")));

const placeOf = (plan: Plan, table: string) => plan.places[table] ?? { path: plan.notebook };

const spot = (place: Place | undefined) =>
  place ? `cell ${place.cell}:${place.line}` : "in its front matter";

/** Kahn's algorithm; among steps that could come next, the earlier layer and then the name goes first. */
function inOrder(plans: readonly Plan[], needs: Needs): Plan[] {
  const waiting = plans.toSorted((a, b) => layerOf(a) - layerOf(b) || a.step.localeCompare(b.step));
  const done = new Set<string>();
  const ordered: Plan[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ step }) => (needs.get(step) ?? []).every((need) => done.has(need)));
    if (next < 0) throw cycleError(waiting, needs);
    const [plan] = waiting.splice(next, 1);
    ordered.push(plan!);
    done.add(plan!.step);
  }
  return ordered;
}

function cycleError(plans: readonly Plan[], needs: Needs): NotebookError {
  const cycle = findCycle(needs) ?? [];
  const [last, first] = cycle.slice(-2).map((step) => plans.find((plan) => plan.step === step)!);
  const table = last!.reads.find((read) => first!.writes.includes(read))!;
  return new NotebookError(
    placeOf(last!, table),
    `reads in a circle: ${cycle.join(" reads ")}`,
    "Break the circle: let one of them read an earlier layer.",
  );
}
