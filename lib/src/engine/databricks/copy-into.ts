import type { FileFormat } from "../../contracts/table.js";
import { levelsOfTasks } from "../../landing/landing.js";
import type { LoadFiles } from "../../plan/plan.js";
import { flat } from "../../sql/param.js";
import { csvProblems, csvRecords } from "./csv.js";
import { envelopeRecords } from "./envelopes.js";
import { quoted } from "./literals.js";

/** How files of a format become rows: common table expressions that read `files` (source_file, text: the whole file). */
interface FileReader {
  /** The names of its files, as a glob. A task does not load compressed ones: SQL cannot decompress them. */
  readonly glob: string;
  /** The last one is `problems` (source_file, problem): what is wrong with a file as a whole, or null. */
  readonly problems?: (load: LoadFiles) => string;
  /** The last one is `records`: the source columns, `_rescued_data`, `source_file` and `source_row` (BIGINT, from 1). */
  readonly records: (load: LoadFiles) => string;
  /** A condition on a row of the table: its record could not be split and was kept whole. */
  readonly isRescued: (load: LoadFiles) => string;
}

/** For another format, add an entry here and a function like `csvRecords`: no other part of a load reads the content. */
const readers: Readonly<Record<FileFormat, FileReader>> = {
  csv: {
    glob: "*.[cC][sS][vV]",
    problems: csvProblems,
    records: csvRecords,
    // A record of empty values with a column that the contract does not know was split: it has an object there, and not its line.
    isRescued: ({ columns }) =>
      `_rescued_data is not null and coalesce(${columns.join(", ")}) is null and _rescued_data not like '{"%":%}'`,
  },
  envelopes: {
    glob: "*.[nN][dD][jJ][sS][oO][nN]",
    records: envelopeRecords,
    isRescued: () => "_rescued_data is not null",
  },
};

export const readerOf = ({ format }: LoadFiles): FileReader => readers[format];

/** The volume where exports land. */
export const landingVolume = (catalog: string) => `/Volumes/${catalog}/bronze/raw_data`;

/** The table that holds a bronze table's files, one row per file, between COPY INTO and the insert of their records. */
export const landedTable = (table: string) => `ops.landed_${flat(table)}`;

export const createLanded = (table: string) =>
  `create table if not exists ${landedTable(table)} (source_file STRING, size BIGINT, modified_at TIMESTAMP, sha256 STRING,
  content BINARY) using delta`;

/**
 * Copies the files in a folder of the landing volume that were not copied before: COPY INTO remembers their paths. It
 * copies whole files, because its CSV reader matches columns by position, whatever the header says, and fills up records
 * that are too short. It starts at the volume, which is always there: a folder is not before its first file, and COPY INTO
 * fails where its path is missing.
 *
 * @param given.catalog part of the path
 * @param given.files names of files below the volume; those with the format's names if not given
 */
export const copyInto = (load: LoadFiles, given: { catalog: string; files?: readonly string[] }): string =>
  `copy into ${landedTable(load.table)} from (
  select regexp_extract(path, 'bronze/raw_data/(.*)$', 1) as source_file, length as size,
    modificationTime as modified_at, sha2(content, 256) as sha256, content
  from '${landingVolume(given.catalog)}'
) fileformat = binaryfile ${
    given.files
      ? `files = (${given.files.map(quoted).join(", ")})`
      : `pattern = '${pathsBelow(load.folder, readerOf(load).glob)}'`
  }`;

/** Files in a folder and in the folders below it. */
const pathsBelow = (folder: string, glob: string) =>
  `{${Array.from({ length: levelsOfTasks }, (_, level) => `${folder}/${"*/".repeat(level)}${glob}`).join(",")}}`;

/** Files that were copied and are not in the ledger. */
const pending = ({
  table,
}: LoadFiles) => `select landed.source_file, if(is_valid_utf8(cast(content as string)), cast(content as string), null) as text
  from ${landedTable(table)} as landed
  left anti join ops.loaded_files as ledger on ledger.table_name = '${table}' and ledger.source_file = landed.source_file`;

/**
 * Fails when a copied file cannot be loaded as it is: it is not UTF-8, or its reader finds a problem. COPY INTO copies a
 * path only once, so the corrected file must come under another name.
 */
export function refuseFiles(load: LoadFiles): string {
  const { problems } = readerOf(load);
  const next =
    `'. Nothing in it was loaded. Correct it, land it under another name, and then: delete from ` +
    `${landedTable(load.table)} where source_file = \\'', source_file, '\\''`;
  const found = problems ? "\n  union all\n  select source_file, problem from problems" : "";
  return `with files as (
  ${pending(load)}
)${problems ? `,\n${problems(load)}` : ""}
select raise_error(concat(source_file, ': ', problem, ${next})) from (
  select source_file, 'it is not UTF-8' as problem from files where text is null${found}
) where problem is not null`;
}

/**
 * Appends the records of the files that were copied and are not in the ledger. A repeat in the same batch appends nothing
 * twice.
 *
 * @param given the values of the audit columns, and the number of the last file that was loaded into the table
 */
export function insertRecords(
  load: LoadFiles,
  given: { now: string; batch: string; lastLoad: string },
): string {
  const columns = [...load.columns, "_rescued_data", "source_file", "source_row", "source_load"];
  return `merge into ${load.table} as t using (
with files as (
  ${pending(load)}
),
loads as (
  ${loadNumbers(load, given)}
),
${readerOf(load).records(load)}
select ${columns.map((name) => (name === "source_file" ? `records.${name}` : name)).join(", ")}
from records join loads on loads.source_file = records.source_file
) as i on t._batch = ${given.batch} and t.source_file = i.source_file and t.source_row = i.source_row
when not matched then insert (${columns.join(", ")}, ingested_at, _batch)
  values (${columns.map((name) => `i.${name}`).join(", ")}, ${given.now}, ${given.batch})`;
}

/** A name as a text that sorts a number by its value, as `listLanding` does: `orders_10.csv` comes after `orders_9.csv`. */
const inOrder = (name: string) =>
  `array_join(transform(regexp_extract_all(${name}, '([0-9]+|[^0-9]+)', 1), p -> if(p rlike '^[0-9]', lpad(p, 30, '0'), p)), '')`;

/**
 * The numbers of the copied files, which continue those of the ledger: the ones that their rows have, where a task that is
 * repeated has inserted them before; otherwise the next ones in the order of names.
 */
const loadNumbers = (
  { table }: LoadFiles,
  given: { batch: string; lastLoad: string },
) => `select landed.source_file, coalesce(given.number, coalesce(max(given.number) over (), ${given.lastLoad}) +
    row_number() over (partition by given.number is null order by ${inOrder("landed.source_file")})) as source_load
  from ${landedTable(table)} as landed
  left join (
    select source_file, max(source_load) as number from ${table} where _batch = ${given.batch} group by source_file
  ) as given on given.source_file = landed.source_file`;

/**
 * Adds the copied files to the ledger with the number of their records, also files without any. It does not look into the
 * ledger, so that steps that load at the same time do not meet there: `dropLanded` comes first and leaves the new files.
 */
export function recordLoadedFiles(
  load: LoadFiles,
  given: { now: string; batch: string; lastLoad: string; runId: string },
): string {
  const columns =
    "table_name, source_file, size, modified_at, sha256, rows_loaded, rows_rescued, batch, run_id, loaded_at, load_number";
  return `insert into ops.loaded_files (${columns})
select '${load.table}', landed.source_file, landed.size, landed.modified_at, landed.sha256, coalesce(counted.records, 0),
  coalesce(counted.rescued, 0), ${given.batch}, ${given.runId}, ${given.now}, loads.source_load
from ${landedTable(load.table)} as landed
join (
  ${loadNumbers(load, given)}
) as loads on loads.source_file = landed.source_file
left join (
  select source_file, count(*) as records, count(case when ${readerOf(load).isRescued(load)} then 1 end) as rescued
  from ${load.table} where _batch = ${given.batch} group by source_file
) as counted on counted.source_file = landed.source_file`;
}

/** Deletes the content of the files that are in the ledger: COPY INTO remembers their paths without it. */
export const dropLanded = (table: string) =>
  `merge into ${landedTable(table)} as t using (
  select source_file from ops.loaded_files where table_name = '${table}'
) as i on t.source_file = i.source_file
when matched then delete`;
