import type { Plan } from "shopmetrics/internal/plan";

/** Tables that a step writes; the quarantine too, where it refuses rows. */
export const writtenBy = (plan: Plan): string[] => [
  ...plan.writes,
  ...(plan.items.some(({ kind }) => kind === "reject") ? ["silver.rejected_rows"] : []),
];

/** Steps that write a table. None: the runner keeps it. */
export const writersOf = (plans: readonly Plan[], table: string): string[] =>
  plans.filter((plan) => writtenBy(plan).includes(table)).map(({ step }) => step);

/** Steps that read a table. */
export const readersOf = (plans: readonly Plan[], table: string): string[] =>
  plans.filter(({ reads }) => reads.includes(table)).map(({ step }) => step);
