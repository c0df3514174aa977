import { currentSession } from "./session.js";

/**
 * Marks the beginning of a code cell in a compiled notebook, so that what follows is attributed to it.
 *
 * @param path the notebook, such as `notebooks/silver/orders_clean.ipynb`
 * @param number the code cell, from 1
 */
export function cell(path: string, number: number): void {
  currentSession()?.cell?.(path, number);
}
