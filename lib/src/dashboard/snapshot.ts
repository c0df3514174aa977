import { signal } from "@preact/signals-core";
import type { Columns, RowOf } from "./snapshot-columns.js";

/** A query's rows, as a page sees them. A drawing that reads `rows` in `display` is drawn again when they change. */
export interface Snapshot<C extends Columns = Columns> {
  readonly name: string;
  /**
   * @throws Pending while they are loading
   * @throws SnapshotError when they cannot be loaded
   */
  readonly rows: readonly RowOf<C>[];
}

/** The rows are still loading: what draws them waits. */
export class Pending extends Error {
  override readonly name = "Pending";
}

/** The rows cannot be loaded. The message is for the reader of the page. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
}

/** A snapshot whose rows come later, and may come again. */
export interface OpenSnapshot<C extends Columns = Columns> extends Snapshot<C> {
  readonly columns: C;
  set(rows: readonly RowOf<C>[]): void;
  fail(error: SnapshotError): void;
}

/** @param ask called when something first reads the rows */
export function openSnapshot<C extends Columns>(name: string, columns: C, ask?: () => void): OpenSnapshot<C> {
  let isAsked = false;
  const state = signal<readonly RowOf<C>[] | Error>(new Pending(`"${name}" is not read yet`));
  return {
    name,
    columns,
    get rows() {
      const { value } = state;
      if (!isAsked) {
        isAsked = true;
        ask?.();
      }
      if (value instanceof Error) throw value;
      return value;
    },
    set(rows) {
      state.value = rows;
    },
    fail(error) {
      state.value = error;
    },
  };
}
