import { quoted } from "shopmetrics/engine";
import type { Plan } from "shopmetrics/plan";
import { describedCheck, failedStates, upstreamStates } from "shopmetrics/run";
import { dateGiven, dateParameters } from "./variables.js";
import type { Graph } from "../../compile/graph.js";

const list = (states: readonly string[]) => `(${states.map(quoted).join(", ")})`;

const failed = list(failedStates);

/** How a task ended that was part of the run: `bundle run --only` leaves others out. */
const ran = list(["success", ...failedStates, ...upstreamStates]);

/**
 * The last task of a job, which runs however the others ended: it records the steps that failed or were not reached, and how
 * the run ended. It raises an error when the run failed, since a job's result is that of its last task.
 *
 * Jobs may end at the same moment, and an INSERT that reads its own table conflicts with every other one. So what it reads goes
 * into variables first. A repair of a run adds rows where something has changed.
 *
 * @param options.taskOf the name of the task that runs a step
 * @param options.takesDates whether the job is told which business dates it computes anew
 * @param options.recordsSteps whether it also records what the pipeline is made of; only one job does
 */
export function finishFile(
  job: string,
  graph: Graph,
  plans: readonly Plan[],
  options: { taskOf: (plan: Plan) => string; recordsSteps: boolean; takesDates: boolean },
): string {
  const names = new Set(plans.map(({ step }) => step));
  const steps = plans.map((plan, index) => {
    const { step } = plan;
    const needs = (graph.needs.get(step) ?? []).filter((need) => names.has(need));
    const waits = `cast(array(${needs.map(quoted).join(", ")}) as array<string>)`;
    return `  (${index + 1}, ${quoted(step)}, ${quoted(options.taskOf(plan))}, ${waits})`;
  });
  const run = "run_id = {{run_id}}";
  const statements = [
    `use catalog {{catalog}}`,
    `set time zone 'UTC'`,
    `-- the steps of this job that have no success, with how their tasks ended
declare or replace variable missing array<struct<step string, status string, message string>>`,
    `set variable missing = (
  with states as (select str_to_map({{states}}, ',', '=') as task_states),
  -- where no state at all is given, all tasks count as part of the run
  declared as (
    select *, coalesce(try_element_at(task_states, task), '') as state,
      not exists(map_values(task_states), one -> one = 'excluded' or one in ${ran}) as is_all
    from states cross join values
  ${steps.join(",\n  ")}
    as declared (position, step, task, needs)
  ),
  done as (select distinct step from ops.step_runs where ${run} and status in ('succeeded', 'skipped')
    and (message is null or message = 'nothing new')),
  halted as (
    select step, max_by(${describedCheck}, checked_at) as message
    from ops.check_results where ${run} and status = 'fail' group by step
  ),
  latest as (
    select step, max_by(status, started_at) as status, max_by(message, started_at) as message
    from ops.step_runs where ${run} group by step
  ),
  found as (
    select declared.step,
      if(declared.state in ${failed}, 'failed', 'skipped') as status,
      case when halted.message is not null then halted.message
        when declared.state in ${failed} then concat('the task ended as ', declared.state, ': its log says why')
        when declared.state = 'success' then 'the task succeeded and left no record'
        else coalesce(concat(get(array_except(declared.needs, (select collect_list(step) from done)), 0), ' did not succeed'),
          'a task before it did not succeed') end as message
    from declared
    left join done on done.step = declared.step
    left join halted on halted.step = declared.step
    left join latest on latest.step = declared.step
    where declared.state in ${failed}
      or done.step is null and (is_all or declared.state in ${ran})
        and not (declared.state = 'success' and latest.step is not null)
  )
  select coalesce(array_sort(collect_list(struct(found.step, found.status, found.message))), array())
  from found left join latest on latest.step = found.step
  where not (latest.status <=> found.status and latest.message <=> found.message)
)`,
    `-- record them, where a repair that succeeds adds a later row
insert into ops.step_runs (run_id, step, status, started_at, seconds, statement_ids, message)
select {{run_id}}, step, status, current_timestamp(), 0, array(), message from (select inline(missing))`,
    ...(options.recordsSteps ? [stepsOnRecord(graph)] : []),
    `-- how the run ended
declare or replace variable ended struct<started_at timestamp, ran int, skipped int, message string, run_number bigint>`,
    `set variable ended = (
  select named_struct('started_at', coalesce(min(started_at), current_timestamp()),
    'ran', cast(count(case when status <> 'skipped' then 1 end) as int),
    'skipped', cast(count(case when status = 'skipped' then 1 end) as int),
    'message', coalesce(min_by(concat_ws(': ', step, message), started_at) filter (where status = 'failed'),
      concat('the task ', get(map_keys(map_filter(str_to_map({{states}}, ',', '='), (task, state) -> state in ${failed})), 0),
        ' failed: its log says why'),
      min_by(concat_ws(': ', step, message), started_at) filter (where status = 'skipped' and message <> 'nothing new')),
    'run_number', (select coalesce(max(run_number) filter (where ${run}), max(run_number) + 1, count(*) + 1) from ops.runs))
  from (
    select *, row_number() over (partition by step order by started_at desc) as nth from ops.step_runs where ${run}
  ) where nth = 1
)`,
    `declare or replace variable is_new boolean`,
    `set variable is_new = (
  select not (max_by(concat_ws(': ', status, message), finished_at)
    <=> concat_ws(': ', if(ended.message is null, 'succeeded', 'failed'), ended.message)) from ops.runs where ${run}
)`,
    `insert into ops.runs (run_id, started_at, finished_at, status, run_date, is_full, engine, steps_run, steps_skipped, message,
  run_number${options.takesDates ? `, ${dateParameters.join(", ")}` : ""})
select {{run_id}}, ended.started_at, current_timestamp(), if(ended.message is null, 'succeeded', 'failed'), {{date}},
  cast({{full}} as boolean), 'databricks', ended.ran, ended.skipped, ended.message, ended.run_number${
    options.takesDates ? dateParameters.map((name) => `,\n  ${dateGiven(name)}`).join("") : ""
  }
where is_new`,
    `select raise_error(ended.message) where ended.message is not null`,
  ];
  return `-- The end of the job ${job}
-- Compiled from the graph of the notebooks: change those, not this file.

${statements.map((statement) => `${statement};`).join("\n\n")}
`;
}

/** What the pipeline is made of, and how far each step has read. */
function stepsOnRecord({ plans }: Graph): string {
  const names = (tables: readonly string[]) =>
    tables.length ? `array(${tables.map(quoted).join(", ")})` : "cast(array() as array<string>)";
  const rows = plans.map((plan, index) => {
    const texts = [plan.jobs.join(", "), plan.notebook, plan.runtime].map(quoted).join(", ");
    const tables = `${names(plan.reads)}, ${names(plan.writes)}`;
    return `    (${quoted(plan.step)}, ${index + 1}, ${texts}, ${tables}, ${quoted(plan.fingerprint)})`;
  });
  const given = ["step", "position", "job", "notebook", "runtime", "reads", "writes", "fingerprint"];
  const columns = [...given, "watermark"];
  const others = columns.slice(1);
  return `-- what the pipeline is made of, and how far each step has read
merge into ops.steps as t using (
  with steps as (
    select * from values
${rows.join(",\n")}
    as steps (${given.join(", ")})
  ),
  marks as (
    select step, array_sort(collect_list(concat(table_name, '=', batch))) as watermark
    from (
      select marks.step, marks.table_name, max(marks.batch) as batch
      from ops.watermarks as marks join steps on steps.step = marks.step
      where not array_contains(steps.writes, marks.table_name)
      group by marks.step, marks.table_name
    ) group by step
  )
  select steps.*, coalesce(marks.watermark, cast(array() as array<string>)) as watermark
  from steps left join marks on marks.step = steps.step
) as i on t.step = i.step
when matched and (${others.map((name) => `not (t.${name} <=> i.${name})`).join(" or ")}) then update set
  ${others.map((name) => `t.${name} = i.${name}`).join(", ")}
when not matched then insert (${columns.join(", ")}) values (${columns.map((name) => `i.${name}`).join(", ")})
when not matched by source then delete`;
}
