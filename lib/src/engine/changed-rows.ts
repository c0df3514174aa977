import type { Table } from "../contracts/table.js";
import { keyOf } from "../plan/kept-columns.js";
import type { Dialect } from "./adapter.js";

/** What became of a row. */
export const rowChanges = ["added", "changed", "removed"] as const;

/**
 * A select of the rows that a refresh has just added, changed or removed, in SQL that all dialects share. Of each kind up to three rows,
 * by their key as text: `change`, `row_key`, and how many there are of the kind as `total`.
 *
 * @param batch the batch that the refresh wrote, as SQL
 */
export function changedRows(table: Table, { gone }: Dialect, batch: string): string {
  const key = `concat_ws(' ', ${keyOf(table)
    .map((name) => `cast(${name} as string)`)
    .join(", ")})`;
  return `select change, row_key, total from (
  select change, row_key, count(*) over (partition by change) as total,
    row_number() over (partition by change order by row_key) as nth
  from (
    select case when _first_batch = ${batch} then 'added' else 'changed' end as change, ${key} as row_key
    from ${table.name} where _batch = ${batch}
    union all
    select 'removed' as change, ${key} as row_key from (${gone(table)}) as gone_rows
  ) as rows_written
) as numbered where nth <= 3`;
}
