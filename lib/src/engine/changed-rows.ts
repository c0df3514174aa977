import type { Item } from "../plan/plan.js";
import type { Dialect } from "./adapter.js";

/** What becomes of a row that a refresh writes or removes. */
export const rowChanges = ["added", "changed", "removed"] as const;

/**
 * A select of the rows that a refresh has just added, changed or removed, in SQL that all dialects share. Of each kind up to
 * three rows, by their key as text: `change`, `row_key`, and as `total` how many there are of the kind.
 *
 * @param batch the batch that the refresh wrote, as SQL
 */
export function changedRows({ table, key }: Item, { gone }: Dialect, batch: string): string {
  const text = `concat_ws(' ', ${key!.map((name) => `cast(${name} as string)`).join(", ")})`;
  return `select change, row_key, total from (
  select change, row_key, count(*) over (partition by change) as total,
    row_number() over (partition by change order by row_key) as nth
  from (
    select case when _first_batch = ${batch} then 'added' else 'changed' end as change, ${text} as row_key
    from ${table} where _batch = ${batch}
    union all
    select 'removed' as change, ${text} as row_key from ${gone(table!)} as gone_rows
  ) as rows_written
) as numbered where nth <= 3`;
}
