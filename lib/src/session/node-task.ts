import { constants } from "node:os";
import { engineNamed, openEngine } from "../engine/index.js";
import { InputError } from "../errors.js";
import type { Place } from "../plan/plan.js";
import { CheckFailed, noFigures, StatementFailed } from "../run/step.js";
import { recordStepRun } from "../run/warehouse.js";
import { readRun, readSettings } from "../settings.js";
import { useSession } from "../plan/session.js";
import { taskSession } from "./task.js";

let end: ((error?: unknown) => Promise<void>) | undefined;

/**
 * Begins a step that is a program of its own, which is what a Node task of a job is: its verbs speak to the warehouse
 * that the environment names, with the run's id and date from there, and the step is recorded in `ops.step_runs`.
 * Whatever fails until `endTask` sets the exit code: 1, or 2 for wrong settings or input. One that was interrupted ends
 * with 128 and the signal's number.
 */
export async function beginTask(step: string): Promise<void> {
  const stop = new AbortController();
  let here: Place | undefined;
  const failed = (error: unknown) => {
    console.error(told(error, here));
    process.exitCode = error instanceof InputError ? 2 : 1;
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => {
      process.exitCode = 128 + constants.signals[signal];
      stop.abort(new Error(`Interrupted (${signal})`));
    });
  process.on("uncaughtException", (error) => {
    if (!stop.signal.aborted) failed(error);
    // An interrupted session takes no statement; the job's last task records the step as failed.
    void (end?.(error) ?? Promise.resolve()).finally(() => process.exit());
  });

  const settings = readSettings();
  const { runId, date } = readRun();
  const started = new Date();
  const figures = noFigures();
  const engine = await openEngine(settings, {
    onWait: (line) => console.error(line),
    signal: stop.signal,
  });
  const connection = await engine.connect();
  const run = { runId, date, landing: settings.landing };
  const session = taskSession({ connection, engine: engine.name, step, run, figures, signal: stop.signal });
  useSession({
    ...session,
    cell(path, number) {
      session.cell?.(path, number);
      here = { path, cell: number, line: 1 };
    },
  });

  end = async (error) => {
    end = undefined;
    try {
      if (stop.signal.aborted) return;
      await recordStepRun(connection, engineNamed(engine.name), runId, {
        ...figures,
        step,
        status: error === undefined ? "succeeded" : "failed",
        startedAt: started.toISOString(),
        seconds: (Date.now() - started.getTime()) / 1000,
        merged: null,
        batch: null,
        message: error === undefined ? null : placed(error, here),
      });
      for (const warning of figures.warnings) console.error(`! ${warning}`);
      const { in: taken, out, rejected } = figures;
      console.log(`${step}: ${taken} rows in, ${out} out, ${rejected} rejected`);
    } finally {
      await engine.close();
    }
  };
}

/** Ends what `beginTask` began: records the step and closes the warehouse. */
export const endTask = async (): Promise<void> => end?.();

/** What the task's log says. An error that is a defect of the code keeps its stack. */
function told(error: unknown, here: Place | undefined): string {
  const isKnown =
    error instanceof CheckFailed || error instanceof StatementFailed || error instanceof InputError;
  const stack = error instanceof Error && !isKnown ? error.stack : undefined;
  return stack === undefined ? placed(error, here) : placeOf(here) + stack;
}

/** The error's message with its cell; that of a check or a statement names it already. */
function placed(error: unknown, here: Place | undefined): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof CheckFailed || error instanceof StatementFailed ? message : placeOf(here) + message;
}

const placeOf = (here: Place | undefined) => (here ? `${here.path} cell ${here.cell}: ` : "");
