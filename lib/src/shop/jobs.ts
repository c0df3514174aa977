import type { JobDeclaration } from "../plan/project.js";

/** When the shop's jobs run, and their limits. */
export const jobs: Readonly<Record<string, JobDeclaration>> = {
  /** 02:00 UTC, finished within an hour (NFR-001, NFR-008). After 45 minutes an e-mail warns, so there is time to look. */
  daily: {
    description: "Loads what has landed and brings silver and gold up to date.",
    schedule: "0 0 2 * * ?",
    warnAfter: 45,
    asks: "streaming",
    recordsSteps: true,
  },
  /**
   * The clickstream's steps, which no other job runs: the daily job starts this one and waits for it. By itself it runs every
   * 5 minutes once somebody switches its schedule on (NFR-002), which keeps a warehouse awake: the guide has the cost. A round
   * makes no tables, so the daily job or the smoke test has to run before.
   */
  streaming: {
    description: "Loads what the clickstream's topic holds by now, up to gold.",
    schedule: "0 0/5 * * * ?",
    paused: true,
    warnAfter: 4,
    prepares: false,
    asksForNews: true,
  },
  /** Sundays, well after the daily batch. */
  maintenance: {
    description: "Compacts the tables and removes files that no reader needs (FR-011, FR-012).",
    schedule: "0 0 4 ? * SUN",
  },
  /** What must work after a deployment: start Node and the warehouse, find the files, and check every table (AC-008). */
  smoke_test: {
    description: "Checks the tables as they are, to show that a deployment works.",
    also: ["ops.data_quality"],
  },
  /**
   * A run of the daily job and not of the gold steps alone: two jobs must not write a table at once, and the daily job's queue sees
   * to that.
   */
  backfill: {
    description:
      "Computes the gold tables anew for the business dates from_date to to_date, and says which rows changed.",
    timeout: 5 * 60,
    backfills: "daily",
  },
  /** It waits in the daily job's queue, as a backfill does. */
  forget: {
    description:
      "Forgets the customer of customer_id: out of landed files and all tables, with a proof. Without one, those who arrived again.",
    timeout: 5 * 60,
    forgets: "daily",
  },
};

/** Jobs whose notebooks stay off Databricks, and why. */
export const localOnlyJobs: Readonly<Record<string, string>> = {
  generator: "it simulates the shop or checks its broker, by hand, on a machine with DuckDB",
};

/** Free Edition runs at most this many tasks of an account at once (C-003). */
export const mostTasksAtOnce = 5;
