import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Item, Operation, Plan } from "shopmetrics/internal/plan";
import { withMarkers, type Param } from "shopmetrics/internal/sql/render";
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

/** A step as one file of Databricks SQL: variables first, then each item's statements under its cell. */
export function sqlFile(plan: Plan): string {
  const active = plan.items.filter(({ kind }) => kind !== "show");
  const parts = [
    `-- ${plan.title}\n-- Compiled from ${plan.notebook}: change the notebook, not this file.`,
    `use catalog \`{{catalog}}\`;`,
    declarations(plan),
    ...active.map((item) => section(plan, item)),
    published(plan),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

function section(plan: Plan, item: Item): string {
  const title = `-- cell ${item.place?.cell ?? "?"}: ${item.kind} ${item.name}`;
  const statements = item.load
    ? [copyInto(item.load)]
    : item.scripts.databricks.map((operation) => statement(plan, item, operation));
  return [title, ...statements].join("\n");
}

const text = (sql: string) => withMarkers(sql, (name) => name);

function statement(plan: Plan, item: Item, operation: Operation): string {
  if (operation.kind !== "check") return `${text(operation.sql)};`;
  return `create or replace temporary view measured as
${text(operation.sql)};
insert into ops.check_results
select run_id, '${plan.step}', '${item.table ?? ""}', check_name, severity,
  case when figure is null or figure <= threshold then 'pass' when severity = 'halt' then 'fail' else 'warn' end,
  figure, threshold, failed_rows, total_rows, '${plan.notebook}', ${item.place?.cell ?? 0}, now from measured;
select raise_error(concat('${plan.notebook} cell ${item.place?.cell ?? "?"}: check "', check_name, '" of ${item.table ?? ""}: ',
  figure, ', at most ', threshold, ' allowed (', failed_rows, ' of ', total_rows, ' rows)'))
from measured where severity = 'halt' and figure > threshold;`;
}

/** Variables for what the run sets, what the step has read, and the notebook's own values. */
function declarations(plan: Plan): string {
  const fixed = [
    "declare or replace variable run_id string default '{{run_id}}';",
    "declare or replace variable run_date date default cast('{{date}}' as date);",
    "declare or replace variable now timestamp default current_timestamp();",
    "declare or replace variable full boolean default cast('{{full}}' as boolean);",
  ];
  return [...fixed, ...plan.params.flatMap((param) => declaration(plan, param))].join("\n");
}

function declaration(plan: Plan, param: Param): string[] {
  const declare = (type: string, value: string) => [
    `declare or replace variable ${param.name} ${type};\nset variable ${param.name} = ${value};`,
  ];
  switch (param.kind) {
    case "run":
      return [];
    case "lo":
      return declare(
        "bigint",
        `(select if(full, 0, coalesce(max(batch), 0)) from ops.watermarks where step = '${plan.step}' and upstream = '${param.table}')`,
      );
    case "hi":
      return declare(
        "bigint",
        `(select coalesce(max(batch), 0) from ops.batches where table_name = '${param.table}')`,
      );
    case "batch":
      return declare(
        "bigint",
        `(select coalesce(max(batch), 0) + 1 from ops.batches where table_name = '${param.table}')`,
      );
    case "literal":
      return [literal(param)];
  }
}

function literal({ name, value }: Param & { kind: "literal" }): string {
  const type =
    typeof value === "string"
      ? "string"
      : typeof value === "boolean"
        ? "boolean"
        : Number.isInteger(value) || typeof value === "bigint"
          ? "bigint"
          : "double";
  const written =
    typeof value === "string" ? `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'` : String(value);
  return `declare or replace variable ${name} ${type} default ${written};`;
}

function copyInto(load: NonNullable<Item["load"]>): string {
  const columns = [...load.columns, "_rescued_data"].join(", ");
  return `copy into ${load.table} from (
  select ${columns}, _metadata.file_path as source_file, monotonically_increasing_id() + 1 as source_row, now as ingested_at,
    batch_${load.table.replace(".", "_")} as _batch
  from '/Volumes/{{catalog}}/bronze/raw_data/${load.folder}'
) fileformat = csv format_options ('header' = 'true', 'multiLine' = 'true', 'rescuedDataColumn' = '_rescued_data');`;
}

/** The step's last act: what it wrote becomes visible, and its watermarks move. */
function published(plan: Plan): string {
  const batches = plan.params.filter((param) => param.kind === "batch" && plan.writes.includes(param.table));
  const publish = batches.map(
    (
      param,
    ) => `merge into ops.batches as t using (select '${"table" in param ? param.table : ""}' as table_name, ${param.name} as batch) as i
on t.table_name = i.table_name
when matched then update set batch = i.batch when not matched then insert *;`,
  );
  const move = plan.changes.map(
    (upstream) => `merge into ops.watermarks as t
using (select '${plan.step}' as step, '${upstream}' as upstream, hi_${upstream.replace(".", "_")} as batch) as i
on t.step = i.step and t.upstream = i.upstream
when matched then update set batch = i.batch when not matched then insert *;`,
  );
  return publish.length + move.length
    ? ["-- done: publish the batch and move the watermarks", ...publish, ...move].join("\n")
    : "";
}
