import type { Plan } from "shopmetrics/plan";
import type { Graph } from "../../compile/graph.js";

/**
 * The last task of a job, which always runs: it records the steps that failed or were not reached, and how the run ended.
 * It raises an error when the run has failed, since a job's result is that of its last task.
 */
export function finishFile(job: string, graph: Graph, plans: readonly Plan[]): string {
  const names = new Set(plans.map(({ step }) => step));
  const steps = plans.map(({ step }, index) => {
    const needs = (graph.needs.get(step) ?? []).filter((need) => names.has(need));
    return `  (${index + 1}, '${step}', array(${needs.map((need) => `'${need}'`).join(", ")}))`;
  });
  const run = "run_id = {{run_id}}";
  return `-- The end of the job ${job}
-- Compiled from the graph of the notebooks: change those, not this file.

use catalog {{catalog}};

-- the steps of this job, each with those it waits for
create or replace temporary view outcome as
with steps as (
  select * from values
${steps.join(",\n")}
  as steps (position, step, needs)
),
done as (select distinct step from ops.step_runs where ${run} and status in ('succeeded', 'skipped')
  and (message is null or message = 'nothing new')),
failed as (
  select step, max_by(concat(notebook, ' cell ', cell, ': check "', check_name, '" of ', table_name), checked_at) as message
  from ops.check_results where ${run} and status = 'fail' group by step
),
blocked as (
  select steps.step, array_except(steps.needs, (select collect_list(step) from done)) as by from steps
)
select steps.position, steps.step, done.step is not null as is_done,
  case when done.step is not null then null when size(blocked.by) > 0 then 'skipped' else 'failed' end as status,
  case when done.step is not null then null
    when size(blocked.by) > 0 then concat(blocked.by[0], ' did not succeed')
    else coalesce(failed.message, 'the task failed: its log says why') end as message
from steps join blocked on blocked.step = steps.step
left join done on done.step = steps.step
left join failed on failed.step = steps.step;

-- on record: steps without a success, and no longer those that a repair of the run has mended
merge into ops.step_runs as t using outcome as i
on t.run_id = {{run_id}} and t.step = i.step and (t.status = 'failed' or t.message like '% did not succeed')
when matched and i.is_done then delete
when matched then update set t.status = i.status, t.message = i.message
when not matched and not i.is_done then insert (run_id, step, status, started_at, seconds, statement_ids, message)
  values ({{run_id}}, i.step, i.status, current_timestamp(), 0, array(), i.message);

-- how far each step has read
merge into ops.steps as t using (
  select step, array_sort(collect_list(concat(table_name, '=', batch))) as watermark
  from (
    select marks.step, marks.table_name, max(marks.batch) as batch
    from ops.watermarks as marks join ops.steps as steps on steps.step = marks.step
    where not array_contains(steps.writes, marks.table_name)
    group by marks.step, marks.table_name
  ) group by step
) as i on t.step = i.step
when matched and not (t.watermark <=> i.watermark) then update set t.watermark = i.watermark;

-- how the run ended
merge into ops.runs as t using (
  select count(case when status <> 'skipped' then 1 end) as ran, count(case when status = 'skipped' then 1 end) as skipped,
    min_by(concat(step, ': ', message), started_at) filter (where status = 'failed') as failed
  from ops.step_runs where ${run}
) as i on t.run_id = {{run_id}}
when matched then update set t.finished_at = current_timestamp(), t.status = if(i.failed is null, 'succeeded', 'failed'),
  t.message = i.failed, t.steps_run = i.ran, t.steps_skipped = i.skipped;

select raise_error(message) from ops.runs where ${run} and status = 'failed';
`;
}
