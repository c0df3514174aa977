import { check_results, step_runs, watermarks } from "../contracts/ops.js";
import type { Table } from "../contracts/table.js";
import { marker } from "../sql/param.js";
import { beforeTable } from "../sql/render.js";
import { draft, type Draft } from "./operation.js";

/**
 * Deletes what runs have left in a table or beside it and nothing reads any more; no statement for any other table. The
 * statements mean the same on all engines. What decides about exactly once stays whole: the ledger of files, and of the
 * watermarks the greatest.
 *
 * On Delta each is a MERGE that only deletes. Its conflicts are those of a delete: blind appends of other tasks go on beside it.
 */
export const outdated = (table: Table): Draft[] => {
  const own = [...(table.options.tracks ? [readImages(table)] : []), ...(rules.get(table.name) ?? [])];
  return own.map((sql) => draft(sql, { role: "write" }));
};

const oldest = marker("keep_from");

const lastRunOf = (condition: string) =>
  `select done.step, max_by(done.run_id, coalesce(runs.run_number, 0)) as run_id
    from ops.step_runs as done left join ops.runs as runs on runs.run_id = done.run_id
    where ${condition} group by done.step`;

/**
 * Of each step its last run, its last success and the last that gave rows are kept at any age: pages tell of them. A run without a
 * number that is as old is not at work any more: its job was cancelled before its end.
 */
const aged = (table: string, instant: string) => `merge into ${table} as t using (
  select array_agg(concat(step, ' ', run_id)) as kept from (
    ${[
      "done.status is not null",
      "done.status = 'succeeded'",
      "done.status = 'succeeded' and done.rows_out > 0",
    ]
      .map(lastRunOf)
      .join("\n    union all\n    ")}
  ) as last_runs
) as i on t.${instant} < ${oldest} and not array_contains(i.kept, concat(t.step, ' ', t.run_id))
when matched then delete`;

/** A run of which steps are on record says when they were, and at the last number counting goes on. */
const agedRuns = `merge into ops.runs as t using (
  select distinct runs.run_id from ops.runs as runs
  left join (select distinct run_id from ops.step_runs) as done on done.run_id = runs.run_id
  cross join (select max(run_number) as number from ops.runs) as latest
  where runs.started_at < ${oldest} and done.run_id is null and coalesce(runs.run_number, 0) < latest.number
) as i on t.run_id = i.run_id
when matched then delete`;

const overtakenMarks = `merge into ops.watermarks as t using (
  select step, table_name, max(batch) as batch from ops.watermarks group by step, table_name
) as i on t.step = i.step and t.table_name = i.table_name and t.batch < i.batch
when matched then delete`;

const rules: ReadonlyMap<string, readonly string[]> = new Map([
  [check_results.name, [aged(check_results.name, "checked_at")]],
  [step_runs.name, [aged(step_runs.name, "started_at"), agedRuns]],
  [watermarks.name, [overtakenMarks]],
]);

/** The before-images of batches that all steps have read which ever read the table. */
const readImages = (table: Table) => `merge into ${beforeTable(table)} as t using (
  select min(batch) as batch from (
    select marks.step, max(marks.batch) as batch
    from ops.watermarks as marks join ops.steps as steps on steps.step = marks.step
    where marks.table_name = '${table.name}' and marks.step <> '${table.name}' group by marks.step
  ) as readers
) as i on t._batch <= i.batch
when matched then delete`;
