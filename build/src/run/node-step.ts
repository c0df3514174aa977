import type { Connection, Engine } from "shopmetrics/engine";
import { taskSession, type StepContext, type StepFigures } from "shopmetrics/run";
import { useSession } from "shopmetrics/plan";
import { NotebookError, placeText, type NotebookPlace } from "../notebook/error.js";
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
    const session = taskSession({ ...rest, engine: engine.name, run });
    let here: NotebookPlace | undefined;
    const restore = useSession({
      ...session,
      cell(path, number) {
        session.cell?.(path, number);
        here = { path, cell: number };
      },
    });
    try {
      await importModule(program);
    } catch (error) {
      throw here && error instanceof NotebookError && error.cell === undefined
        ? placedAt(here, error)
        : error;
    } finally {
      restore();
    }
  };
  const done = turn.then(work);
  turn = done.catch(() => undefined);
  return done;
}

/** An error whose stack names no cell was thrown by the cell that had begun last. */
const placedAt = (place: NotebookPlace, error: NotebookError) =>
  new NotebookError(place, error.message.slice(placeText(error).length + 2), undefined, {
    cause: error.cause,
  });
