import { type DuckDBAppender, type DuckDBConnection, LIST, VARCHAR, listValue } from "@duckdb/node-api";
import { loadColumns } from "../../plan/kept-columns.js";
import { checksum } from "../../landing/checksum.js";
import { type LandedFile, assertUnchanged, changed } from "../../landing/landing.js";
import { readLines } from "../../landing/lines.js";
import { withPlainContent } from "../../landing/plain-content.js";
import type { FileLoaded } from "../connection.js";
import { identifier } from "./literals.js";
import { envelopeColumns, storedName } from "./stored.js";

/** Landed files to load into an existing bronze table, in this order: `table` is schema.table. */
export interface FilesToLoad {
  readonly table: string;
  /** Its source columns, in any order. Of envelopes only the envelope's own are stored; the others are read from the message. */
  readonly columns: readonly string[];
  readonly files: readonly LandedFile[];
  /** The instant of loading, UTC, as text that DuckDB reads as a timestamp. */
  readonly ingestedAt: string;
  readonly batch: number;
  /** How many files were loaded into the table before these. */
  readonly loadedBefore: number;
}

const linesTable = "_envelope_lines";
const filesTable = "_envelope_files";

/** Bytes of lines that are gathered before they are parsed: enough for two threads, few enough for a small machine. */
const fullAt = 128 << 20;

/**
 * Appends files of envelopes, a Kafka message per line, to a bronze table, within the caller's transaction:
 * `{"topic":…,"partition":…,"offset":…,"timestamp":…,"key":…,"value":…}`, and `"schema_id":…` of one that
 * names a schema. Every line becomes a row. A line that is not an envelope is kept whole in `_rescued_data`, and so is one with
 * other fields than these or with one of them twice, such as `value_base64` (a message that is not UTF-8) or `value_bytes` (the
 * size of one too large to be kept). `source_row` is the line's position in the file, from 1, blank lines not counted.
 *
 * The lines of small files are parsed together. They are counted as they are read, and there must be the same number of rows.
 *
 * @throws InputError when a file isn't UTF-8, or was changed while it was loaded
 */
export async function loadEnvelopes(connection: DuckDBConnection, load: FilesToLoad): Promise<FileLoaded[]> {
  if (load.files.length === 0) return [];
  await connection.run(
    `create or replace temp table ${filesTable} as select name, position::integer as file
    from (select unnest($names) as name, generate_subscripts($names, 1) as position)`,
    { names: listValue(load.files.map(({ name }) => name)) },
    { names: LIST(VARCHAR) },
  );
  const read: ReadFile[] = [];
  let appender = await emptyTable(connection);
  let gathered = { bytes: 0, lines: 0 };
  const move = async () => {
    appender.closeSync();
    const kept = await parseLines(connection, load);
    if (kept !== gathered.lines)
      throw new Error(
        `${load.table}: ${gathered.lines} lines were read, ${kept} were kept. Nothing was loaded.`,
      );
    gathered = { bytes: 0, lines: 0 };
  };
  for (const [index, landed] of load.files.entries()) {
    const done = await withPlainContent(landed, async (file) => {
      await assertUnchanged(file, "since it was listed");
      const hash = checksum(landed.path);
      hash.catch(() => undefined); // awaited below; an earlier failure must not be unhandled
      let row = 0;
      const { bytes, lines } = await readLines(
        file,
        (window, start, end) => {
          appender.appendVarchar(window.toString("utf8", start, end));
          appender.appendInteger(index + 1);
          appender.appendBigInt(BigInt(++row));
          appender.endRow();
          gathered.bytes += end - start;
          gathered.lines++;
        },
        async () => {
          if (gathered.bytes < fullAt) return;
          await move();
          appender = await emptyTable(connection);
        },
      );
      const sha256 = await hash;
      await assertUnchanged(file, "while it was loaded");
      if (bytes !== file.size) throw changed(file, "while it was loaded", `${bytes} bytes were read`);
      return { lines, sha256 };
    });
    read.push({ file: landed, ...done });
  }
  await move();
  const rescued = await rescuedLines(connection, load);
  await connection.run(`drop table temp.main.${linesTable}; drop table temp.main.${filesTable}`);
  return read.map(({ file, lines, sha256 }, index) => {
    const kept = rescued.get(file.name) ?? 0;
    return {
      name: file.name,
      size: file.size,
      modifiedAt: file.modifiedAt,
      sha256,
      rows: lines - kept,
      rescued: kept,
      warnings: warnings(file, lines, kept),
      loadNumber: load.loadedBefore + index + 1,
    };
  });
}

interface ReadFile {
  readonly file: LandedFile;
  readonly lines: number;
  readonly sha256: string;
}

async function emptyTable(connection: DuckDBConnection): Promise<DuckDBAppender> {
  await connection.run(
    `create or replace temp table ${linesTable} (line varchar, file integer, position bigint)`,
  );
  return connection.createAppender(linesTable, "main", "temp");
}

const parts = ["topic", "partition", "offset", "timestamp", "key", "value"];
/** With what only some envelopes have. */
const allParts = [...parts, "schema_id"];

/**
 * Moves the gathered lines into the table. What looks like an object is read without first asking whether it is JSON: only where
 * it is none does DuckDB begin again, line by line. Nearly all lines have exactly an envelope's fields in their order; the names of
 * the others are looked at. The message is stored as its text: its fields are read from there.
 */
async function parseLines(
  connection: DuckDBConnection,
  { table, columns, ingestedAt, batch, loadedBefore }: FilesToLoad,
): Promise<number> {
  const stored = columns.filter((name) => name in envelopeColumns);
  const into = [...stored, ...loadColumns, "_batch"];
  const { rowsChanged } = await connection.run(
    `insert into ${rowsOf(table)} (${into.map(identifier).join(", ")})
    with listed as (
      select line, file, position, case when starts_with(line, '{') and ends_with(line, '}') then try(json_keys(line))
        when json_valid(line) then json_keys(line) end as names
      from temp.main.${linesTable}
    ),
    split as (
      select line, file, position, names, case when names is not null then json_transform(line, ${texts(allParts)}) end as e from listed
    ),
    typed as (
      select *, try_int(e."partition") as kafka_partition, try_bigint(e."offset") as kafka_offset,
        try_timestamp(e."timestamp") as kafka_timestamp
      from split
    ),
    judged as (
      select *, coalesce(e.topic is not null and kafka_partition >= 0 and kafka_offset >= 0, false) as fits from typed
    ),
    messages as (
      select file, position, e, kafka_partition, kafka_offset, kafka_timestamp, fits,
        case when not fits then line when e."timestamp" is not null and kafka_timestamp is null then line
          when names <> ${textList(parts)} then
            case when len(list_distinct(names)) < len(names) or not list_has_all(${textList(allParts)}, names) then line end
          end as rescued
      from judged
    )
    select ${stored.map((name) => `case when fits then ${envelopeColumns[name]} end`).join(", ")},
      rescued, name, position, $loaded_before + file, $ingested_at::timestamp, $batch
    from messages join temp.main.${filesTable} using (file)`,
    { loaded_before: BigInt(loadedBefore), ingested_at: ingestedAt, batch: BigInt(batch) },
  );
  return rowsChanged;
}

/** How many rows of each file are kept whole, of those that have any. */
async function rescuedLines(
  connection: DuckDBConnection,
  { table, batch, loadedBefore }: FilesToLoad,
): Promise<ReadonlyMap<string, number>> {
  const counted = await connection.runAndReadAll(
    `select source_file, count(*) from ${rowsOf(table)}
    where _batch = $batch and source_load > $loaded_before and _rescued_data is not null group by source_file`,
    { batch: BigInt(batch), loaded_before: BigInt(loadedBefore) },
  );
  return new Map(counted.getRows().map(([name, rows]) => [String(name), Number(rows)]));
}

/** The fields of a JSON object as text, for json_transform. */
const texts = (names: readonly string[]) => `'{${names.map((name) => `"${name}": "varchar"`).join(", ")}}'`;

const textList = (names: readonly string[]) => `[${names.map((name) => `'${name}'`).join(", ")}]`;

const rowsOf = (table: string) => storedName(table, "envelopes").split(".").map(identifier).join(".");

function warnings(file: LandedFile, lines: number, rescued: number): string[] {
  if (rescued === 0) return [];
  return [
    `${file.name}: ${rescued} of ${lines} lines are kept whole in _rescued_data: they are no envelopes of a message in UTF-8, ` +
      `or have more fields than an envelope.`,
  ];
}
