import { finishFile } from "../../../build/src/bundle/sql/finish.ts";
import { bundleJobs, finish, jobSteps, prepare, taskKey } from "../../../build/src/bundle/jobs.ts";
import { prepareFile } from "../../../build/src/bundle/sql/prepare.ts";
import type { Compiled } from "../../../build/src/compile/compile.ts";
import { sqlFile } from "../../../build/src/bundle/sql/step.ts";
import { runFile } from "./run-file.ts";

interface Connection {
  execute(sql: string): Promise<number>;
  close(): Promise<void>;
}

/** How a task of a job ended. */
export interface TaskEnd {
  readonly task: string;
  readonly seconds: number;
  readonly statements: number;
  readonly error?: string;
}

export interface JobOptions {
  /** How many tasks run at once. Default 2. */
  readonly width?: number;
  /** The steps to run, by name. Default: all of the job. */
  readonly only?: (step: string) => boolean;
  /** After how many statements each step's task is killed once, before it runs as a whole. Default: none is. */
  readonly killedAfter?: number;
}

/**
 * Runs the SQL tasks of one of the bundle's jobs as Databricks does: each once those it depends on have succeeded, each in
 * a session of its own. Tasks that are programs are left out; what depends on them runs all the same.
 */
export async function runJob(
  connect: () => Promise<Connection>,
  graph: Compiled,
  job: string,
  parameters: Readonly<Record<string, string>>,
  { width = 2, only = () => true, killedAfter }: JobOptions = {},
): Promise<TaskEnd[]> {
  const plans = jobSteps(graph)[job]!.filter(({ runtime, step }) => runtime === "sql" && only(step));
  const texts = new Map([
    [prepare, prepareFile(graph)],
    ...plans.map((plan) => [taskKey(plan.step), sqlFile(plan)] as const),
    [finish(job), finishFile(job, graph, plans)],
  ]);
  const isStep = new Set(plans.map(({ step }) => taskKey(step)));
  const { tasks } = bundleJobs(graph)[job]!;
  const ends = new Map<string, TaskEnd>();
  const waiting = [...tasks];
  const running = new Set<Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(({ depends_on = [] }) =>
      depends_on.every(({ task_key }) => ends.has(task_key)),
    );
    if (next >= 0 && running.size < width) {
      const [task] = waiting.splice(next, 1);
      const { task_key: key, depends_on = [], run_if } = task!;
      const text = texts.get(key);
      const end = { task: key, seconds: 0, statements: 0 };
      if (run_if !== "ALL_DONE" && depends_on.some((one) => ends.get(one.task_key)?.error)) {
        ends.set(key, { ...end, error: "upstream failed" });
      } else if (text === undefined) {
        ends.set(key, end);
      } else {
        const work = async () =>
          void ends.set(
            key,
            await runTask(
              connect,
              { key, text, killedAfter: isStep.has(key) ? killedAfter : undefined },
              parameters,
            ),
          );
        const done: Promise<void> = work().finally(() => running.delete(done));
        running.add(done);
      }
    } else {
      await Promise.race(running);
    }
  }
  return [...ends.values()];
}

async function runTask(
  connect: () => Promise<Connection>,
  { key, text, killedAfter }: { key: string; text: string; killedAfter: number | undefined },
  parameters: Readonly<Record<string, string>>,
): Promise<TaskEnd> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const run = async (options: { until?: number }) => {
    const connection = await connect();
    try {
      return (await runFile(connection, text, parameters, options)).length;
    } finally {
      await connection.close();
    }
  };
  try {
    if (killedAfter !== undefined) await run({ until: killedAfter });
    return { task: key, statements: await run({}), seconds: seconds() };
  } catch (error) {
    return { task: key, statements: 0, seconds: seconds(), error: (error as Error).message };
  }
}
