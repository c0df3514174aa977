import type { Table } from "shopmetrics";
import { ops, silver } from "shopmetrics";
import type { EngineAdapter } from "#lib/engine/adapter.js";
import type { Connection } from "#lib/engine/connection.js";
import { textOf } from "#lib/engine/operation.js";
import { outdated } from "#lib/engine/outdated.js";
import { paramsIn, withMarkers } from "#lib/sql/param.js";

/** The tables that the care of a warehouse keeps small. */
const cared: readonly Table[] = [
  ops.runs,
  ops.steps,
  ops.step_runs,
  ops.check_results,
  ops.watermarks,
  ops.loaded_files,
  silver.orders_clean,
];

const statementsOf = (tables: readonly Table[]) =>
  tables.flatMap((table) => outdated(table).map((draft) => textOf(draft)));

/** Deletes what is of before `keepFrom` and nothing reads any more, from the given tables. */
export async function deleteOutdated(
  connection: Connection,
  { mark }: Pick<EngineAdapter, "mark">,
  keepFrom: string,
  tables: readonly Table[] = cared,
): Promise<void> {
  for (const text of statementsOf(tables))
    await connection.execute(
      withMarkers(text, mark),
      paramsIn(text).length > 0 ? { keep_from: { type: "timestamp", value: keepFrom } } : {},
    );
}

/** Takes the tables away again, for tests that begin without them. */
export async function dropRecords(connection: Connection): Promise<void> {
  for (const { name } of cared) await connection.execute(`drop table ${name}`);
}

/** Makes the tables and fills them: runs 1 to 6 of March the 1st to the 6th. */
export async function fillRecords(
  connection: Connection,
  { dialect }: Pick<EngineAdapter, "dialect">,
): Promise<void> {
  for (const table of cared)
    for (const statement of dialect.createTable(table)) await connection.execute(statement);
  const insert = (table: string, columns: string, ...rows: string[]) =>
    connection.execute(
      `insert into ${table} (${columns}) values ${rows.map((row) => `(${row})`).join(", ")}`,
    );
  const at = (day: number) => `timestamp '2026-03-0${day} 00:00:00'`;
  const days = [1, 2, 3, 4, 5, 6];
  await insert(
    "ops.runs",
    "run_id, started_at, run_number",
    ...days.map((day) => `'r${day}', ${at(day)}, ${day}`),
  );
  // The step "often" ran each day and gave rows on the 2nd only; it fails since the 6th. "once" ran on the 3rd, "gone" on the 1st.
  const stepRuns = [
    ...days.map((day) => ["often", day, day === 6 ? "failed" : "succeeded", day === 2 ? 5 : 0] as const),
    ["once", 3, "succeeded", 1] as const,
    ["gone", 1, "failed", 0] as const,
  ];
  await insert(
    "ops.step_runs",
    "step, run_id, started_at, status, rows_out",
    ...stepRuns.map(([step, day, status, out]) => `'${step}', 'r${day}', ${at(day)}, '${status}', ${out}`),
  );
  await insert(
    "ops.check_results",
    "step, run_id, checked_at, table_name, check_name, status",
    ...stepRuns.map(([step, day]) => `'${step}', 'r${day}', ${at(day)}, 't', 'c', 'pass'`),
  );
  await insert(
    "ops.watermarks",
    "step, table_name, batch",
    ...[1, 2, 3, 4].map((batch) => `'silver.orders_clean', 'silver.orders_clean', ${batch}`),
    ...[1, 3].map((batch) => `'gold.fast', 'silver.orders_clean', ${batch}`),
    ...[1, 2].map((batch) => `'gold.slow', 'silver.orders_clean', ${batch}`),
    `'gold.removed', 'silver.orders_clean', 1`,
  );
  await insert(
    "ops.steps",
    "step, position",
    "'silver.orders_clean', 1",
    "'gold.fast', 2",
    "'gold.slow', 3",
    "'gold.new', 4",
  );
  await insert(
    "ops.before_silver_orders_clean",
    "order_id, _batch",
    ...[1, 2, 3, 4].map((batch) => `'O${batch}', ${batch}`),
  );
  await insert("ops.loaded_files", "table_name, source_file, loaded_at", `'t', 'a.csv', ${at(1)}`);
}

/** What the filled tables hold, in a few words each. */
export async function recordsOf(connection: Connection): Promise<Record<string, readonly string[]>> {
  const texts = async (select: string) =>
    (await connection.query(`select ${select} order by 1`)).rows.map((row) => String(Object.values(row)[0]));
  return {
    runs: await texts("run_id as x from ops.runs"),
    stepRuns: await texts("concat(step, ' ', run_id) as x from ops.step_runs"),
    checkResults: await texts("concat(step, ' ', run_id) as x from ops.check_results"),
    watermarks: await texts("concat(step, ' ', cast(batch as string)) as x from ops.watermarks"),
    images: await texts("order_id as x from ops.before_silver_orders_clean"),
    files: await texts("source_file as x from ops.loaded_files"),
  };
}

/** What they hold when what is of before March the 5th has been deleted. */
export const recordsLeft = {
  // The 2nd gave the last rows, the 3rd was the last of "once", the 1st of "gone"; nothing tells of the 4th.
  runs: ["r1", "r2", "r3", "r5", "r6"],
  stepRuns: ["gone r1", "often r2", "often r5", "often r6", "once r3"],
  checkResults: ["gone r1", "often r2", "often r5", "often r6", "once r3"],
  watermarks: ["gold.fast 3", "gold.removed 1", "gold.slow 2", "silver.orders_clean 4"],
  // "gold.slow" has read two batches, and "gold.removed" is no step any more.
  images: ["O3", "O4"],
  files: ["a.csv"],
};
