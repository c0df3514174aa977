import { operation as readAgain } from "shopmetrics/internal/engine/operation";
import type { Item, Operation } from "shopmetrics/internal/plan";
import { keptBy, withAfterImages } from "../../sql-after.js";
import { isPreparation, withoutSmallStages } from "../../sql-stages.js";

/** One statement of an item, or the loading of its files. */
export interface Piece {
  readonly item: Item;
  readonly operation: Operation | undefined;
}

/** Statements that belong together: rows are prepared, then all is checked, then tables are written. */
export interface Passage {
  readonly preparations: Piece[];
  readonly checks: Piece[];
  readonly writes: Piece[];
}

/**
 * A step's statements in the order in which a warehouse takes them. It has no transaction over several tables, so all
 * checks come before the first write: one that stands behind the verb is measured on the table as it will be. A verb that
 * may read what another one writes begins a new passage.
 */
export function passages(items: readonly Item[]): Passage[] {
  const begun = (): Passage => ({ preparations: [], checks: [], writes: [] });
  const all = [begun()];
  let isKept = false;
  for (const item of withoutSmallStages(withAfterImages(items))) {
    if (keptBy(item) && isKept) all.push(begun());
    isKept ||= keptBy(item) !== undefined;
    const { preparations, checks, writes } = all.at(-1)!;
    if (item.load) preparations.push({ item, operation: undefined });
    for (const operation of item.scripts.databricks) {
      if (operation.kind === "check") checks.push({ item, operation });
      else if (isPreparation(operation.sql)) preparations.push({ item, operation });
      else if (operation.kind === "execute") writes.push({ item, operation });
    }
  }
  return all;
}

/** The same as items, for a run that speaks to the warehouse. A statement binds what the stages in it bind, too. */
export const inPassages = (items: readonly Item[]): Item[] =>
  passages(items)
    .flatMap(({ preparations, checks, writes }) => [...preparations, ...checks, ...writes])
    .map(({ item: { load, ...item }, operation }) => ({
      ...item,
      ...(load && !operation && { load }),
      scripts: {
        duckdb: [],
        databricks: operation ? [{ ...operation, params: readAgain(operation.sql).params }] : [],
      },
    }));
