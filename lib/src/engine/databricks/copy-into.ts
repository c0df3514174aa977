import type { FileFormat, LoadFiles } from "../../plan.js";
import { flat } from "../../sql/render.js";
import { csvRecords } from "./csv.js";
import { quoted } from "./text.js";

/** How a format's files become rows. */
export interface FileReader {
  readonly ending: ".csv" | ".ndjson";
  /**
   * Common table expressions, the last of which is `records`: the table's source columns, `_rescued_data`, `source_file`
   * and `source_row` (BIGINT, from 1). They read `files`: source_file and text, the whole file.
   *
   * @param refuse an expression that stops the load, given one of what is wrong with `source_file`
   */
  readonly records: (load: LoadFiles, refuse: (problem: string) => string) => string;
}

/** Another format is one more entry here, and a function like `csvRecords`: nothing else of a load looks into the files. */
const readers: Partial<Record<FileFormat, FileReader>> = {
  csv: { ending: ".csv", records: csvRecords },
};

/** @throws Error when a bronze table's files are of a format that no reader is written for */
export function readerOf({ format, table }: LoadFiles): FileReader {
  const reader = readers[format];
  if (!reader) throw new Error(`${table}: files of the format ${format} cannot be loaded on Databricks yet.`);
  return reader;
}

/** The volume into which exports land. */
export const landingVolume = (catalog: string) => `/Volumes/${catalog}/bronze/raw_data`;

/** Where a bronze table's files stand whole, a row each, between COPY INTO and the insert of their records. */
export const landedTable = (table: string) => `ops.landed_${flat(table)}`;

export const createLanded = (table: string) =>
  `create table if not exists ${landedTable(table)} (source_file STRING, size BIGINT, modified_at TIMESTAMP, sha256 STRING,
  content BINARY) using delta`;

/**
 * Takes the files of a folder of the landing volume that were not taken before: COPY INTO remembers them by their paths.
 * Files come whole, since its own reader of CSV matches columns by position, whatever a file's header says, and fills up
 * a record that is too short.
 *
 * @param given.catalog a piece of the path
 * @param given.files names within the folder, if not all
 */
export const copyInto = (load: LoadFiles, given: { catalog: string; files?: readonly string[] }): string =>
  `copy into ${landedTable(load.table)} from (
  select concat('${load.folder}/', regexp_extract(path, '[^/]*$', 0)) as source_file, length as size,
    modificationTime as modified_at, sha2(content, 256) as sha256, content
  from '${landingVolume(given.catalog)}/${load.folder}'
) fileformat = binaryfile ${
    given.files ? `files = (${given.files.map(quoted).join(", ")})` : `pattern = '*${readerOf(load).ending}'`
  }`;

/**
 * Appends the records of the files that have been copied and are not in the ledger. A repeat within one batch appends
 * none twice. A file that is not UTF-8, or whose reader refuses it, stops the statement.
 *
 * @param given what the audit columns are filled with
 */
export function insertRecords(load: LoadFiles, given: { now: string; batch: string }): string {
  const columns = [...load.columns, "_rescued_data", "source_file", "source_row"].join(", ");
  // COPY INTO takes a path once, so the file has to come again under another name.
  const refuse = (problem: string) =>
    `raise_error(concat(source_file, ': ', ${problem}, '. Nothing of it was loaded. Mend it, land it under another name, and then: delete from ${landedTable(load.table)} where source_file = \\'', source_file, '\\''))`;
  return `insert into ${load.table} (${columns}, ingested_at, _batch)
with files as (
  select landed.source_file,
    if(is_valid_utf8(cast(content as string)), cast(content as string), ${refuse("'it is not UTF-8'")}) as text
  from ${landedTable(load.table)} as landed
  left anti join ops.loaded_files as ledger on ledger.table_name = '${load.table}' and ledger.source_file = landed.source_file
  left anti join (select source_file from ${load.table} where _batch = ${given.batch}) as kept on kept.source_file = landed.source_file
),
${readerOf(load).records(load, refuse)}
select ${columns}, ${given.now} as ingested_at, ${given.batch} as _batch from records`;
}

/** A condition: a record was kept whole, since it could not be split. */
export const isRescued = ({ columns }: LoadFiles) =>
  `_rescued_data is not null and coalesce(${columns.join(", ")}) is null`;

/** Puts the copied files on the ledger, with the records that they brought: also those that brought none. */
export function keepLedger(load: LoadFiles, given: { now: string; batch: string; runId: string }): string {
  return `insert into ops.loaded_files (table_name, source_file, size, modified_at, sha256, rows_loaded, rows_rescued, batch, run_id, loaded_at)
select '${load.table}', landed.source_file, landed.size, landed.modified_at, landed.sha256, coalesce(counted.records, 0),
  coalesce(counted.rescued, 0), ${given.batch}, ${given.runId}, ${given.now}
from ${landedTable(load.table)} as landed
left anti join ops.loaded_files as ledger on ledger.table_name = '${load.table}' and ledger.source_file = landed.source_file
left join (
  select source_file, count(*) as records, count(case when ${isRescued(load)} then 1 end) as rescued
  from ${load.table} where _batch = ${given.batch} group by source_file
) as counted on counted.source_file = landed.source_file`;
}

/** Lets go of the files that are on the ledger: COPY INTO remembers them without. */
export const dropLanded = (table: string) =>
  `merge into ${landedTable(table)} as t using (
  select source_file from ops.loaded_files where table_name = '${table}'
) as i on t.source_file = i.source_file
when matched then delete`;
