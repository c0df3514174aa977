import { orderOfRun } from "../contracts/ops.js";
import type { Connection } from "../engine/connection.js";

/**
 * The latest result of each check, in common table expressions of which the last one, `latest_results`, has the columns of
 * `ops.check_results`. Results come with each run, so a year has millions of them. Here only those of the runs are read that
 * matter: of each step its last success and what came after it.
 *
 * @param atWork a condition on a row of `ops.check_results`: results of a step that is not on record yet
 * @param until the last run that counts, in SQL; by default all do
 */
export const latestResults = ({
  atWork,
  until,
}: { atWork?: string; until?: string } = {}): string => `successes as (
  select done.step, max(${orderOfRun}) as nth
  from ops.step_runs as done left join ops.runs as runs on runs.run_id = done.run_id
  where done.status = 'succeeded'${upTo(until)} group by done.step
),
since_then as (
  select done.step, done.run_id, ${orderOfRun} as nth
  from ops.step_runs as done left join ops.runs as runs on runs.run_id = done.run_id
  left join successes on successes.step = done.step
  where ${orderOfRun} >= coalesce(successes.nth, 0)${upTo(until)}${
    atWork === undefined
      ? ""
      : `
  union all
  select distinct step, run_id, 1000000000 from ops.check_results where ${atWork}`
  }
),
recent as (select step, run_id, max(nth) as nth from since_then group by step, run_id),
latest_results as (
  select * from (
    select results.*, row_number() over (
      partition by results.step, results.table_name, results.check_name
      order by recent.nth desc, results.run_id desc, results.checked_at desc) as place
    from ops.check_results as results join recent on recent.step = results.step and recent.run_id = results.run_id
  ) as ranked where place = 1
)`;

const upTo = (run: string | undefined) =>
  run === undefined
    ? ""
    : ` and ${orderOfRun} <= (select coalesce(max(run_number), 1000000000) from ops.runs where run_id = ${run})`;

/** The number of checks by their latest result. */
export async function countChecks(
  connection: Connection,
  runId: string,
): Promise<Record<"pass" | "warn" | "fail", number>> {
  const { rows } = await connection.query(
    `with ${latestResults({ atWork: "run_id = $run" })}
select status, count(*) as checks from latest_results group by status`,
    { run: runId },
  );
  const counts = new Map(rows.map((row) => [String(row["status"]), Number(row["checks"])]));
  return { pass: counts.get("pass") ?? 0, warn: counts.get("warn") ?? 0, fail: counts.get("fail") ?? 0 };
}
