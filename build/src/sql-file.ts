import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Item, Plan } from "shopmetrics/internal/plan";
import { copyInto } from "shopmetrics/internal/engine/databricks/copy-into";
import { flat, withMarkers, type Param } from "shopmetrics/internal/sql/render";
import type { Graph } from "./graph.js";

/** Writes each SQL step as `bundle/tasks/<layer>_<table>.sql` and gives the files, relative to the root. */
export async function writeSqlFiles(root: string, graph: Graph): Promise<string[]> {
  const folder = path.join(root, "bundle/tasks");
  await mkdir(folder, { recursive: true });
  const files = new Map(
    graph.plans
      .filter(({ runtime }) => runtime === "sql")
      .map((plan) => [`${plan.step.replace(".", "_")}.sql`, sqlFile(plan)]),
  );
  for (const old of await readdir(folder))
    if (old.endsWith(".sql") && !files.has(old)) await rm(path.join(folder, old));
  for (const [name, text] of files) await writeFile(path.join(folder, name), text);
  return [...files.keys()].map((name) => `bundle/tasks/${name}`);
}

/**
 * A step as one file of Databricks SQL: its variables first, then each item's statements under its cell. Checks are
 * recorded in one statement before the next that writes, and raised in another.
 */
export function sqlFile(plan: Plan): string {
  const parts = [
    `-- ${plan.title}\n-- Compiled from ${plan.notebook}: change the notebook, not this file.`,
    "use catalog {{catalog}};",
    variables(plan),
    ...sections(plan),
    done(plan),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

interface Check {
  readonly item: Item;
  readonly measure: string;
}

function sections(plan: Plan): string[] {
  const parts: string[] = [];
  let checks: Check[] = [];
  const flush = () => {
    if (checks.length) parts.push(checked(plan, checks));
    checks = [];
  };
  for (const item of plan.items.filter(({ kind }) => kind !== "show")) {
    const statements: string[] = [];
    const title = `-- cell ${item.place?.cell ?? "?"}: ${item.kind} ${item.name}`;
    const close = () => {
      if (statements.length) parts.push([title, ...statements.splice(0)].join("\n"));
    };
    if (item.load) statements.push(...loaded(item.load));
    for (const { kind, sql } of item.scripts.databricks) {
      const text = inFile(plan, sql);
      if (kind === "check") {
        close();
        checks.push({ item, measure: text });
      } else {
        if (!isView(text)) flush();
        statements.push(`${text};`);
      }
    }
    close();
  }
  flush();
  return parts;
}

const isView = (sql: string) => /^create or replace temporary view\b/i.test(sql);

/** The one variable that a file declares: what the task was given, and how far the step has read. */
const at = (name: string) => `this.${name}`;

/** A statement with this step's values: what a run sets stands in the variable, the notebook's own are written out. */
function inFile(plan: Plan, sql: string): string {
  const literals = new Map(plan.params.map((param) => [param.name, param]));
  return withMarkers(sql, (name) => {
    const param = literals.get(name);
    return param?.kind === "literal" ? literal(param) : at(name);
  });
}

function variables(plan: Plan): string {
  const upstream = [
    ...new Set(
      plan.params.flatMap((param) => ("table" in param && param.kind !== "batch" ? param.table : [])),
    ),
  ];
  const batch = (name: string) =>
    `coalesce((select max(batch) from ops.batches where table_name = '${name}'), 0)`;
  const fields: (readonly [name: string, type: string, value: string])[] = [
    ["run_id", "string", "{{run_id}}"],
    ["run_date", "date", "cast({{date}} as date)"],
    ["now", "timestamp", "current_timestamp()"],
    ["full", "boolean", "cast({{full}} as boolean)"],
    ...upstream.flatMap((name) => [
      [
        `lo_${flat(name)}`,
        "bigint",
        `if(cast({{full}} as boolean), 0, coalesce((select max(batch) from ops.watermarks
    where step = '${plan.step}' and upstream = '${name}'), 0))`,
      ] as const,
      [`hi_${flat(name)}`, "bigint", batch(name)] as const,
    ]),
    ...plan.writes.map((name) => [`batch_${flat(name)}`, "bigint", `${batch(name)} + 1`] as const),
  ];
  return `-- what this run is, which batches it reads and which it writes
declare or replace variable this struct<${fields.map(([name, type]) => `${name} ${type}`).join(", ")}>;
set variable this = (select named_struct(
  ${fields.map(([name, , value]) => `'${name}', ${value}`).join(",\n  ")}));`;
}

function literal({ value }: Param & { kind: "literal" }): string {
  if (typeof value === "string") return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  return typeof value === "number" && !Number.isInteger(value) ? `${value}D` : String(value);
}

/** Records checks, and fails the task if one that halts did not pass. */
function checked(plan: Plan, checks: readonly Check[]): string {
  const cells = [...new Set(checks.map(({ item }) => item.place?.cell ?? 0))];
  const title = `-- cell${cells.length > 1 ? "s" : ""} ${cells.join(", ")}: ${checks.length > 1 ? "checks" : "check"}`;
  const results = checks.map(
    ({
      item,
      measure,
    }) => `select '${item.table ?? ""}' as table_name, ${item.place?.cell ?? 0} as cell, measured.* from (
${measure}
) as measured`,
  );
  const record = `insert into ops.check_results
select ${at("run_id")}, '${plan.step}', table_name, check_name, severity,
  case when figure is null or figure <= threshold then 'pass' when severity = 'halt' then 'fail' else 'warn' end,
  figure, threshold, failed_rows, total_rows, '${plan.notebook}', cell, ${at("now")}
from (
${results.join("\nunion all\n")}
);`;
  const halts = checks.some(({ measure }) => measure.includes("'halt' as severity"));
  if (!halts) return `${title}\n${record}`;
  return `${title}
${record}
select raise_error(concat(notebook, ' cell ', cell, ': check "', check_name, '" of ', table_name, ': ', figure, ', at most ',
  threshold, ' allowed', coalesce(concat(' (', failed_rows, ' of ', total_rows, ' rows)'), '')))
from ops.check_results
where run_id = ${at("run_id")} and step = '${plan.step}' and status = 'fail' and checked_at = ${at("now")};`;
}

/** Loads new files and keeps them in the ledger, which a killed run that is repeated fills once. */
function loaded(load: NonNullable<Item["load"]>): string[] {
  const batch = at(`batch_${flat(load.table)}`);
  return [
    `${copyInto(load, { catalog: "{{catalog}}", now: at("now"), batch })};`,
    `delete from ops.loaded_files where table_name = '${load.table}' and batch = ${batch};`,
    `insert into ops.loaded_files (table_name, source_file, rows_loaded, rows_rescued, batch, run_id, loaded_at)
select '${load.table}', source_file, count(*), count(_rescued_data), ${batch}, ${at("run_id")}, ${at("now")}
from ${load.table} where _batch = ${batch} group by source_file;`,
  ];
}

/** The step's last acts: what it wrote becomes visible, its watermarks move, and it is on record. */
function done(plan: Plan): string {
  if (plan.writes.length + plan.changes.length === 0) return "";
  const quarantine = "silver.rejected_rows";
  const written = plan.writes
    .filter((name) => name !== quarantine)
    .map((name) => {
      const batch = at(`batch_${flat(name)}`);
      const rejects = plan.items.some(({ kind, table }) => kind === "reject" && table === name)
        ? ` or exists (select 1 from ${quarantine} where table_name = '${name}' and _batch = ${batch})`
        : "";
      return `select '${name}' as table_name, ${batch} as batch
where exists (select 1 from ${name} where _batch = ${batch})${rejects}`;
    });
  const publish = `merge into ops.batches as t using (
${written.join("\nunion all\n")}
) as i on t.table_name = i.table_name
when matched then update set batch = i.batch when not matched then insert *;`;
  const read = plan.changes.map(
    (upstream) =>
      `select '${plan.step}' as step, '${upstream}' as upstream, ${at(`hi_${flat(upstream)}`)} as batch`,
  );
  const move = `merge into ops.watermarks as t using (
${read.join("\nunion all\n")}
) as i on t.step = i.step and t.upstream = i.upstream
when matched and t.batch <> i.batch then update set batch = i.batch when not matched then insert *;`;
  return [
    "-- done: publish the batch and move the watermarks",
    ...(written.length ? [publish] : []),
    ...(read.length ? [move] : []),
  ].join("\n");
}
