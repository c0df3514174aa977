import type { PlainValue } from "../contracts/plain-value.js";

/** Rows of a table, of each only the columns that somebody named. */
export interface NamedRows {
  readonly table: string;
  readonly rows: readonly Readonly<Record<string, PlainValue>>[];
}

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
