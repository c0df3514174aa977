import { InputError } from "shopmetrics/settings";
import { findCycle } from "../compile/needs.js";
import { inOrder, width } from "./task-graph.js";
import type { Job, Task } from "./job-schema.js";

/**
 * Refuses what `databricks bundle validate` accepts although it would fail when the job runs.
 *
 * @throws InputError with one line for each problem
 */
export function validateJobs(jobs: Readonly<Record<string, Job>>, mostTasksAtOnce: number): void {
  const lines = Object.entries(jobs).flatMap(([key, job]) =>
    problems(job, new Set(Object.keys(jobs)), mostTasksAtOnce).map((problem) => `job ${key}: ${problem}`),
  );
  if (lines.length > 0) throw new InputError(lines.join("\n"));
}

function problems(job: Job, jobs: ReadonlySet<string>, mostTasksAtOnce: number): string[] {
  const keys = job.tasks.map(({ task_key }) => task_key);
  const needs = new Map(
    job.tasks.map((task) => [task.task_key, (task.depends_on ?? []).map(({ task_key }) => task_key)]),
  );
  const round = findCycle(needs);
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
  const { sql_task, spark_python_task, run_job_task, condition_task } = task;
  const kinds = [sql_task, spark_python_task, run_job_task, condition_task].filter(Boolean);
  const environments = new Set((job.environments ?? []).map(({ environment_key }) => environment_key));
  const parameters = new Set(job.parameters.map(({ name }) => name));
  const target = /^\$\{resources\.jobs\.(\w+)\.id\}$/.exec(task.run_job_task?.job_id ?? "")?.[1];
  return [
    ...(kinds.length === 1 ? [] : [`${key} must do exactly one thing, and does ${kinds.length}`]),
    ...(task.spark_python_task && environment === undefined ? [`${key} lacks an environment_key`] : []),
    ...(environment !== undefined && !environments.has(environment)
      ? [`${key} runs in the environment ${environment}, which the job does not have`]
      : []),
    ...[...JSON.stringify(task).matchAll(/\{\{job\.parameters\.(\w+)\}\}/g)]
      .map(([, name]) => name!)
      .filter((name) => !parameters.has(name))
      .map((name) => `${key} takes the parameter ${name}, which the job does not have`),
    ...(task.run_job_task && !(target && jobs.has(target))
      ? [`${key} runs ${task.run_job_task.job_id}, which is no job of this bundle`]
      : []),
  ];
}

const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
  /** What only this field may say, such as the last day of the month. */
  readonly special?: RegExp;
}

const fields: readonly Field[] = [
  { name: "seconds", from: 0, to: 59 },
  { name: "minutes", from: 0, to: 59 },
  { name: "hours", from: 0, to: 23 },
  { name: "day of month", from: 1, to: 31, special: /^(\?|L(-\d+)?|LW|([1-9]|[12]\d|3[01])W)$/ },
  { name: "month", from: 1, to: 12, names: months },
  { name: "day of week", from: 1, to: 7, names: weekdays, special: /^(\?|L|[1-7]L|[1-7]#[1-5])$/ },
  { name: "year", from: 1970, to: 2099 },
];

/**
 * What is wrong with a Quartz cron expression, which is what Databricks schedules by: six or seven fields from seconds
 * to year, and a `?` for just one of the two days. Undefined when nothing is.
 *
 * @example quartzProblem("0 0 2 * * ?") // undefined
 * @example quartzProblem("0 2 * * *") // "has 5 fields; Quartz wants 6 or 7, seconds first"
 */
export function quartzProblem(expression: string): string | undefined {
  const parts = expression.trim().split(/\s+/);
  if (parts.length < 6 || parts.length > 7)
    return `has ${parts.length} fields; Quartz wants 6 or 7, seconds first`;
  if ((parts[3] === "?") === (parts[5] === "?")) return "needs a ? for day of month or for day of week";
  for (const [index, part] of parts.entries()) {
    const field = fields[index]!;
    const bad = part.split(",").find((item) => !isItem(item.toUpperCase(), field));
    if (bad !== undefined) return `"${bad}" does not fit ${field.name}`;
  }
  return undefined;
}

function isItem(item: string, field: Field): boolean {
  if (field.special?.test(item)) return true;
  const [, range = "", step] = /^([^/]*)(?:\/(\d+))?$/.exec(item) ?? [];
  if (step !== undefined && Number(step) < 1) return false;
  if (range === "*") return true;
  const ends = range.split("-");
  return ends.length <= 2 && ends.every((end) => isValue(end, field));
}

function isValue(text: string, { from, to, names }: Field): boolean {
  if (names?.includes(text)) return true;
  return /^\d+$/.test(text) && Number(text) >= from && Number(text) <= to;
}
