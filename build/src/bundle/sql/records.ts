import { changedRows, databricks, rowChanges } from "shopmetrics/engine";
import { backfillItem, flat, rejected_rows, verbNamed, type Item, type Plan } from "shopmetrics/plan";
import { at, hasNews, isLoad } from "./variables.js";

/**
 * The end of a step: it is recorded, then what it wrote becomes visible and its watermarks move, by one statement. In this
 * order, because a task that is repeated after the watermarks have moved finds nothing new.
 */
export function recordStep(plan: Plan): string {
  const news = hasNews(plan);
  const own = plan.writes.map((name) => published(plan, name));
  const moved = [...own.map((row) => `select * from (${row}) where batch > 0`), ...plan.changes.map(taken)];
  const publish = `insert into ops.watermarks
select '${plan.step}', table_name, batch
from (
${moved.map((row) => `  ${row}`).join("\n  union all\n")}
)${news ? ` where ${news}` : ""};`;
  return [
    "-- done: record the step, then publish the batch and move the watermarks",
    onRecord(plan),
    ...(moved.length ? [publish] : []),
  ].join("\n");
}

/** The published batch of a table: this run's if it wrote anything, otherwise the previous one. */
function published(plan: Plan, name: string): string {
  const batch = at(`batch_${flat(name)}`);
  const own = plan.items.filter(({ table }) => table === name);
  const before = own.find((item) => item.before !== undefined)?.before;
  const isRejected = own.some(({ kind }) => verbNamed(kind)?.role === "reject");
  const signs = [
    `exists (select 1 from ${name} where _batch = ${batch})`,
    // Deleted rows have left their before-images there, and refused rows carry the number too.
    ...(before ? [`exists (select 1 from ${before} where _batch = ${batch})`] : []),
    ...(isRejected
      ? [`exists (select 1 from ${rejected_rows.name} where table_name = '${name}' and _batch = ${batch})`]
      : []),
    ...(isLoad(plan)
      ? [`exists (select 1 from ops.loaded_files where table_name = '${name}' and batch = ${batch})`]
      : []),
  ];
  return `select '${name}' as table_name, if(${signs.join("\n    or ")}, ${batch}, ${batch} - 1) as batch`;
}

const taken = (name: string) => `select '${name}' as table_name, ${at(`hi_${flat(name)}`)} as batch`;

/**
 * The step's row in ops.step_runs: the rows that it read and wrote. A task that is repeated adds a row, and the latest one
 * counts: a statement that looks for the first row would conflict with those of other steps.
 */
function onRecord(plan: Plan): string {
  const [written] = plan.writes;
  const batch = written ? at(`batch_${flat(written)}`) : "cast(null as bigint)";
  const count = (table: string, condition: string) => `(select count(*) from ${table} where ${condition})`;
  const rowsIn = isLoad(plan)
    ? [count(written!, `_batch = ${batch}`)]
    : plan.takes.map((name) =>
        count(name, `_batch > ${at(`lo_${flat(name)}`)} and _batch <= ${at(`hi_${flat(name)}`)}`),
      );
  const rowsOut = plan.writes.map((name) => count(name, `_batch = ${at(`batch_${flat(name)}`)}`));
  const rejecting = plan.items
    .filter(({ kind }) => verbNamed(kind)?.role === "reject")
    .map(({ table }) => table!);
  const rejected = [...new Set(rejecting)].map((name) =>
    count(rejected_rows.name, `table_name = '${name}' and _batch = ${at(`batch_${flat(name)}`)}`),
  );
  const sum = (parts: readonly string[]) => (parts.length ? parts.join(" + ") : "0");
  const merges = plan.items.some(({ kind }) => verbNamed(kind)?.merges);
  const merged = merges ? "greatest(0, rows_in - rows_rejected - rows_out)" : "null";
  const news =
    hasNews(plan) ??
    (isLoad(plan)
      ? `exists (select 1 from ops.loaded_files where table_name = '${written}' and batch = ${batch})`
      : "true");
  const refreshed = backfillItem(plan);
  const changed = refreshed ? ["rows_added", "rows_changed", "rows_removed", "changed_keys"] : [];
  return `insert into ops.step_runs (run_id, step, status, started_at, seconds, rows_in, rows_out, rows_merged, rows_rejected, batch,
  statement_ids, message${changed.map((name) => `, ${name}`).join("")})
select ${at("run_id")}, '${plan.step}', if(has_news, 'succeeded', 'skipped'), ${at("now")},
  (unix_micros(current_timestamp()) - unix_micros(${at("now")})) / 1e6D, rows_in, rows_out,
  ${merged}, rows_rejected, ${batch}, array(), if(has_news, null, 'nothing new')${changed.map((name) => `, changes.${name}`).join("")}
from (
  select ${news} as has_news,
    ${sum(rowsIn)} as rows_in,
    ${sum(rowsOut)} as rows_out,
    ${sum(rejected)} as rows_rejected${refreshed ? `,\n    ${changesMade(refreshed, batch)} as changes` : ""}
);`;
}

/** How many rows the step has added, changed and removed, with keys of some; null but in a backfill. */
function changesMade(refreshed: Item, batch: string): string {
  const counted = rowChanges.map(
    (change) => `coalesce(max(case when change = '${change}' then total end), 0) as rows_${change}`,
  );
  const keys = rowChanges.map(
    (change) =>
      `concat('${change}: ', nullif(array_join(array_sort(collect_list(case when change = '${change}' then row_key end)), ', '), ''))`,
  );
  return `(select struct(${counted.join(", ")},
      nullif(concat_ws(' / ', ${keys.join(",\n        ")}), '') as changed_keys)
    from (
${changedRows(refreshed, databricks.dialect, batch)} and ${at("from_date")} is not null
    ) having ${at("from_date")} is not null)`;
}
