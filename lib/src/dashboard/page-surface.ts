import type { Columns } from "./snapshot-columns.js";
import type { Control } from "./control.js";
import type { Drawing } from "./drawing.js";
import type { Snapshot } from "./snapshot.js";

/** Where a page's cells draw: the built page, the browser, a Jupyter cell. Without one they draw nothing. */
interface PageSurface {
  /** Gives a snapshot's rows; a surface without it leaves them to the session, which runs the query. */
  query?<C extends Columns>(name: string, columns: C): Snapshot<C>;
  /** Draws, and draws again whenever a snapshot or control that `draw` has read changes. */
  display(draw: () => Drawing): void;
  view(control: Control): void;
}

let current: PageSurface | undefined;

/** Makes `surface` the one that cells draw on, and returns a function that restores the previous one. */
export function usePageSurface(surface: PageSurface | undefined): () => void {
  const before = current;
  current = surface;
  return () => {
    current = before;
  };
}

export const thePageSurface = (): PageSurface | undefined => current;

/**
 * Shows a drawing: on a page in the place of the cell, in Jupyter below it. It is drawn again when a snapshot or a
 * control that it has read changes.
 *
 * @example
 * display(() => chart({ title: "How much do we sell?" }, () => ({ marks: [Plot.lineY(daily.rows, { x: "date", y: "revenue" })] })));
 */
export function display(draw: () => Drawing): void {
  thePageSurface()?.display(draw);
}

/**
 * Shows a control and gives it back. Its `value` is what the reader has chosen; it is kept in the page's address.
 *
 * @example
 * const category = view(Inputs.select(() => names(daily.rows), { key: "category", label: "Category" }));
 */
export function view<C extends Control>(control: C): C {
  thePageSurface()?.view(control);
  return control;
}
