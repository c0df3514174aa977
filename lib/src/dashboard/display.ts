import type { Control } from "./control.js";
import type { Drawing } from "./drawing.js";
import { theStage } from "./stage.js";

/**
 * Shows a drawing: on a page in the place of the cell, in Jupyter below it. It is drawn anew when a snapshot or a control
 * that it has read changes.
 *
 * @example
 * display(() => chart({ title: "How much do we sell?" }, () => ({ marks: [Plot.lineY(daily.rows, { x: "date", y: "revenue" })] })));
 */
export function display(draw: () => Drawing): void {
  theStage()?.display(draw);
}

/**
 * Shows a control and gives it back. Its `value` is what the reader has chosen; it is kept in the page's address.
 *
 * @example
 * const category = view(Inputs.select(() => names(daily.rows), { key: "category", label: "Category" }));
 */
export function view<C extends Control>(control: C): C {
  theStage()?.view(control);
  return control;
}
