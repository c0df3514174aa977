import type { Columns } from "./columns.js";
import type { Control } from "./control.js";
import type { Drawing } from "./drawing.js";
import type { Snapshot } from "./snapshot.js";

/** Where a page's cells draw: the built page, the browser, a Jupyter cell. Without one they draw nothing. */
export interface Stage {
  /** Gives a snapshot's rows; a stage without it leaves them to the session, which runs the query. */
  query?<C extends Columns>(name: string, columns: C): Snapshot<C>;
  /** Draws, and draws again whenever a snapshot or control that `draw` has read changes. */
  display(draw: () => Drawing): void;
  view(control: Control): void;
}

let current: Stage | undefined;

/** Makes `stage` the one that cells draw on, and gives back a function that restores the one before. */
export function useStage(stage: Stage | undefined): () => void {
  const before = current;
  current = stage;
  return () => {
    current = before;
  };
}

export const theStage = (): Stage | undefined => current;
