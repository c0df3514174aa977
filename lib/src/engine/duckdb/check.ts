import { checkSelect, type CheckParts } from "../check-select.js";
import type { VerbParts } from "../adapter.js";

/** The first three different texts, in the order of their letters. */
export const firstThree = (text: string) => `array_to_string(min(distinct ${text}, 3), ' and ')`;

export const checkParts: CheckParts = {
  number: (value) => `rtrim(rtrim(format('{:,.4f}', cast(${value} as double)), '0'), '.')`,
  amount: (value) => `format('{:,.2f}', cast(${value} as double))`,
  counted: (rows) => `select count(*) as all_rows, count(case when broken then 1 end) as broken_rows,
  ${firstThree("case when broken then example end")} as sample
from (${rows}) as judged_rows`,
};

export const check: VerbParts["check"] = (request, writing) => [checkSelect(request, writing, checkParts)];
