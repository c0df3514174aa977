import { backfillItem, type Item, type Plan } from "shopmetrics/plan";
import { describedCheck } from "shopmetrics/run";
import { at, hasNews } from "./variables.js";

/** A check, and the select that measures it. */
export interface FileCheck {
  readonly item: Item;
  readonly measure: string;
  readonly halts: boolean;
}

/**
 * Measures checks and records them, passed or not; then fails the task if a halting one did not pass. As in a run, none is
 * measured when there is nothing new.
 */
export function recordChecks(plan: Plan, checks: readonly FileCheck[]): string {
  const cells = [...new Set(checks.map(({ item }) => item.place?.cell ?? 0))];
  const title = `-- cell${cells.length > 1 ? "s" : ""} ${cells.join(", ")}: check${checks.length > 1 ? "s" : ""}`;
  // As in a run, a notebook's checks of the whole table only warn in a backfill: what they find may lie outside its dates.
  const onlyWarns = `check_name, if(${at("from_date")} is null, severity, 'warn') as severity, failed_rows, total_rows, figure, threshold,
  sample, message`;
  const results = checks.map(({ item, measure }) => {
    const { table = "", place, kind } = item;
    const where = `'${table}' as table_name, ${place?.cell ?? 0} as cell, ${place?.line ?? 0} as line`;
    const columns = backfillItem(plan) && kind === "check" ? onlyWarns : "measured.*";
    return `select ${where}, ${columns} from (\n${measure}\n) as measured`;
  });
  const news = hasNews(plan);
  const record = `insert into ops.check_results (run_id, step, table_name, check_name, severity, status, figure, threshold, failed_rows,
  total_rows, notebook, cell, checked_at, sample, message, line)
select ${at("run_id")}, '${plan.step}', table_name, check_name, severity,
  case when figure is null or figure <= threshold then 'pass' when severity = 'halt' then 'fail' else 'warn' end,
  figure, threshold, failed_rows, total_rows, '${plan.notebook}', cell, ${at("now")}, sample, message, line
from (
${results.join("\nunion all\n")}
)${news ? ` where ${news}` : ""};`;
  const raise = `select raise_error(${describedCheck})
from ops.check_results
where run_id = ${at("run_id")} and step = '${plan.step}' and status = 'fail' and checked_at = ${at("now")};`;
  return [title, record, ...(checks.some(({ halts }) => halts) ? [raise] : [])].join("\n");
}
