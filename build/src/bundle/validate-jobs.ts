import { InputError } from "shopmetrics/internal/errors";
import { quartzProblem } from "../job-cron.js";
import { circle, inOrder, width } from "./task-graph.js";
import type { Job, Task } from "./job-schema.js";

/** Free Edition runs no more tasks of an account at once (C-003). */
export const mostTasksAtOnce = 5;

/**
 * Refuses what `databricks bundle validate` lets through and what would fail only when the job runs.
 *
 * @throws InputError with one line for each problem
 */
export function checkJobs(jobs: Readonly<Record<string, Job>>): void {
  const lines = Object.entries(jobs).flatMap(([key, job]) =>
    problems(job, new Set(Object.keys(jobs))).map((problem) => `job ${key}: ${problem}`),
  );
  if (lines.length > 0) throw new InputError(lines.join("\n"));
}

function problems(job: Job, jobs: ReadonlySet<string>): string[] {
  const keys = job.tasks.map(({ task_key }) => task_key);
  const needs = new Map(
    job.tasks.map((task) => [task.task_key, (task.depends_on ?? []).map(({ task_key }) => task_key)]),
  );
  const round = circle(needs);
  const cron = job.schedule && quartzProblem(job.schedule.quartz_cron_expression);
  const found = [
    ...keys
      .filter((key, index) => keys.indexOf(key) !== index)
      .map((key) => `two tasks are called ${key}; give each its own task_key`),
    ...keys
      .filter((key) => !/^[\w-]{1,100}$/.test(key))
      .map((key) => `"${key}" is no task_key: only letters, digits, _ and -, 100 at most`),
    ...[...needs].flatMap(([task, waits]) =>
      waits
        .filter((need) => !needs.has(need))
        .map((need) => `${task} depends on ${need}, which the job does not have`),
    ),
    ...(round ? [`tasks wait for one another in a circle: ${round.join(" → ")}`] : []),
    ...(cron ? [`schedule "${job.schedule?.quartz_cron_expression}": ${cron}`] : []),
    ...job.tasks.flatMap((task) => taskProblems(task, job, jobs)),
  ];
  if (found.length === 0) {
    const wide = width(inOrder(needs));
    if (wide > mostTasksAtOnce)
      found.push(`${wide} tasks can run at once, but no more than ${mostTasksAtOnce} may`);
  }
  return found;
}

function taskProblems(task: Task, job: Job, jobs: ReadonlySet<string>): string[] {
  const { task_key: key, environment_key: environment } = task;
  const kinds = [task.sql_task, task.spark_python_task, task.run_job_task, task.for_each_task].filter(
    Boolean,
  );
  const environments = new Set((job.environments ?? []).map(({ environment_key }) => environment_key));
  const parameters = new Set(job.parameters.map(({ name }) => name));
  const { task: _inner, ...own } = task.for_each_task ?? { task: undefined };
  const text = JSON.stringify({ ...task, for_each_task: own });
  const target = /^\$\{resources\.jobs\.(\w+)\.id\}$/.exec(task.run_job_task?.job_id ?? "")?.[1];
  return [
    ...(kinds.length === 1 ? [] : [`${key} must do exactly one thing, and does ${kinds.length}`]),
    ...(task.spark_python_task && environment === undefined ? [`${key} lacks an environment_key`] : []),
    ...(environment !== undefined && !environments.has(environment)
      ? [`${key} runs in the environment ${environment}, which the job does not have`]
      : []),
    ...[...text.matchAll(/\{\{job\.parameters\.(\w+)\}\}/g)]
      .map(([, name]) => name!)
      .filter((name) => !parameters.has(name))
      .map((name) => `${key} takes the parameter ${name}, which the job does not have`),
    ...(task.run_job_task && !(target && jobs.has(target))
      ? [`${key} runs ${task.run_job_task.job_id}, which is no job of this bundle`]
      : []),
    ...(task.for_each_task ? taskProblems(task.for_each_task.task, job, jobs) : []),
  ];
}
