import { type FileHandle, open } from "node:fs/promises";
import { loadColumns } from "../../plan/kept-columns.js";
import { BIGINT, type DuckDBAppender, type DuckDBConnection, LIST, listValue } from "@duckdb/node-api";
import { checksum } from "../../landing/checksum.js";
import { type ColumnMap, type Header, matchColumns, readHeader } from "../../landing/header.js";
import { type LandedFile, assertUnchanged, changed } from "../../landing/landing.js";
import { splitRecord } from "../../landing/csv-record.js";
import { type BadRecord, type Scan, scanRecords } from "../../landing/scan.js";
import type { FileLoaded } from "../connection.js";
import { globEscaped, identifier, literal } from "./literals.js";

/** A CSV file to load into an existing bronze table: `table` is schema.table, `columns` its source columns in order. */
interface CsvLoad {
  readonly table: string;
  readonly columns: readonly string[];
  readonly file: LandedFile;
  /** The instant of loading, UTC, as text that DuckDB reads as a timestamp. */
  readonly ingestedAt: string;
  readonly batch: number;
  /** How many files were loaded into the table up to this one. */
  readonly loadNumber: number;
}

/** The result of a load. `rows` were split into columns; `rescued` records are kept whole in `_rescued_data`. */
export interface CsvLoaded extends Omit<FileLoaded, "loadNumber"> {
  readonly extraColumns: readonly string[];
}

/** DuckDB's limit is 2,000,000 bytes; it silently drops a record longer than its buffer of 32 MB, or never returns. */
const longestForDuckDb = 1_900_000;
const rejectsTable = "_csv_rejects";
const scansTable = "_csv_scans";
const rowsTable = "_csv_rows";

/**
 * Appends one CSV file to a bronze table, within the caller's transaction. Every record becomes a row: split into the
 * source columns, or whole in `_rescued_data`. `source_row` is the record's position in the file (1-based, header and
 * blank lines not counted) for both kinds. An unquoted empty value is null, a quoted one the empty string. Values of
 * columns that the table doesn't have are kept as a JSON object in `_rescued_data`.
 *
 * First `scanRecords` counts and checks the records. If it finds nothing that the two readers could read differently,
 * DuckDB's reader loads the file and must find the same rows and the same bad records. Otherwise our own reader loads the
 * file record by record. So no record depends on one reader only.
 *
 * @throws InputError when the file can't be loaded as it is: columns missing, another separator or encoding, a line
 * longer than 64 MiB, changed while it was loaded. The caller rolls back.
 */
export async function loadCsv(connection: DuckDBConnection, load: CsvLoad): Promise<CsvLoaded> {
  const { file } = load;
  await assertUnchanged(file, "since it was listed");
  const header = await readHeader(file);
  const map = header ? matchColumns(file, header.names, load.columns) : { positions: [], extra: [] };
  const hash = checksum(file.path);
  hash.catch(() => undefined); // awaited below; an earlier failure must not be unhandled
  const scan = header ? await scanRecords(file, header.from, header.names.length) : undefined;
  if (header && scan) await loadRecords(connection, { ...load, header, map, scan });
  const sha256 = await hash;
  await assertUnchanged(file, "while it was loaded");
  const bytes = scan?.bytes ?? file.size;
  if (bytes !== file.size) throw changed(file, "while it was loaded", `${bytes} bytes were read`);
  const rescued = scan?.bad.length ?? 0;
  return {
    name: file.name,
    size: file.size,
    modifiedAt: file.modifiedAt,
    sha256,
    rows: (scan?.records ?? 0) - rescued,
    rescued,
    extraColumns: map.extra.map(({ name }) => name),
    warnings: warnings(file, header, map, scan),
  };
}

interface Work extends CsvLoad {
  readonly header: Header;
  readonly map: ColumnMap;
  readonly scan: Scan;
}

async function loadRecords(connection: DuckDBConnection, work: Work): Promise<void> {
  const { header, scan } = work;
  if (scan.records === 0) return;
  const oneLineEnd = header.lineEnd !== "mixed" && (scan.lineEnd === header.lineEnd || scan.lineEnd === "");
  const simple = oneLineEnd && scan.plain && scan.brokenQuotes === 0 && scan.longest <= longestForDuckDb;
  if (simple && (await loadByDuckDb(connection, work))) await rescue(connection, work);
  else await loadByRecord(connection, work);
}

/** Loads by one statement with DuckDB's reader. Returns false and removes its rows when they differ from the scan. */
async function loadByDuckDb(connection: DuckDBConnection, work: Work): Promise<boolean> {
  const { header, map, scan, file } = work;
  const extra = map.extra.map(({ name, position }) => `${literal(name)}, c${position}`).join(", ");
  const shifts = scan.bad.length > 0 ? rowShifts(scan) : undefined;
  await dropRejects(connection);
  const statement = await connection.prepare(`
    insert into ${target(work)}
    select ${map.positions.map((position) => `c${position}`).join(", ")},
      ${extra ? `json_object(${extra})::varchar` : "null"}, $name,
      ${shifts ? "position + base + len(list_filter(marks, lambda mark: mark < position))" : "position"},
      $source_load, $ingested_at::timestamp, $batch
    from (
      select *, row_number() over () as position
      from read_csv($path, auto_detect = false,
        columns = {${header.names.map((_, position) => `'c${position}': 'varchar'`).join(", ")}},
        delim = ',', quote = '"', escape = '"', comment = '', nullstr = '', allow_quoted_nulls = false,
        header = true, strict_mode = true, hive_partitioning = false, compression = 'none',
        store_rejects = true, rejects_limit = 0, rejects_table = '${rejectsTable}', rejects_scan = '${scansTable}')
    )
    ${shifts ? joinShifts : ""}`);
  statement.bind({ path: globEscaped(file.path), ...audit(work) });
  if (shifts) {
    const { bases, marks } = shifts;
    const at = (name: string): number => statement.parameterIndex(name);
    statement.bindList(at("bases"), listValue(bases), LIST(BIGINT));
    statement.bindList(
      at("marks"),
      listValue(marks.map((positions) => listValue(positions))),
      LIST(LIST(BIGINT)),
    );
    statement.bindList(at("buckets"), listValue(bases.map((_, bucket) => BigInt(bucket))), LIST(BIGINT));
  }
  const { rowsChanged } = await statement.run();
  const refused = await connection.runAndReadAll(`select distinct line_byte_position from ${rejectsTable}`);
  await dropRejects(connection);
  // DuckDB counts bytes from 1.
  const starts = new Set(refused.getRows().map(([position]) => Number(position) - 1));
  const agreed =
    rowsChanged === scan.records - scan.bad.length &&
    starts.size === scan.bad.length &&
    scan.bad.every(({ start }) => starts.has(start));
  if (!agreed)
    await connection.run(`delete from ${tableName(work)} where source_file = $name and _batch = $batch`, {
      name: file.name,
      batch: BigInt(work.batch),
    });
  return agreed;
}

/**
 * Maps the position among the good records to the position among all records, in buckets of 1,024 positions: there are
 * `bases[b]` bad records before the bucket, and one more for each of `marks[b]` that is smaller than the position.
 */
function rowShifts(scan: Scan): { bases: bigint[]; marks: bigint[][] } {
  const buckets = ((scan.records - scan.bad.length) >> 10) + 1;
  const marks: bigint[][] = Array.from({ length: buckets }, () => []);
  for (const [before, { row }] of scan.bad.entries())
    marks[(row - 1 - before) >> 10]?.push(BigInt(row - 1 - before));
  let base = 0n;
  const bases = marks.map((positions) => {
    const before = base;
    base += BigInt(positions.length);
    return before;
  });
  return { bases, marks };
}

/** Reads the bad records from the file again and keeps them whole. */
async function rescue(connection: DuckDBConnection, work: Work): Promise<void> {
  if (work.scan.bad.length === 0) return;
  const batch = await rowBatch(connection, work);
  const handle = await open(work.file.path);
  try {
    for (const bad of work.scan.bad) {
      batch.rescued(await textOf(handle, bad), bad.row);
      await batch.flushIfFull();
    }
    await batch.flush();
  } finally {
    await handle.close();
  }
}

async function textOf(handle: FileHandle, { start, end }: BadRecord): Promise<string> {
  const bytes = Buffer.allocUnsafe(end - start);
  await handle.read(bytes, 0, bytes.length, start);
  return bytes.toString("utf8");
}

/** Loads all records by our own reader: it takes about twice as long, and is exact where DuckDB's reader guesses. */
async function loadByRecord(connection: DuckDBConnection, work: Work): Promise<void> {
  const { file, header, map, scan } = work;
  const batch = await rowBatch(connection, work);
  const again = await scanRecords(
    file,
    header.from,
    header.names.length,
    (bytes, start, end, row, good) => {
      if (!good) return batch.rescued(bytes.toString("utf8", start, end), row);
      const values = splitRecord(bytes, start, end);
      const extra = map.extra.map(({ name, position }) => [name, values[position] ?? null]);
      const rest = extra.length > 0 ? JSON.stringify(Object.fromEntries(extra)) : null;
      batch.row(
        map.positions.map((position) => values[position] ?? null),
        rest,
        row,
        end - start,
      );
    },
    batch.flushIfFull,
  );
  await batch.flush();
  if (again.records !== scan.records || again.bad.length !== scan.bad.length)
    throw changed(
      file,
      "while it was loaded",
      `${scan.records} records were counted, ${again.records} were read`,
    );
}

interface RowBatch {
  row(values: (string | null)[], rescuedData: string | null, sourceRow: number, bytes: number): void;
  rescued(text: string, sourceRow: number): void;
  flush(): Promise<void>;
  flushIfFull: () => Promise<void>;
}

/** Gathers rows in a temporary table with DuckDB's appender and moves them to the target after each 64 MiB of the file. */
async function rowBatch(connection: DuckDBConnection, work: Work): Promise<RowBatch> {
  const source = [...work.columns.keys()].map((column) => `c${column}`);
  let appender = await emptyTable();
  let bytes = 0;

  async function emptyTable(): Promise<DuckDBAppender> {
    const columns = [...source, "rescued"].map((column) => `${column} varchar`).join(", ");
    await connection.run(`create or replace temp table ${rowsTable} (${columns}, position bigint)`);
    return connection.createAppender(rowsTable, "main", "temp");
  }

  async function move(): Promise<void> {
    appender.closeSync();
    await connection.run(
      `insert into ${target(work)} select ${source.join(", ")}, rescued, $name, position, $source_load, $ingested_at::timestamp, $batch
       from temp.main.${rowsTable}`,
      audit(work),
    );
  }

  const batch: RowBatch = {
    row(values, rescuedData, sourceRow, size) {
      for (let column = 0; column < source.length; column++) append(appender, values[column] ?? null);
      append(appender, rescuedData);
      appender.appendBigInt(BigInt(sourceRow));
      appender.endRow();
      bytes += size;
    },
    rescued: (text, sourceRow) => batch.row([], text, sourceRow, text.length),
    async flush() {
      await move();
      await connection.run(`drop table temp.main.${rowsTable}`);
    },
    flushIfFull: async () => {
      if (bytes < 64 << 20) return;
      await move();
      appender = await emptyTable();
      bytes = 0;
    },
  };
  return batch;
}

function append(appender: DuckDBAppender, value: string | null): void {
  if (value === null) appender.appendNull();
  else appender.appendVarchar(value);
}

function audit({ file, ingestedAt, batch, loadNumber }: Work): Record<string, string | bigint> {
  return {
    name: file.name,
    source_load: BigInt(loadNumber),
    ingested_at: ingestedAt,
    batch: BigInt(batch),
  };
}

function target(work: Work): string {
  const columns = [...work.columns, ...loadColumns, "_batch"];
  return `${tableName(work)} (${columns.map(identifier).join(", ")})`;
}

function tableName(work: Work): string {
  return work.table.split(".").map(identifier).join(".");
}

async function dropRejects(connection: DuckDBConnection): Promise<void> {
  for (const table of [rejectsTable, scansTable])
    await connection.run(`drop table if exists temp.main.${table}`);
}

function warnings(
  file: LandedFile,
  header: Header | undefined,
  map: ColumnMap,
  scan: Scan | undefined,
): string[] {
  const found: string[] = [];
  if (!header) found.push(`${file.name} is empty (${file.size} bytes, no header): 0 rows loaded.`);
  if (map.extra.length > 0)
    found.push(
      `${file.name} has columns that the table doesn't: ${map.extra.map(({ name }) => `"${name}"`).join(", ")}. Their ` +
        `values are kept in _rescued_data.`,
    );
  const bad = scan?.bad ?? [];
  if (bad.length > 0)
    found.push(
      `${file.name}: ${bad.length} of ${scan?.records} records can't be split into ${header?.names.length} columns ` +
        `and are kept whole in _rescued_data (record ${bad
          .slice(0, 5)
          .map(({ row }) => row)
          .join(", ")}` +
        `${bad.length > 5 ? ", …" : ""}).`,
    );
  return found;
}

const joinShifts =
  "join (select unnest($bases) as base, unnest($marks) as marks, unnest($buckets) as bucket) on bucket = position >> 10";
