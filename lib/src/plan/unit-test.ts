import type { PlainValue } from "../contracts/plain-value.js";

/** Rows of a table, of each only the columns that somebody named. */
export interface NamedRows {
  readonly table: string;
  readonly rows: readonly Readonly<Record<string, PlainValue>>[];
}

/** When the step of a unit test runs that says nothing else. */
export const usualNow = "2026-03-11T00:00:00Z";

/** What has arrived before the step runs, and when it runs: an ISO instant. */
export interface Arrival {
  readonly now: string;
  readonly given: readonly NamedRows[];
}

/** Rows in, rows out: a unit test of a step as its notebook says it. The step runs once for each arrival. */
export interface UnitTest {
  readonly arrivals: readonly Arrival[];
  readonly expected: NamedRows;
}
