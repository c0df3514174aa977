import type { Item, Operation } from "../../plan/plan.js";
import { verbNamed } from "../../verbs/registry.js";

/** One statement of an item, or the loading of its files. */
export interface PhaseStatement {
  readonly item: Item;
  readonly operation: Operation | undefined;
}

/** Statements that belong together: rows are prepared, then all is checked, then tables are written. */
interface Phase {
  readonly preparations: PhaseStatement[];
  readonly checks: PhaseStatement[];
  readonly writes: PhaseStatement[];
}

/**
 * A step's statements in the order in which a warehouse gets them. It has no transaction over several tables, so all
 * checks come before the first write: a check after the verb is measured on the table as it will be. A verb that
 * may read what another one writes begins a new phase.
 */
export function phases(items: readonly Item[]): Phase[] {
  const begun = (): Phase => ({ preparations: [], checks: [], writes: [] });
  const all = [begun()];
  let hasKept = false;
  for (const item of items) {
    const keeps = verbNamed(item.kind)?.role === "keep";
    if (keeps && hasKept) all.push(begun());
    hasKept ||= keeps;
    const { preparations, checks, writes } = all.at(-1)!;
    const of = { prepare: preparations, check: checks, write: writes, show: undefined };
    if (item.load) preparations.push({ item, operation: undefined });
    for (const operation of item.scripts["databricks"] ?? []) of[operation.role]?.push({ item, operation });
  }
  return all;
}

/** The same as items, for a run with a connection to the warehouse. */
export const inPhases = (items: readonly Item[]): Item[] =>
  phases(items)
    .flatMap(({ preparations, checks, writes }) => [...preparations, ...checks, ...writes])
    .map(({ item: { load, ...item }, operation }) => ({
      ...item,
      ...(load && !operation && { load }),
      scripts: { databricks: operation ? [operation] : [] },
    }));
