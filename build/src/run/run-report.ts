import type { BusinessDates, StepFigures } from "shopmetrics/run";

export type StepStatus = "succeeded" | "failed" | "skipped";

export interface StepReport extends StepFigures {
  readonly step: string;
  readonly notebook: string;
  readonly status: StepStatus;
  readonly seconds: number;
  readonly message: string | null;
  /** Rows read that were duplicates, older versions or changed nothing. */
  readonly merged: number | null;
}

export type StepEvent = { readonly runId: string } & (
  | { readonly kind: "started"; readonly step: string }
  | { readonly kind: "ended"; readonly report: StepReport }
);

export interface RunReport {
  readonly runId: string;
  readonly status: "succeeded" | "failed";
  readonly startedAt: string;
  readonly seconds: number;
  readonly date: string;
  readonly full: boolean;
  /** Of a backfill, the business dates that it computed anew. */
  readonly backfill?: BusinessDates;
  readonly steps: readonly StepReport[];
}

/** What a skipped step says that found nothing new to read. The steps behind it run. */
export const nothingNew = "nothing new";
