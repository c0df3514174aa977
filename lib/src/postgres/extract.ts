import type { Client } from "pg";
import { InputError } from "../errors.js";
import type { Table } from "../contracts/table.js";
import { folderOf, openChangeWriter, refuseLoss, type Read } from "../extract/change-writer.js";
import { keyIn, newestOf, statesBetween, versionsSince, type State } from "../extract/held.js";
import { warn } from "../plan/session.js";
import type { PostgresSettings } from "../settings.js";
import { sql, type Statement } from "../sql/statement.js";
import { load } from "../verbs/load.js";
import { describe, quoted, textOf } from "./read-columns.js";
import { chunksOf, reading, withClient } from "./connect.js";
import { withoutForgotten, type Filter } from "./forgotten.js";
import { beginReading, landStates, type Moment, type Watch } from "./observe.js";

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

/** When a row was updated, as bronze holds it. */
const updatedThere = sql`get_json_object(after, '$.updated_at')`;

type Writer = Awaited<ReturnType<typeof openChangeWriter>>;

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
export async function extract(
  settings: PostgresSettings,
  extractions: readonly Extraction[],
  watch: Watch,
): Promise<void> {
  await withClient(settings, async (client) => {
    const moment = await beginReading(client, settings, watch);
    const begun: Begun[] = [];
    const gaveWay = new Set<string>();
    try {
      // What a table lacks, and what most rows of it have gone, is said before anything of any table lands.
      const selects: Select[] = [];
      for (const extraction of extractions) selects.push(await selectOf(settings, client, extraction));
      for (const [index, extraction] of extractions.entries()) {
        const filter = withoutForgotten(extraction.key, extraction.person, watch.forgotten);
        const one = await begin(extraction, moment);
        begun.push(one);
        await reading(one.table, () => read(settings, client, one, selects[index]!, filter));
      }
      for (const { writer, table } of begun) {
        const what = `rows of ${settings.schema}.${table}`;
        refuseLoss(writer, { what, variables: "POSTGRES", acceptLoss: settings.acceptLoss });
      }
      for (const { writer, table, into } of begun) {
        if (!(await writer.land())) gaveWay.add(table);
        if (writer.written.rows + writer.written.deletions > 0) await load(into, { from: folderOf(into) });
      }
    } finally {
      for (const { writer } of begun) await writer.discard();
    }
    const compared = watch.compared.filter(({ table }) => !gaveWay.has(table));
    await landStates(client, settings.schema, moment, { ...watch, compared }, moment.end_lsn);
  });
}

/** A table whose rows are being read into a file that has not landed. */
interface Begun extends Extraction {
  readonly writer: Writer;
  /** The newest `updated_at` that bronze holds. */
  readonly newest: string | undefined;
  /** The key of bronze's rows. */
  readonly held: Statement;
}

/** A select of a table's rows, all or those that were updated at an instant or after it. */
type Select = (from?: string) => string;

async function begin(extraction: Extraction, snapshot: Moment): Promise<Begun> {
  const { into, route, table } = extraction;
  const { next, newest } = await newestOf(
    into,
    // A time that is still to come, or none, would hide what is new until then.
    sql`case when ${updatedThere} <= ${snapshot.at} and ${updatedThere} rlike '^[0-9]{4}-' then ${updatedThere} end`,
  );
  const source = { lsn: snapshot.lsn, ts_ms: Date.parse(snapshot.at), snapshot: route, table };
  const held = await keyIn(into, extraction.key);
  return {
    ...extraction,
    newest,
    held,
    writer: await openChangeWriter(into, next, { at: snapshot.at, source }),
  };
}

async function read(
  settings: PostgresSettings,
  client: Client,
  { table, into, route, writer, newest, held }: Begun,
  select: Select,
  filter: Filter,
): Promise<void> {
  const rows = (from?: string) => rowsOf(client, `${settings.schema}.${table}`, select(from));
  if (route === "full") await readAll(rows(), into, held, writer, filter);
  else await readUpdated(rows, into, held, writer, filter, newest, settings.overlapMinutes);
}

/**
 * Gives a table's select.
 *
 * @throws InputError when a column is missing; warns of one that nobody takes
 */
async function selectOf(
  { schema }: PostgresSettings,
  client: Client,
  { table, key, columns, leaves, into, route }: Extraction,
): Promise<Select> {
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
      lateral (select row_to_json(one)::text as key from (select given.${quoted(key)}::text) as one) as row_of,
      lateral (select ${values.join(", ")}) as texts
    ${from === undefined ? "" : `where given.${quoted(updated)} >= '${from}'`}
    order by row_of.key collate "C"`;
}

/** The characters of JSON above which a row is refused: a message of Kafka has a quarter of them by default. */
const longestRow = 4 * 2 ** 20;

/**
 * The rows of a table in the order of their keys.
 *
 * @throws InputError for two rows with one key, since each run would take one for a change of the other, and for a row that is too long
 */
async function* rowsOf(client: Client, table: string, select: string): AsyncGenerator<readonly Read[]> {
  let before: string | undefined;
  for await (const found of chunksOf<Read>(client, select)) {
    for (const { key, after } of found) {
      if (key === before)
        throw new InputError(
          `${table} has more than one row with the key ${key}. Make the key unique there; of a view, correct its join. ` +
            "Nothing was taken over.",
        );
      if (after.length > longestRow)
        throw new InputError(
          `The row ${key} of ${table} has ${after.length} characters, and at most ${longestRow} are taken. Shorten it there, or give ` +
            "the column shortened in a view. Nothing was taken over.",
        );
      before = key;
    }
    yield found;
  }
}

/** Goes through all rows in the order of their keys, beside those that bronze holds. */
async function readAll(
  rows: AsyncIterable<readonly Read[]>,
  into: Table,
  held: Statement,
  writer: Writer,
  filter: Filter,
): Promise<void> {
  const forgotten: string[] = [];
  let last: string | undefined;
  const compare = async (found: readonly Read[], until: string | undefined) => {
    const states = await statesBetween(into, held, last, until);
    await writer.write(filter.rows(found), states);
    const there = new Set(found.map(({ key }) => key));
    const missing = [...states].flatMap(([key, { op }]) => (op !== "d" && !there.has(key) ? key : []));
    forgotten.push(...missing.filter(filter.isForgotten));
    await writer.delete(missing.filter((key) => !filter.isForgotten(key)));
    last = until;
  };
  for await (const found of rows) await compare(found, found.at(-1)!.key);
  await compare([], undefined);
  // A pseudonym stands elsewhere in the order of keys than the number that the database has.
  await writer.delete(forgotten.filter((key) => !filter.there.has(key)));
}

/** A timestamp without a time zone is read as one of UTC. */
const utc = (instant: string) => (instant.endsWith("Z") ? instant : `${instant}Z`);

async function readUpdated(
  rows: (from: string | undefined) => AsyncIterable<readonly Read[]>,
  into: Table,
  held: Statement,
  writer: Writer,
  filter: Filter,
  newest: string | undefined,
  overlapMinutes: number,
): Promise<void> {
  const from =
    newest === undefined
      ? undefined
      : new Date(Date.parse(utc(newest)) - overlapMinutes * 60_000).toISOString();
  const states =
    from === undefined
      ? new Map<string, State>()
      : // As texts: without its Z it comes before the same instant with more digits.
        await versionsSince(into, updatedThere, from.slice(0, -1), held);
  for await (const found of rows(from)) await writer.write(filter.rows(found), states);
}
