import { backfillItem, type Plan } from "shopmetrics/plan";
import { dateGiven } from "./variables.js";

/**
 * Says, in one statement, which steps of a job have something new to read: a batch that a table has published and the step
 * has not taken in. Its row has `waiting`, how many steps there are, and `steps`, their names; a run in full and a backfill have
 * all. It is the only statement of its file, so that there is no doubt whose row a condition gets.
 */
export function newsFile(job: string, plans: readonly Plan[]): string {
  const pairs = plans.flatMap(({ step, changes }) => changes.map((name) => `    ('${step}', '${name}')`));
  const everything = [
    "cast({{full}} as boolean)",
    ...(plans.some(backfillItem) ? [`${dateGiven("from_date")} is not null`] : []),
  ];
  return `-- What is new to the job ${job}
-- Compiled from the graph of the notebooks: change those, not this file.

with reads as (
  select * from values
${pairs.join(",\n")}
    as reads (step, table_name)
),
watermarks as (select step, table_name, batch from identifier({{catalog}} || '.ops.watermarks')),
published as (select table_name, max(batch) as batch from watermarks group by table_name),
seen as (select step, table_name, max(batch) as batch from watermarks group by step, table_name)
select count(distinct reads.step) as waiting, array_join(array_sort(collect_set(reads.step)), ', ') as steps
from reads
left join published on published.table_name = reads.table_name
left join seen on seen.step = reads.step and seen.table_name = reads.table_name
where ${everything.join(" or ")} or coalesce(seen.batch, 0) < coalesce(published.batch, 0);
`;
}
