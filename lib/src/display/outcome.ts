import type { VerbName } from "../verbs/registry.js";
import type { Result } from "../plan/plan.js";
import type { UnitTest } from "../plan/unit-test.js";
import type { StepFigures } from "../run/step.js";

/** The outcome of one verb, check or `show` of a notebook. */
export interface Outcome {
  readonly kind: VerbName;
  /** The table written or checked. */
  readonly table: string | undefined;
  readonly figures: StepFigures;
  readonly seconds: number;
  /** Rows the written table holds now. */
  readonly holds: number | undefined;
  /** The rows of `show`. */
  readonly shown: Shown | undefined;
  /** It failed, and what it wrote was rolled back. */
  readonly failed: boolean;
}

/** Rows for a person: a page of them, and how many there are where that is known. */
export interface Shown {
  readonly result: Result;
  /** Rows before these. */
  readonly offset?: number;
  readonly total: number | undefined;
}

/** Where a live session reports what happened: below the cell in Jupyter, on the console elsewhere. */
export interface Display {
  outcome(outcome: Outcome): Promise<void>;
  note(message: string): void;
  /** Tells of a unit test that passed. */
  passed?(test: UnitTest): Promise<void>;
  /** Shows texts unchanged, each under its title. */
  texts?(passages: readonly { readonly title: string; readonly text: string }[]): Promise<void>;
}
