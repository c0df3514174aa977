import type { Connection, Engine } from "shopmetrics/engine";
import { taskSession, type StepContext, type StepFigures } from "shopmetrics/run";
import { useSession } from "shopmetrics/plan";
import { importModule, type Program } from "../notebook/execute.js";

let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs the cells of a step that is a program. One at a time: the verbs of a process speak to one session.
 *
 * @throws NotebookError with cell and line; its `cause` is what was thrown
 */
export function runProgram(
  program: Program,
  options: {
    readonly connection: Connection;
    readonly engine: Engine;
    readonly step: string;
    readonly context: StepContext;
    readonly figures: StepFigures;
  },
): Promise<void> {
  const work = async () => {
    const { engine, context: run, ...rest } = options;
    const restore = useSession(taskSession({ ...rest, engine: engine.name, run }));
    try {
      await importModule(program);
    } finally {
      restore();
    }
  };
  const done = turn.then(work);
  turn = done.catch(() => undefined);
  return done;
}
