import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Client } from "pg";
import { forgotten_persons } from "../contracts/ops.js";
import type { Table } from "../contracts/table.js";
import { InputError } from "../errors.js";
import { forgottenAmong, type Forgotten } from "../forget/person.js";
import { beginFile, type LandingFile } from "../landing/new-file.js";
import { removeDrafts } from "../landing/write-whole.js";
import { stopSignal, warn } from "../plan/session.js";
import { settings as settingsInForce, type PostgresSettings } from "../settings.js";
import { sql } from "../sql/statement.js";
import { load } from "../verbs/load.js";
import { rows } from "../verbs/read.js";
import { describe, quoted, textOf } from "./columns.js";
import { connect, problemOf } from "./connect.js";
import { extractedTopic, newestOf, statesBetween, versionsSince, type State } from "./held.js";

/** A table of the database, and the table of bronze that its changes go to. */
interface Extraction {
  readonly table: string;
  readonly key: string;
  /** The columns that are read. */
  readonly columns: readonly string[];
  /** Further columns that it has and nobody needs. One that is in neither list is told. */
  readonly leaves: readonly string[];
  /** The table of bronze; its files land in the folder of its name. */
  readonly into: Table;
  /** Read as a whole, or by what was updated. */
  readonly route: "full" | "incremental";
  /** The column that names a person. A row whose key it is lands no more once the person is forgotten; of others it is a pseudonym. */
  readonly person?: string;
}

/** The column that says when a row was last updated. */
const updated = "updated_at";

/** How many rows are in memory at once. */
const chunk = 20_000;

/** Of fewer rows nobody is asked whether they may go. */
const fewDeletions = 100;

/** The instant of all that a run reads. */
interface Snapshot {
  /** The position in the database's log. */
  readonly lsn: string;
  /** ISO, by the database's clock. */
  readonly at: string;
}

/**
 * Lands what tables of a PostgreSQL database hold and bronze does not, as changes in the form of Debezium, and loads them. All tables are
 * read in one snapshot, so that their rows fit together, and what is new of each lands as one whole file or not at all.
 *
 * - `full` reads every row in the order of the keys, and compares it with what bronze holds of the same keys. A row that bronze knows and
 *   the database has no more lands as a deletion.
 * - `incremental` reads the rows whose `updated_at` is after the newest that bronze holds, less the overlap: a transaction that began
 *   before and committed later is not missed if it lasted less than that. It sees no deletion, and no change that leaves `updated_at` as
 *   it was.
 *
 * Bronze is the only checkpoint. A row that is as it was lands no second time. A file is named by the number of rows extracted before it,
 * and a name can be used only once: of two runs at once, the second gives way.
 *
 * @throws InputError naming what the database lacks or refuses; ServiceDown when it does not answer
 */
export async function extract(settings: PostgresSettings, extractions: readonly Extraction[]): Promise<void> {
  const client = await connect(settings);
  const abort = () => void client.end().catch(() => undefined);
  stopSignal().addEventListener("abort", abort, { once: true });
  try {
    await client.query("begin isolation level repeatable read read only");
    const snapshots = await client.query<Snapshot>(`select
      (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end - '0/0')::bigint::text as lsn,
      to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`);
    const forgotten = await readForgotten();
    for (const extraction of extractions)
      await extractOne(
        settings,
        client,
        extraction,
        snapshots.rows[0]!,
        withoutForgotten(extraction, forgotten),
      );
  } catch (error) {
    stopSignal().throwIfAborted();
    throw error instanceof InputError ? error : problemOf(error, settings);
  } finally {
    stopSignal().removeEventListener("abort", abort);
    await client.end().catch(() => undefined);
  }
}

const readForgotten = async (): Promise<Forgotten> =>
  forgottenAmong(await rows(sql`select pseudonym, salt from ${forgotten_persons}`));

/** What becomes of the rows of persons who were forgotten and are still in the database. */
interface Filter {
  /** The rows that may land. */
  rows(found: readonly Row[]): readonly Row[];
  /** Whether a key of bronze is that of a forgotten person. */
  isForgotten(key: string): boolean;
  /** The keys of forgotten persons whose rows were among those that were read. */
  readonly there: ReadonlySet<string>;
}

function withoutForgotten({ key: keyColumn, person }: Extraction, forgotten: Forgotten): Filter {
  const there = new Set<string>();
  const numberIn = (text: string) => {
    const number = person === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>)[person];
    return typeof number === "string" ? number : undefined;
  };
  return {
    there,
    isForgotten: (key) => person === keyColumn && (numberIn(key)?.startsWith("forgotten-") ?? false),
    rows: (found) =>
      person === undefined
        ? found
        : found.flatMap((row) => {
            const number = numberIn(row.after);
            const pseudonym = number === undefined ? undefined : forgotten(number);
            if (pseudonym === undefined) return [row];
            if (person === keyColumn) {
              there.add(JSON.stringify({ [person]: pseudonym }));
              return [];
            }
            return [
              {
                ...row,
                pseudonymous: row.after.replaceAll(JSON.stringify(number), JSON.stringify(pseudonym)),
              },
            ];
          }),
  };
}

/** The folder in which the files of a table land. */
const folderOf = ({ name }: Table) => name.slice(name.indexOf(".") + 1);

/** A row as it is read: `key` is JSON as Debezium has it, `after` JSON in which every value is a text. */
interface Row {
  readonly key: string;
  readonly after: string;
  /** What lands in the place of `after`. */
  readonly pseudonymous?: string;
}

async function extractOne(
  settings: PostgresSettings,
  client: Client,
  extraction: Extraction,
  snapshot: Snapshot,
  filter: Filter,
): Promise<void> {
  const { into, route } = extraction;
  const { next, newest } = await newestOf(into);
  const select = await selectOf(settings, client, extraction);
  const writer = await openWriter(extraction, snapshot, next);
  try {
    if (route === "full") await readAll(client, select, into, writer, filter);
    else await readUpdated(client, select, into, writer, filter, newest, settings.overlapMinutes);
    const { rows, deletions } = writer.written;
    const left = writer.known + rows;
    if (deletions > fewDeletions && deletions > left && !settings.acceptLoss)
      throw new InputError(
        `${deletions} rows of ${settings.schema}.${extraction.table} that bronze holds are no longer in the database, and ${left} are. If ` +
          "that is right, run once with --accept-loss (or POSTGRES_ACCEPT_LOSS=true). If it is another database, or one that is not " +
          "filled, check POSTGRES_URL. Nothing was taken over.",
      );
    await writer.land();
  } finally {
    await writer.discard();
  }
  if (writer.written.rows + writer.written.deletions > 0) await load(into, { from: folderOf(into) });
}

/**
 * Gives a select of a table's rows, all or those that were updated at an instant or after it.
 *
 * @throws InputError when a column is missing; warns of one that nobody takes
 */
async function selectOf(
  { schema }: PostgresSettings,
  client: Client,
  { table, key, columns, leaves, into, route }: Extraction,
): Promise<(from?: string) => string> {
  const needed = new Set([key, ...(route === "incremental" ? [updated] : []), ...columns]);
  const source = await describe(client, schema, { table, columns: [...needed], into: into.name });
  const unknown = source.columns.flatMap(({ name }) =>
    needed.has(name) || leaves.includes(name) ? [] : name,
  );
  if (unknown.length > 0)
    warn(
      `${schema}.${table} has columns that no contract takes: ${unknown.join(", ")}. They are not read. Add them to the contract, or to ` +
        "the columns that it leaves.",
    );
  const values = source.columns
    .filter(({ name }) => needed.has(name))
    .map((column) => `${textOf(column)} as ${quoted(column.name)}`);
  return (from) => `
    select row_of.key, row_to_json(texts)::text as after
    from ${source.name} as given,
      lateral (select row_to_json(one)::text as key from (select given.${quoted(key)}) as one) as row_of,
      lateral (select ${values.join(", ")}) as texts
    ${from === undefined ? "" : `where given.${quoted(updated)} >= '${from}'`}
    order by row_of.key collate "C"`;
}

async function* chunksOf(client: Client, select: string): AsyncGenerator<readonly Row[]> {
  const { default: Cursor } = await import("pg-cursor");
  const cursor = client.query(new Cursor<Row>(select));
  try {
    for (;;) {
      const found = await cursor.read(chunk);
      if (found.length > 0) yield found;
      if (found.length < chunk) return;
    }
  } finally {
    await cursor.close().catch(() => undefined);
  }
}

/** Goes through all rows in the order of their keys, beside those that bronze holds. */
async function readAll(
  client: Client,
  select: () => string,
  into: Table,
  writer: Writer,
  filter: Filter,
): Promise<void> {
  let last: string | undefined;
  const forgotten: string[] = [];
  const compare = async (found: readonly Row[], until: string | undefined) => {
    const states = await statesBetween(into, last, until);
    await writer.write(filter.rows(found), states);
    const there = new Set(found.map(({ key }) => key));
    const missing = [...states].flatMap(([key, { op }]) => (op !== "d" && !there.has(key) ? key : []));
    forgotten.push(...missing.filter(filter.isForgotten));
    await writer.delete(missing.filter((key) => !filter.isForgotten(key)));
    last = until;
  };
  for await (const found of chunksOf(client, select())) await compare(found, found.at(-1)!.key);
  await compare([], undefined);
  // A pseudonym stands elsewhere in the order of keys than the number that the database has.
  await writer.delete(forgotten.filter((key) => !filter.there.has(key)));
}

async function readUpdated(
  client: Client,
  select: (from?: string) => string,
  into: Table,
  writer: Writer,
  filter: Filter,
  newest: string | undefined,
  overlapMinutes: number,
): Promise<void> {
  const from =
    newest === undefined ? undefined : new Date(Date.parse(newest) - overlapMinutes * 60_000).toISOString();
  const states = from === undefined ? new Map<string, State>() : await versionsSince(into, from);
  for await (const found of chunksOf(client, select(from))) await writer.write(filter.rows(found), states);
}

interface Writer {
  /** Writes what bronze does not hold yet. */
  write(found: readonly Row[], states: ReadonlyMap<string, State>): Promise<void>;
  delete(keys: readonly string[]): Promise<void>;
  land(): Promise<void>;
  /** Takes away what has not landed. */
  discard(): Promise<void>;
  readonly written: { rows: number; deletions: number };
  /** How many rows bronze held as they are. */
  readonly known: number;
}

async function openWriter(
  { into, table, route }: Extraction,
  snapshot: Snapshot,
  begin: bigint,
): Promise<Writer> {
  const folder = path.join(settingsInForce().landing, folderOf(into));
  await removeDrafts(folder);
  const written = { rows: 0, deletions: 0 };
  let known = 0;
  let next = begin;
  let file: LandingFile | undefined;
  const sourceOf = (version?: string) =>
    JSON.stringify({
      lsn: snapshot.lsn,
      ts_ms: Date.parse(snapshot.at),
      snapshot: route,
      table,
      ...(version && { version }),
    });
  const line = (of: string, value: string) =>
    `{"topic":"${extractedTopic}","partition":0,"offset":${next++},"timestamp":"${snapshot.at}","key":${JSON.stringify(of)},` +
    `"value":${JSON.stringify(value)}}\n`;
  const write = async (lines: string) => {
    if (lines === "") return;
    if (!file) {
      await mkdir(folder, { recursive: true });
      file = await beginFile(folder, `extract-${String(begin).padStart(15, "0")}.ndjson`);
    }
    await file.write(lines);
  };
  return {
    written,
    get known() {
      return known;
    },
    async write(found, states) {
      let lines = "";
      for (const { key: of, after, pseudonymous = after } of found) {
        const version = createHash("md5").update(after).digest("hex");
        const state = states.get(of);
        if (state?.version === version && state.op !== "d") {
          known++;
          continue;
        }
        lines += line(of, `{"op":"r","before":null,"after":${pseudonymous},"source":${sourceOf(version)}}`);
        written.rows++;
      }
      await write(lines);
    },
    async delete(keys) {
      await write(
        keys.map((of) => line(of, `{"op":"d","before":${of},"after":null,"source":${sourceOf()}}`)).join(""),
      );
      written.deletions += keys.length;
    },
    async land() {
      const made = file;
      file = undefined;
      if (made && !(await made.land()))
        warn(
          `${into.name}: another run is reading the same table and was faster. This one gives way and goes on with what has landed.`,
        );
    },
    async discard() {
      await file?.discard();
    },
  };
}
