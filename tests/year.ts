import { createHash } from "node:crypto";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Connection } from "#lib/engine/connection.js";

/** A run every five minutes, for a year. */
export const runsOfYear = 105_120;

/** The steps of a round of streaming that has news. */
const streaming = [
  "bronze.clickstream_raw",
  "silver.clickstream_clean",
  "silver.clickstream_sessions",
  "silver.visitor_identities",
  "gold.hourly_traffic_metrics",
  "gold.conversion_funnel",
];

const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(", ");

/**
 * Puts into `ops` what a year of rounds would have left there: the records of the first run's streaming steps, again for each
 * round, and as many batches of the tables that they read and write. The first run must have been made.
 *
 * @param checksOf the steps whose check results are repeated; by default all of them, which makes ten million rows
 */
export async function leaveYear(
  connection: Connection,
  checksOf: readonly string[] = streaming,
): Promise<void> {
  // One instant for all statements, since a run's id holds it.
  const end = new Date().toISOString().slice(0, -1);
  const at = `(timestamp '${end}' - to_minutes(5 * (${runsOfYear} - i)))`;
  const id = `strftime(${at}, '%Y-%m-%dT%H%M%SZ-') || i`;
  const rounds = `range(1, ${runsOfYear} + 1) as rounds (i) order by i`;
  await connection.execute("create temp table first_run as select * from ops.runs where run_number = 1");
  const ofFirst = (table: string, steps: readonly string[]) =>
    `(from ops.${table} where run_id = (select run_id from first_run) and step in (${list(steps)})) as row_of`;
  for (const insert of [
    `insert into ops.runs by name
     select row_of.* replace (${id} as run_id, ${at} as started_at, ${at} + interval 1 second as finished_at, i + 1 as run_number)
     from first_run as row_of, ${rounds}`,
    `insert into ops.step_runs by name
     select row_of.* replace (${id} as run_id, ${at} as started_at) from ${ofFirst("step_runs", streaming)}, ${rounds}`,
    `insert into ops.check_results by name
     select row_of.* replace (${id} as run_id, ${at} as checked_at) from ${ofFirst("check_results", checksOf)}, ${rounds}`,
    `insert into ops.watermarks
     select step, table_name, batch + i from (
       select step, table_name, max(batch) as batch from ops.watermarks
       where table_name like '%.clickstream_%' or table_name in (${list(streaming)})
       group by step, table_name
     ), ${rounds}`,
  ])
    await connection.execute(insert);
  await connection.execute("drop table first_run");
}

/**
 * Puts small files of a topic with three partitions into the landing folder, two events in each, as live mode leaves them, with
 * their rows in the ledger and in bronze.
 *
 * @param loadedAt when they were loaded: an SQL expression over `n`, a file's place among them from 0
 */
export async function leaveFiles(
  connection: Connection,
  landing: string,
  count: number,
  loadedAt = "now()::timestamp - interval 40 day + to_minutes(n)",
): Promise<void> {
  const folder = path.join(landing, "clickstream");
  mkdirSync(folder, { recursive: true });
  const instant = "2026-06-01T00:00:00.000Z";
  const rows: string[] = [];
  for (let n = 0; n < count; n++) {
    const [partition, from] = [n % 3, 2 * Math.floor(n / 3)];
    const name = `clicks-${partition}-${String(from).padStart(20, "0")}.ndjson`;
    const text = [0, 1].map((more) => `${envelope(n, partition, from + more, instant)}\n`).join("");
    writeFileSync(path.join(folder, name), text);
    const { size, mtime } = statSync(path.join(folder, name));
    const sha256 = createHash("sha256").update(text).digest("hex");
    rows.push([n, partition, from, `clickstream/${name}`, size, mtime.toISOString(), sha256].join(","));
  }
  const csv = path.join(folder, ".left.csv");
  writeFileSync(csv, `n,part,first,name,size,changed,sha256\n${rows.join("\n")}\n`);
  const table = "bronze.clickstream_raw";
  for (const insert of [
    `create temp table left_files as from read_csv('${csv}', types = {'changed': 'TIMESTAMP'})`,
    `insert into ops.loaded_files by name
     select '${table}' as table_name, name as source_file, size, changed as modified_at, sha256, 2 as rows_loaded, 0 as rows_rescued,
       1 as batch, 'left' as run_id, ${loadedAt} as loaded_at,
       (select coalesce(max(load_number), 0) from ops.loaded_files where table_name = '${table}') + n + 1 as load_number
     from left_files`,
    `insert into ${table}_messages by name
     select 'clicks' as kafka_topic, part as kafka_partition, first + more as kafka_offset, timestamp '${instant.slice(0, -1)}' as kafka_timestamp,
       to_json({event_id: 'left' || n || '-' || more, event_type: 'page_view'}) as value, name as source_file, more + 1 as source_row,
       now()::timestamp as ingested_at, 1 as _batch, 1 as source_load
     from left_files, range(2) as two (more)`,
    "drop table left_files",
  ])
    await connection.execute(insert);
  rmSync(csv);
}

function envelope(n: number, partition: number, offset: number, timestamp: string): string {
  const event = {
    event_id: `left${n}-${offset % 2}`,
    event_type: "page_view",
    event_timestamp: timestamp,
    visitor_id: `v${n}`,
  };
  return JSON.stringify({
    topic: "clicks",
    partition,
    offset,
    timestamp,
    key: null,
    value: JSON.stringify(event),
  });
}
