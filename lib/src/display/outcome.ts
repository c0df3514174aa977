import type { VerbName } from "../verbs/index.js";
import type { Result } from "../plan/plan.js";
import type { StepFigures } from "../run/step.js";

/** What one verb, check or `show` of a notebook came to. */
export interface Outcome {
  readonly kind: VerbName;
  /** The table written or checked. */
  readonly table: string | undefined;
  readonly figures: StepFigures;
  readonly seconds: number;
  /** Rows the written table holds now. */
  readonly holds: number | undefined;
  /** What `show` found. */
  readonly shown: Shown | undefined;
  /** It failed, so what it wrote was taken back. */
  readonly failed: boolean;
}

/** Rows for a person: a page of them, and how many there are where that is known. */
export interface Shown {
  readonly result: Result;
  /** Rows before these. */
  readonly offset?: number;
  readonly total: number | undefined;
}

/** Where a live session says what happened: below the cell in Jupyter, on the console elsewhere. */
export interface Display {
  outcome(outcome: Outcome): void;
  note(message: string): void;
  /** Texts to be read as they are, each under its title. */
  texts?(passages: readonly { readonly title: string; readonly text: string }[]): void;
}
