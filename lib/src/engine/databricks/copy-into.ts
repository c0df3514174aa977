import type { FileFormat, LoadFiles } from "../../plan/plan.js";
import { flat } from "../../sql/param.js";
import { csvProblems, csvRecords } from "./csv.js";
import { envelopeRecords } from "./envelopes.js";
import { quoted } from "./literals.js";

/** How a format's files become rows: common table expressions that read `files` (source_file, text: the whole file). */
export interface FileReader {
  readonly ending: ".csv" | ".ndjson";
  /** They end in `problems` (source_file, problem): what is wrong with a file as a whole, or null. */
  readonly problems?: (load: LoadFiles) => string;
  /** They end in `records`: the table's source columns, `_rescued_data`, `source_file` and `source_row` (BIGINT, from 1). */
  readonly records: (load: LoadFiles) => string;
  /** A condition on a row of the table: its record could not be taken apart and was kept whole. */
  readonly isRescued: (load: LoadFiles) => string;
}

/** Another format is one more entry here, and a function like `csvRecords`: nothing else of a load looks into the files. */
const readers: Readonly<Record<FileFormat, FileReader>> = {
  csv: {
    ending: ".csv",
    problems: csvProblems,
    records: csvRecords,
    isRescued: ({ columns }) => `_rescued_data is not null and coalesce(${columns.join(", ")}) is null`,
  },
  envelopes: { ending: ".ndjson", records: envelopeRecords, isRescued: () => "_rescued_data is not null" },
};

export const readerOf = ({ format }: LoadFiles): FileReader => readers[format];

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

/** Files that have been copied and are not on the ledger. */
const pending = ({
  table,
}: LoadFiles) => `select landed.source_file, if(is_valid_utf8(cast(content as string)), cast(content as string), null) as text
  from ${landedTable(table)} as landed
  left anti join ops.loaded_files as ledger on ledger.table_name = '${table}' and ledger.source_file = landed.source_file`;

/**
 * Fails when a copied file cannot be loaded as it is: it is not UTF-8, or its reader finds a problem. COPY INTO takes a path
 * once, so such a file has to come again under another name.
 */
export function refuseFiles(load: LoadFiles): string {
  const { problems } = readerOf(load);
  const next = `'. Nothing of it was loaded. Mend it, land it under another name, and then: delete from ${landedTable(load.table)} where source_file = \\'', source_file, '\\''`;
  return `with files as (
  ${pending(load)}
)${problems ? `,\n${problems(load)}` : ""}
select raise_error(concat(source_file, ': ', problem, ${next})) from (
  select source_file, 'it is not UTF-8' as problem from files where text is null${problems ? "\n  union all\n  select source_file, problem from problems" : ""}
) where problem is not null`;
}

/**
 * Appends the records of the files that have been copied and are not on the ledger. A repeat within one batch appends
 * none twice.
 *
 * @param given what the audit columns are filled with
 */
export function insertRecords(load: LoadFiles, given: { now: string; batch: string }): string {
  const columns = [...load.columns, "_rescued_data", "source_file", "source_row"].join(", ");
  return `insert into ${load.table} (${columns}, ingested_at, _batch)
with files as (
  ${pending(load)}
  left anti join (select source_file from ${load.table} where _batch = ${given.batch}) as kept on kept.source_file = landed.source_file
),
${readerOf(load).records(load)}
select ${columns}, ${given.now} as ingested_at, ${given.batch} as _batch from records`;
}

/** Puts the copied files on the ledger, with the records that they brought: also those that brought none. */
export function keepLedger(load: LoadFiles, given: { now: string; batch: string; runId: string }): string {
  return `insert into ops.loaded_files (table_name, source_file, size, modified_at, sha256, rows_loaded, rows_rescued, batch, run_id, loaded_at)
select '${load.table}', landed.source_file, landed.size, landed.modified_at, landed.sha256, coalesce(counted.records, 0),
  coalesce(counted.rescued, 0), ${given.batch}, ${given.runId}, ${given.now}
from ${landedTable(load.table)} as landed
left anti join ops.loaded_files as ledger on ledger.table_name = '${load.table}' and ledger.source_file = landed.source_file
left join (
  select source_file, count(*) as records, count(case when ${readerOf(load).isRescued(load)} then 1 end) as rescued
  from ${load.table} where _batch = ${given.batch} group by source_file
) as counted on counted.source_file = landed.source_file`;
}

/** Lets go of the files that are on the ledger: COPY INTO remembers them without. */
export const dropLanded = (table: string) =>
  `merge into ${landedTable(table)} as t using (
  select source_file from ops.loaded_files where table_name = '${table}'
) as i on t.source_file = i.source_file
when matched then delete`;
