import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import { loadColumns } from "../../plan/kept-columns.js";
import { checksum } from "../../landing/checksum.js";
import { type LandedFile, assertUnchanged, changed } from "../../landing/landing.js";
import { readLines } from "../../landing/lines.js";
import type { FileLoaded } from "../connection.js";
import { identifier } from "./literals.js";

/** A file of envelopes to load into an existing bronze table: `table` is schema.table. */
interface EnvelopeLoad {
  readonly table: string;
  /** Its source columns: the envelope's own columns and, in any order, the fields it needs of the message. */
  readonly columns: readonly string[];
  readonly file: LandedFile;
  /** The instant of loading, UTC, as text that DuckDB reads as a timestamp. */
  readonly ingestedAt: string;
  readonly batch: number;
  /** How many files were loaded into the table up to this one. */
  readonly loadNumber: number;
}

const linesTable = "_envelope_lines";

/** Bytes of lines that are gathered before they are parsed: most files are smaller. */
const fullAt = 64 << 20;

/**
 * Appends one file of envelopes, a Kafka message per line, to a bronze table, within the caller's transaction:
 * `{"topic":…,"partition":…,"offset":…,"timestamp":…,"key":…,"value":…}`. Every line becomes a row. A line that is not an
 * envelope is kept whole in `_rescued_data`, and so is one with other fields than these or with one of them twice, such as
 * `value_base64` (a message that is not UTF-8) or `value_bytes` (the size of one too large to be kept). `source_row` is the
 * line's position in the file, from 1, blank lines not counted.
 *
 * Lines are counted as they are read, and there must be the same number of rows.
 *
 * @throws InputError when the file isn't UTF-8, or was changed while it was loaded
 */
export async function loadEnvelopes(
  connection: DuckDBConnection,
  load: EnvelopeLoad,
): Promise<Omit<FileLoaded, "loadNumber">> {
  const { file } = load;
  await assertUnchanged(file, "since it was listed");
  const hash = checksum(file.path);
  hash.catch(() => undefined); // awaited below; an earlier failure must not be unhandled
  let kept = 0;
  let appender = await emptyTable(connection);
  let gathered = 0;
  let row = 0;
  const move = async () => {
    appender.closeSync();
    kept += await parseLines(connection, load);
  };
  const { bytes, lines } = await readLines(
    file,
    (window, start, end) => {
      appender.appendVarchar(window.toString("utf8", start, end));
      appender.appendBigInt(BigInt(++row));
      appender.endRow();
      gathered += end - start;
    },
    async () => {
      if (gathered < fullAt) return;
      await move();
      appender = await emptyTable(connection);
      gathered = 0;
    },
  );
  await move();
  await connection.run(`drop table temp.main.${linesTable}`);
  const rescued = lines === 0 ? 0 : await countRescued(connection, load);
  const sha256 = await hash;
  await assertUnchanged(file, "while it was loaded");
  if (bytes !== file.size) throw changed(file, "while it was loaded", `${bytes} bytes were read`);
  if (kept !== lines)
    throw changed(file, "while it was loaded", `${lines} lines were counted, ${kept} were kept`);
  return {
    name: file.name,
    size: file.size,
    modifiedAt: file.modifiedAt,
    sha256,
    rows: lines - rescued,
    rescued,
    warnings: warnings(file, lines, rescued),
  };
}

async function emptyTable(connection: DuckDBConnection): Promise<DuckDBAppender> {
  await connection.run(`create or replace temp table ${linesTable} (line varchar, position bigint)`);
  return connection.createAppender(linesTable, "main", "temp");
}

/** The columns of bronze that hold an envelope's fields. */
const envelope: Readonly<Record<string, string>> = {
  kafka_topic: "e.topic",
  kafka_partition: "kafka_partition",
  kafka_offset: "kafka_offset",
  kafka_timestamp: "kafka_timestamp",
  kafka_key: "e.key",
  value: "e.value",
};

const parts = ["topic", "partition", "offset", "timestamp", "key", "value"];

/**
 * Moves the gathered lines into the table: one pass over the envelopes and one over the messages. What looks like an object is read
 * without first asking whether it is JSON: only where it is none does DuckDB begin again, line by line. Nearly all lines have exactly
 * an envelope's fields in their order; the names of the others are looked at.
 */
async function parseLines(
  connection: DuckDBConnection,
  { table, columns, file, ingestedAt, batch, loadNumber }: EnvelopeLoad,
): Promise<number> {
  const fields = columns.filter((name) => !(name in envelope));
  const into = [...columns, ...loadColumns, "_batch"];
  const { rowsChanged } = await connection.run(
    `insert into ${tableName(table)} (${into.map(identifier).join(", ")})
    with listed as (
      select line, position, case when starts_with(line, '{') and ends_with(line, '}') then try(json_keys(line))
        when json_valid(line) then json_keys(line) end as names
      from temp.main.${linesTable}
    ),
    split as (
      select line, position, names, case when names is not null then json_transform(line, ${texts(parts)}) end as e from listed
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
      select position, e, kafka_partition, kafka_offset, kafka_timestamp, fits,
        case when fits and is_json(e.value) then json_transform(e.value, ${texts(fields)}) end as message,
        case when not fits then line when e."timestamp" is not null and kafka_timestamp is null then line
          when names <> ${textList(parts)} then
            case when len(list_distinct(names)) < len(names) or not list_has_all(${textList(parts)}, names) then line end
          end as rescued
      from judged
    )
    select ${columns
      .map((name) =>
        envelope[name] ? `case when fits then ${envelope[name]} end` : `message.${identifier(name)}`,
      )
      .join(", ")},
      rescued, $name, position, $source_load, $ingested_at::timestamp, $batch
    from messages`,
    { name: file.name, source_load: BigInt(loadNumber), ingested_at: ingestedAt, batch: BigInt(batch) },
  );
  return rowsChanged;
}

/** How many of a file's rows are kept whole; they may have been moved in several calls. */
async function countRescued(connection: DuckDBConnection, load: EnvelopeLoad): Promise<number> {
  const counted = await connection.runAndReadAll(
    `select count(_rescued_data) from ${tableName(load.table)} where _batch = $batch and source_file = $name`,
    { name: load.file.name, batch: BigInt(load.batch) },
  );
  return Number(counted.getRows()[0]?.[0] ?? 0);
}

/** The fields of a JSON object as text, for json_transform. */
const texts = (names: readonly string[]) => `'{${names.map((name) => `"${name}": "varchar"`).join(", ")}}'`;

const textList = (names: readonly string[]) => `[${names.map((name) => `'${name}'`).join(", ")}]`;

const tableName = (table: string) => table.split(".").map(identifier).join(".");

function warnings(file: LandedFile, lines: number, rescued: number): string[] {
  if (rescued === 0) return [];
  return [
    `${file.name}: ${rescued} of ${lines} lines are kept whole in _rescued_data: they are no envelopes of a message in UTF-8, ` +
      `or have more fields than an envelope.`,
  ];
}
