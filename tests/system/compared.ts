import { shop as project } from "#lib/shop/index.js";
import type { Table } from "#lib/contracts/table.js";
import { batchColumns } from "#lib/plan/kept-columns.js";
import type { Connection } from "#lib/engine/connection.js";
import type { Tables } from "./tables.ts";

/** A table's columns but for those that say when or by which run a row was written. */
function columnsOf({ columns, options }: Table): string[] {
  const auditColumns = new Set<string>(options.auditColumns ?? []);
  return columns.map(({ name }) => name).filter((name) => !auditColumns.has(name));
}

/**
 * What of each table must be the same on every engine. It is all but this: which run it was (`run_id`), what the clock
 * said (audit columns, `checked_at`, `loaded_at`, `seconds`, `started_at`), when a copy of a file was written (`modified_at`), and
 * ids of statements. A job also records steps that had nothing to do, and a job that another one starts is a run of its own.
 * A file of 0 bytes is on the embedded engine's ledger only, since Spark passes it over; and when a check halts, a job has
 * recorded those behind it too.
 */
export const compared: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [...project.tables.values()]
      .filter(({ layer }) => layer !== "ops")
      .map((table) => [
        table.name,
        `select ${[...columnsOf(table), ...batchColumns(table)].join(", ")} from ${table.name}`,
      ]),
  ),
  "ops.loaded_files":
    "select table_name, source_file, size, sha256, rows_loaded, rows_rescued, batch from ops.loaded_files",
  "ops.check_results": `select step, table_name, check_name, severity, status, case when check_name like '% is fresh' then null else figure end as figure,
    threshold, failed_rows, total_rows, notebook, cell, line, sample,
    case when check_name not like '% is fresh' then message end as message from ops.check_results`,
  "ops.step_runs":
    "select distinct step, status, rows_in, rows_out, rows_merged, rows_rejected, batch from ops.step_runs where status <> 'skipped'",
  "ops.watermarks":
    "select step, table_name, max(batch) as batch from ops.watermarks group by step, table_name",
  "ops.steps":
    "select step, position, job, notebook, runtime, reads, writes, watermark, fingerprint from ops.steps",
  "ops.runs": "select distinct run_date, is_full, status, message from ops.runs",
};

/** The rows of every table without their batches: for where it is not said in how many rounds they came. */
export const comparedRows: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [...project.tables.values()]
      .filter(({ layer }) => layer !== "ops")
      .map((table) => [table.name, `select ${columnsOf(table).join(", ")} from ${table.name}`]),
  ),
  "ops.loaded_files":
    "select table_name, source_file, size, sha256, rows_loaded, rows_rescued from ops.loaded_files",
};

/** Rows of selects as text, each a line, sorted. */
export async function rowsOf(
  connection: Connection,
  selects: Readonly<Record<string, string>>,
): Promise<Tables> {
  const tables: Record<string, string[]> = {};
  for (const [name, select] of Object.entries(selects)) {
    const { rows } = await connection.query(select);
    tables[name] = rows.map((row) => JSON.stringify(Object.values(row))).toSorted();
  }
  return tables;
}

/** Steps beside the way from the files to daily sales. Spark is slow per statement, so CI leaves them out of all but the first day. */
export const besideSales =
  /customer_|product_performance|stripe|marketing|campaign|touches|refunds|fct_orders|fct_daily|region|status|review|rating|database/;
