import { checkSelect, type CheckParts } from "../check-select.js";
import type { VerbParts } from "../adapter.js";

/** The texts of the first three places, in the order of their letters. */
export const firstThree = (text: string, place: string) =>
  `nullif(array_join(array_sort(collect_list(case when ${place} <= 3 then ${text} end)), ' and '), '')`;

export const checkParts: CheckParts = {
  number: (value) => `format_number(cast(${value} as double), '#,##0.####')`,
  amount: (value) => `format_number(cast(${value} as double), '#,##0.00')`,
  // Rows that are not broken become one before the others are put in order, which takes them all to one place.
  counted: (
    rows,
  ) => `select coalesce(sum(n), 0) as all_rows, coalesce(sum(case when broken then n end), 0) as broken_rows,
  ${firstThree("example", "place")} as sample
from (
  select broken, example, n, row_number() over (order by example nulls last) as place
  from (
    select broken, case when broken then example end as example, count(*) as n
    from (\n${rows}\n) as judged_rows group by broken, case when broken then example end
  ) as different
) as ranked`,
};

export const check: VerbParts["check"] = (request, writing) => [checkSelect(request, writing, checkParts)];
