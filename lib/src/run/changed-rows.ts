import type { Dialect } from "../engine/adapter.js";
import { changedRows, rowChanges } from "../engine/changed-rows.js";
import type { Connection } from "../engine/connection.js";
import type { Item } from "../plan/plan.js";

type RowChange = (typeof rowChanges)[number];

/** How many rows a step has added, changed and removed, and of each kind up to three by their keys. */
export type ChangedRows = Readonly<Record<RowChange, number>> & {
  readonly keys: Readonly<Record<RowChange, readonly string[]>>;
};

/** The rows that an item has just changed by `refresh`, within the step's transaction. */
export async function readChangedRows(
  connection: Connection,
  dialect: Dialect,
  refreshed: Item,
  batch: number,
): Promise<ChangedRows> {
  const { rows } = await connection.query(
    `${changedRows(refreshed, dialect, String(batch))} order by row_key`,
  );
  const of = (change: RowChange) => rows.filter((row) => row["change"] === change);
  const total = (change: RowChange) => Number(of(change)[0]?.["total"] ?? 0);
  const keys = (change: RowChange) => of(change).map((row) => String(row["row_key"]));
  return {
    added: total("added"),
    changed: total("changed"),
    removed: total("removed"),
    keys: { added: keys("added"), changed: keys("changed"), removed: keys("removed") },
  };
}

/** The rows' keys as `ops.step_runs` keeps them, null without any; a task's SQL writes the same words. */
export const keysInWords = ({ keys }: ChangedRows): string | null =>
  rowChanges
    .filter((change) => keys[change].length > 0)
    .map((change) => `${change}: ${keys[change].join(", ")}`)
    .join(" / ") || null;
