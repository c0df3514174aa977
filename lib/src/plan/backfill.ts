import type { Item, Plan } from "./plan.js";

/**
 * What a step computes anew in a backfill: the item that refreshes its table, where it reads the run's days. Undefined for a step
 * that takes no part in backfills.
 */
export const backfillItem = ({ params, items }: Pick<Plan, "params" | "items">): Item | undefined =>
  params.some(({ kind, name }) => kind === "run" && name === "from_date")
    ? items.find(({ key }) => key)
    : undefined;
