import type { Connection } from "../engine/connection.js";
import type { Dialect } from "../engine/adapter.js";
import { changedRows, rowChanges } from "../engine/changed-rows.js";
import type { Table } from "../contracts/table.js";

/** How many rows of a table a step has added, changed and removed, and of each kind up to three of them by their keys. */
export interface ChangedRows {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly keys: { readonly [Change in (typeof rowChanges)[number]]: readonly string[] };
}

/** The rows that the step has just changed by `refresh`; within the step's transaction. */
export async function readChangedRows(
  connection: Connection,
  dialect: Dialect,
  table: Table,
  batch: number,
): Promise<ChangedRows> {
  const { rows } = await connection.query(changedRows(table, dialect, String(batch)));
  const of = (change: (typeof rowChanges)[number]) => {
    const some = rows.filter((row) => row["change"] === change);
    return [
      Number(some[0]?.["total"] ?? 0),
      some.map((row) => String(row["row_key"])).toSorted((a, b) => (a < b ? -1 : 1)),
    ] as const;
  };
  const [[added, addedKeys], [changed, changedKeys], [removed, removedKeys]] = [
    of("added"),
    of("changed"),
    of("removed"),
  ];
  return { added, changed, removed, keys: { added: addedKeys, changed: changedKeys, removed: removedKeys } };
}

/** The rows' keys as `ops.step_runs` keeps them; null without any. A task's SQL writes the same words. */
export const keysInWords = ({ keys }: ChangedRows): string | null =>
  rowChanges
    .filter((change) => keys[change].length > 0)
    .map((change) => `${change}: ${keys[change].join(", ")}`)
    .join("; ") || null;
