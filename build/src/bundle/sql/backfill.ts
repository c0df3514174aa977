import type { Plan } from "shopmetrics/plan";
import { quoted } from "shopmetrics/engine";
import { dateGiven, dateParameters, datesError } from "./variables.js";

const title = (of: string) => `-- ${of}
-- Compiled from the graph of the notebooks: change those, not this file.`;

/** The first task of a backfill: it fails where the dates make no sense, before anything runs. */
export function checkDatesFile(): string {
  const isDate = (name: string) =>
    `{{${name}}} rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and try_cast({{${name}}} as date) is not null`;
  const [from, to] = dateParameters;
  return `${title("The dates of a backfill")}

set time zone 'UTC';

select ${datesError("Nothing has run.")}
where not (${isDate(from)}
  and ${isDate(to)}
  and {{${from}}} <= {{${to}}});
`;
}

/**
 * The last task of a backfill: its result is how many rows of each table were added, changed and removed, with the keys of some. The
 * steps have run in other jobs, so their runs are found by the dates, and of each step the latest counts. Where
 * the daily job failed there is no report.
 */
export const backfillReport = (plans: readonly Plan[]) => `${title("What a backfill has changed")}

use catalog {{catalog}};
set time zone 'UTC';

select raise_error('The daily job did not succeed: its run says why. What had changed by then is in ops.step_runs.')
where {{states}} not like '%=success';

select step as table_name, max_by(rows_added, run_number) as rows_added, max_by(rows_changed, run_number) as rows_changed,
  max_by(rows_removed, run_number) as rows_removed, max_by(changed_keys, run_number) as changed_keys
from ops.step_runs join ops.runs using (run_id)
where from_date = ${dateGiven("from_date")} and to_date = ${dateGiven("to_date")}
  and step in (${plans.map(({ step }) => quoted(step)).join(", ")}) and rows_added is not null
group by step
order by step;
`;
