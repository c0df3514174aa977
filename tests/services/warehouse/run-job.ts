import path from "node:path";
import { backfillFiles, finishOf } from "../../../build/src/bundle/bundle.ts";
import {
  anythingNew,
  bundleJobs,
  finish,
  jobSteps,
  prepare,
  readers,
  taskKey,
} from "../../../build/src/bundle/jobs.ts";
import { prepareFile } from "../../../build/src/bundle/sql/prepare.ts";
import type { Task } from "../../../build/src/bundle/job-schema.ts";
import type { Compiled } from "../../../build/src/compile/compile.ts";
import { newsFile } from "../../../build/src/bundle/sql/news.ts";
import { sqlFile } from "../../../build/src/bundle/sql/step.ts";
import { runFile, withTaskParameters } from "./run-file.ts";
import { statements } from "./sql.ts";

interface Connection {
  execute(sql: string): Promise<number>;
  query(sql: string): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
  close(): Promise<void>;
}

/** How a task of a job ended. */
export interface TaskEnd {
  readonly task: string;
  readonly seconds: number;
  readonly statements: number;
  /** As Databricks names it. */
  readonly state: "success" | "failed" | "excluded" | "upstream_failed";
  /** How often it was begun. */
  readonly tries: number;
  readonly error?: string;
}

export interface JobOptions {
  /** How many tasks run at once. Default 2; Databricks runs five. */
  readonly width?: number;
  /** What to run, as `bundle run --only` chooses: steps by their name, other tasks by their key. Default: all of the job. */
  readonly only?: (name: string) => boolean;
  /** After how many statements a step's task is killed once, before it runs as a whole. Default: none is. */
  readonly killedAfter?: (task: string) => number | undefined;
  /** Milliseconds before a task is tried again; Databricks' own waits are too long for a test. */
  readonly retryAfter?: number;
  /** Whether all tables are there and as declared, so that the first task has nothing to do. Default: it runs. */
  readonly prepared?: boolean;
  /** Runs another job that a task asks for, with what it is told. Default: it counts as done. */
  readonly runJob?: (job: string, parameters: Readonly<Record<string, string>>) => Promise<void>;
  /** Runs a task that is a program, which gets `states` too: how the tasks before have ended. Default: it counts as left out. */
  readonly runProgram?: (task: string, parameters: Readonly<Record<string, string>>) => Promise<void>;
}

/**
 * Runs one of the bundle's jobs as it is declared: its graph, its retries, each task once those it depends on have succeeded,
 * each in a session of its own.
 */
export async function runJob(
  connect: () => Promise<Connection>,
  graph: Compiled,
  job: string,
  parameters: Readonly<Record<string, string>>,
  options: JobOptions = {},
): Promise<TaskEnd[]> {
  const { width = 2, only = () => true } = options;
  const own = jobSteps(graph)[job];
  const plans = own?.filter(({ runtime }) => runtime === "sql") ?? [];
  const texts = new Map([
    [prepare, prepareFile(graph)],
    ...plans.map((plan) => [taskKey(plan.step), sqlFile(plan)] as const),
    ...(own
      ? [
          [finish(job), finishOf(graph, job)] as const,
          [anythingNew(job), newsFile(job, readers(graph, job))] as const,
        ]
      : backfillFiles(graph).map(([name, text]) => [path.basename(name, ".sql"), text] as const)),
  ]);
  const chosen = new Set(plans.filter(({ step }) => only(step)).map(({ step }) => taskKey(step)));
  const isStep = new Set(plans.map(({ step }) => taskKey(step)));
  const ends = new Map<string, TaskEnd>();
  /** Left out by a condition, or because all before them were: not those that nobody asked for. */
  const leftOut = new Set<string>();
  const conditions = new Map<string, boolean>();
  const firstRows = new Map<string, Readonly<Record<string, unknown>>>();
  const waiting = [...bundleJobs(graph)[job]!.tasks];
  const running = new Set<Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(({ depends_on = [] }) =>
      depends_on.every(({ task_key }) => ends.has(task_key)),
    );
    if (next >= 0 && running.size < width) {
      const [task] = waiting.splice(next, 1);
      const work = async () => void ends.set(task!.task_key, await endOf(task!));
      const done: Promise<void> = work().finally(() => running.delete(done));
      running.add(done);
    } else {
      await Promise.race(running);
    }
  }
  return [...ends.values()];

  async function endOf(task: Task): Promise<TaskEnd> {
    const { task_key: key, depends_on = [], run_if, run_job_task } = task;
    const end: TaskEnd = { task: key, seconds: 0, statements: 0, tries: 0, state: "success" };
    const hasFailed = depends_on.some(({ task_key }) => /failed/.test(ends.get(task_key)!.state));
    if (run_if !== "ALL_DONE" && hasFailed) return { ...end, state: "upstream_failed" };
    const isWanted = ({ task_key, outcome }: { task_key: string; outcome?: "true" }) =>
      !leftOut.has(task_key) && !(outcome === "true" && conditions.get(task_key) === false);
    const isLeftOut =
      run_if === "ALL_DONE"
        ? depends_on.length > 0 && depends_on.every(({ task_key }) => leftOut.has(task_key))
        : depends_on.some((need) => need.outcome === "true" && !isWanted(need)) ||
          (depends_on.length > 0 && !depends_on.some(isWanted));
    if (isLeftOut) {
      leftOut.add(key);
      return { ...end, state: "excluded" };
    }
    const always = [prepare, finish(job), anythingNew(job)];
    const isChosen = isStep.has(key) ? chosen.has(key) : always.includes(key) || only(key);
    if (!isChosen) return { ...end, state: "excluded" };
    if (run_job_task) {
      const asked = /^\$\{resources\.jobs\.(\w+)\.id\}$/.exec(run_job_task.job_id)![1]!;
      try {
        await options.runJob?.(asked, told(run_job_task.job_parameters));
        return end;
      } catch (error) {
        return { ...end, state: "failed", error: (error as Error).message };
      }
    }
    if (task.condition_task) {
      const { left, op, right } = task.condition_task;
      const value = left.replace(
        /^\{\{tasks\.(\w+)\.output\.first_row\.(\w+)\}\}$/,
        (reference, asked, column) => String(firstRows.get(asked)?.[column] ?? reference),
      );
      conditions.set(key, (value === right) === (op === "EQUAL_TO"));
      return end;
    }
    if (key === prepare && options.prepared) return end;
    const text = texts.get(key);
    if (text !== undefined)
      return runTask(text, task, isStep.has(key) ? options.killedAfter?.(key) : undefined);
    const { runProgram } = options;
    if (!runProgram) return { ...end, state: "excluded" };
    const states = task.spark_python_task!.parameters.find((text) => text.startsWith("--states="));
    const given = { ...parameters, ...withStates({ states: states?.slice(9) ?? "" }) };
    return tried(task, async () => {
      await runProgram(key, given);
      return 0;
    });
  }

  /** `{{job.parameters.<name>}}` is what this job was told. */
  function told(given: Readonly<Record<string, string>>): Record<string, string> {
    const value = (text: string) =>
      text.replaceAll(/\{\{job\.parameters\.(\w+)\}\}/g, (_, name: string) => parameters[name] ?? "");
    return Object.fromEntries(Object.entries(given).map(([name, text]) => [name, value(text)]));
  }

  async function runTask(text: string, task: Task, killedAfter: number | undefined): Promise<TaskEnd> {
    const given = { ...parameters, ...withStates(task.sql_task?.parameters ?? {}) };
    const run = async (until: { until?: number }) => {
      const connection = await connect();
      try {
        if (task.task_key === anythingNew(job)) {
          const { rows } = await connection.query(statements(withTaskParameters(text, given))[0]!);
          firstRows.set(task.task_key, rows[0]!);
          return 1;
        }
        return (await runFile(connection, text, given, until)).length;
      } finally {
        await connection.close();
      }
    };
    if (killedAfter !== undefined) await run({ until: killedAfter }).catch(() => undefined);
    return tried(task, () => run({}));
  }

  /** Does the work of a task, and again as often as the job says. */
  async function tried(task: Task, work: () => Promise<number>): Promise<TaskEnd> {
    const began = performance.now();
    const end = { task: task.task_key, seconds: 0, statements: 0 };
    for (let tries = 1; ; tries++) {
      try {
        const statements = await work();
        return { ...end, statements, tries, state: "success", seconds: (performance.now() - began) / 1000 };
      } catch (error) {
        if (tries <= (task.max_retries ?? 0)) {
          await new Promise((resolve) => setTimeout(resolve, options.retryAfter ?? 0));
          continue;
        }
        const seconds = (performance.now() - began) / 1000;
        return { ...end, seconds, tries, state: "failed", error: (error as Error).message };
      }
    }
  }

  /** `{{tasks.<key>.result_state}}` is how a task ended. */
  function withStates(given: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => [
        name,
        value.replaceAll(
          /\{\{tasks\.(\w+)\.result_state\}\}/g,
          (_, key: string) => ends.get(key)?.state ?? "",
        ),
      ]),
    );
  }
}
