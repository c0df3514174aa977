import type { CheckRequest } from "../verbs/check.js";
import type { Writing } from "./adapter.js";
import { checkMessage, type NumberWords } from "./check-message.js";
import { draft, type Draft } from "./operation.js";

/** How an engine measures checks. */
export interface CheckParts extends NumberWords {
  /**
   * Over rows of broken and example: a select of their number as `all_rows`, of the broken ones as `broken_rows`, and of the first three
   * different examples of these as `sample`.
   */
  counted(rows: string): string;
}

/** A check as one select: a row of check_name, severity, failed_rows, total_rows, figure, threshold, sample and message. */
export function checkSelect(
  { select, name, severity, max, unit }: CheckRequest,
  { sqlOf, bind }: Writing,
  parts: CheckParts,
): Draft {
  const rows = sqlOf(select);
  const isCounted = unit === "rows" || unit === "share";
  const measured = isCounted
    ? `select broken_rows as failed_rows, sample, ${countsOf[unit]} from (\n${parts.counted(rows)}\n) as counted`
    : `select *, cast(null as bigint) as failed_rows, cast(null as string) as sample from (\n${rows}\n) as measured`;
  const sums =
    typeof unit === "object"
      ? "cast(actual as double) as actual, cast(expected as double) as expected, "
      : "";
  return draft(
    `select ${bind(name)} as check_name, ${bind(severity)} as severity, failed_rows, total_rows, figure, threshold, sample,
  ${checkMessage(unit, parts, bind)} as message
from (
select failed_rows, total_rows, cast(figure as double) as figure, cast(${bind(max)} as double) as threshold, ${sums}sample
from (
${measured}
) as found
) as judged`,
    { role: "check", severity, reads: [select] },
  );
}

/** What is measured of counted rows. A select of broken rows alone does not say of how many they are. */
const countsOf = {
  rows: "cast(null as bigint) as total_rows, broken_rows as figure",
  share:
    "all_rows as total_rows, case when all_rows > 0 then cast(broken_rows as double) / all_rows end as figure",
};
