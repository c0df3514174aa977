/** How a task of a job ended that was begun and did not succeed, as Databricks names it. */
export const failedStates = ["failed", "timedout", "canceled", "evicted"];

/** How one ended that was not begun, because a task before it did not succeed. */
export const upstreamStates = ["upstream_failed", "upstream_canceled", "upstream_evicted"];
