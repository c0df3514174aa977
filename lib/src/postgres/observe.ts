import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { landWhole } from "../landing/new-file.js";
import { csvLine } from "../landing/csv-line.js";
import { warn } from "../plan/session.js";
import { settings as settingsInForce, type PostgresSettings } from "../settings.js";
import { InputError } from "../errors.js";
import type { Forgotten } from "../forget/person.js";
import { addressOf, chunksOf, withClient } from "./connect.js";
import { quoted } from "./read-columns.js";

/** What is compared of a table: a row's digest is made of these columns. */
interface Compared {
  readonly table: string;
  readonly key: string;
  /** Whether the key is a person's number. */
  readonly isPerson: boolean;
  /** Of type DECIMAL(12,2). */
  readonly amounts: readonly string[];
  /** Of type TIMESTAMP. */
  readonly instants: readonly string[];
}

/** What a look at the database is for. */
export interface Watch {
  /** The tables that are counted. */
  readonly compared: readonly Compared[];
  /** Persons who are counted no more, though the database may still have them. */
  readonly forgotten: Forgotten | undefined;
  /** Where its log stood when it was last looked at, and when. */
  readonly seen: { readonly lsn: string; readonly at: string } | undefined;
}

/** The instant at which a database was looked at. */
export interface Moment {
  /** Positions in its log as numbers: before the snapshot, and after it. */
  readonly lsn: string;
  readonly end_lsn: string;
  /** ISO, by its clock. */
  readonly at: string;
  /** Its snapshot: the number that the next transaction gets, and those that run, with commas between; as the log has them, in 32 bits. */
  readonly next_transaction: string;
  readonly running_transactions: string;
}

/**
 * Begins a transaction that only reads, of one moment.
 *
 * @param lsn where the log stood before
 * @throws InputError when the log stands before where it stood once: then what is new would count as older than what is known
 */
async function beginSnapshot(
  client: Client,
  settings: PostgresSettings,
  { seen }: Watch,
  lsn: string,
): Promise<Moment> {
  await client.query("begin isolation level repeatable read read only");
  // Between two reads the session is idle for as long as the warehouse takes.
  await client.query("set local idle_in_transaction_session_timeout = 0");
  // Rows that a policy hides would count as deleted: with this, PostgreSQL refuses to hide them.
  await client.query("set local row_security = off");
  const { rows } = await client.query<Omit<Moment, "lsn" | "end_lsn">>(`select
    to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at,
    (pg_snapshot_xmax(pg_current_snapshot())::text::bigint % 4294967296)::text as next_transaction,
    coalesce((select string_agg((xip::text::bigint % 4294967296)::text, ',') from pg_snapshot_xip(pg_current_snapshot()) as xip), '')
      as running_transactions`);
  if (seen && BigInt(lsn) < BigInt(seen.lsn))
    throw new InputError(
      `The log of PostgreSQL at ${addressOf(settings)} stands at ${inHex(lsn)}, and at ${seen.at} it stood at ${inHex(seen.lsn)}: ` +
        "it is another database, or it was restored from a backup. What it says now would count as older than what bronze holds. " +
        "Check POSTGRES_URL; of a restored database, begin anew with its tables (docs/databases.md, A restored database). " +
        "Nothing was read.",
    );
  return { ...rows[0]!, lsn, end_lsn: await positionOf(client) };
}

/** Where the log of a server stands, also of one that only follows another. */
const logEnd = "case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end";

/** Where the log stands, as a number. */
async function positionOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>(`select (${logEnd} - '0/0')::bigint::text as lsn`);
  return rows[0]!.lsn;
}

/** For how many seconds transactions that are open are waited for. */
const patience = 10;

/**
 * As `beginSnapshot`, for reading rows that count as of `lsn`: begins once the transactions that were open at that position are over. What
 * they changed stands before it in the log, and would count as older than the reading, which would not have it.
 */
export async function beginReading(
  client: Client,
  settings: PostgresSettings,
  watch: Watch,
): Promise<Moment> {
  const lsn = await positionOf(client);
  const { rows } = await client.query<{ next: string }>(
    "select pg_snapshot_xmax(pg_current_snapshot())::text as next",
  );
  for (const until = Date.now() + patience * 1000; ; await sleep(100)) {
    const { rows: found } = await client.query<{ over: boolean }>(
      "select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as over",
      [rows[0]!.next],
    );
    if (found[0]!.over) break;
    if (Date.now() < until) continue;
    warn(
      `A transaction in PostgreSQL at ${addressOf(settings)} has been open for more than ${patience} s. What it changes may be ` +
        "overtaken by this reading, where change data capture runs beside it: then read once more when it is over.",
    );
    break;
  }
  return beginSnapshot(client, settings, watch, lsn);
}

/** A position in the log as PostgreSQL writes it: `16/B374D848`. */
const inHex = (lsn: string) => {
  const position = BigInt(lsn);
  return `${(position >> 32n).toString(16)}/${(position & 0xffffffffn).toString(16)}`.toUpperCase();
};

/**
 * Lands how many rows the tables hold, and a checksum of each: the sum of its rows' digests, of which each is the first 15 decimal digits
 * in the MD5 of the row's compared columns. Silver makes the same sum of the same rows, whichever way they came.
 *
 * @param confirmed up to where in the log everything has been sent on, or read
 */
export async function landStates(
  client: Client,
  schema: string,
  moment: Moment,
  { compared, forgotten }: Pick<Watch, "compared" | "forgotten">,
  confirmed: string | null,
): Promise<void> {
  const states = [];
  for (const one of compared) {
    const except = forgotten && one.isPerson ? await keysOf(client, schema, one, forgotten) : [];
    const counted = await countOf(client, schema, one, except);
    if (!counted) continue;
    const { end_lsn: lsn, next_transaction, running_transactions } = moment;
    const of = {
      table_name: one.table,
      lsn,
      next_transaction,
      running_transactions,
      confirmed_lsn: confirmed,
    };
    states.push({ ...of, row_count: counted.rows, checksum: counted.checksum });
  }
  if (states.length > 0) await land("database_states", moment, stateColumns, states);
}

/** The keys of a table that are numbers of forgotten persons. */
async function keysOf(
  client: Client,
  schema: string,
  { table, key }: Compared,
  forgotten: Forgotten,
): Promise<string[]> {
  const select = `select ${quoted(key)}::text as key from ${quoted(schema)}.${quoted(table)}`;
  const found: string[] = [];
  for await (const rows of chunksOf<{ readonly key: string | null }>(client, select))
    found.push(...rows.flatMap(({ key: number }) => (number !== null && forgotten(number) ? number : [])));
  return found;
}

/** Counts a table. Undefined, with a warning, where a value of it cannot be compared: silver tells what is wrong with its row. */
async function countOf(
  client: Client,
  schema: string,
  { table, key, amounts, instants }: Compared,
  except: readonly string[],
): Promise<{ readonly rows: string; readonly checksum: string } | undefined> {
  const parts = [
    `trim(${quoted(key)}::text)`,
    // Of a value that no DECIMAL(12,2) or TIMESTAMP holds there is nothing to compare: it does not come to silver.
    ...amounts.map((name) => {
      const amount = `${quoted(name)}::numeric`;
      return `case when ${amount} > -1e10 and ${amount} < 1e10 then round(${amount}, 2)::text else '' end`;
    }),
    ...instants.map((name) => {
      const at = quoted(name);
      return `case when isfinite(${at}) then (extract(epoch from ${at}) * 1000000)::bigint::text else '' end`;
    }),
  ];
  await client.query("savepoint counting");
  try {
    const { rows } = await client.query<{ rows: string; checksum: string }>(
      `select count(*)::text as rows,
        coalesce(sum(left(regexp_replace(md5(concat_ws('|', ${parts.join(", ")})), '[a-f]', '', 'g'), 15)::bigint), 0)::text as checksum
      from ${quoted(schema)}.${quoted(table)} where (${quoted(key)}::text = any($1)) is not true`,
      [except],
    );
    return rows[0]!;
  } catch (error) {
    const { code = "", message } = error as { readonly code?: string; readonly message: string };
    // Data exceptions, types that have no such function, and columns that are gone.
    if (!/^22|^42(?:846|883|804|703)$/.test(code)) throw error;
    await client.query("rollback to savepoint counting");
    warn(
      `${schema}.${table} is not compared with silver: the database cannot count it (${message}). All else goes on. ` +
        `Compared are ${[key, ...amounts, ...instants].join(", ")}: correct the value there, or make a view with these columns.`,
    );
    return undefined;
  }
}

/**
 * Looks at the slots of the database, through which its log is read, and lands how far each is, and the states of tables.
 *
 * @throws InputError for a refusal that a person can mend; ServiceDown when the database does not answer
 */
export async function observe(settings: PostgresSettings, watch: Watch): Promise<void> {
  await withClient(settings, async (client) => {
    // Before the tables: what is confirmed by now has been sent before they are counted.
    const { rows: slots } = await client.query<Slot>(`
      select slot_name, plugin, active::text as is_active, wal_status, (confirmed_flush_lsn - '0/0')::bigint::text as confirmed_lsn,
        (now_lsn - confirmed_flush_lsn)::bigint::text as behind_bytes, (now_lsn - restart_lsn)::bigint::text as kept_bytes
      from pg_replication_slots, lateral (select ${logEnd} as now_lsn) as log
      where slot_type = 'logical' and database = current_database() order by slot_name`);
    const moment = await beginSnapshot(client, settings, watch, await positionOf(client));
    // A look that finds no slot is a row without one, so that a slot that was dropped is no longer told.
    const { lsn } = moment;
    const followed = slots.length === 1 ? slots[0] : slots.find((slot) => slot.slot_name === settings.slot);
    const looks =
      slots.length > 0 ? slots.map((slot) => ({ ...slot, is_followed: String(slot === followed) })) : [{}];
    await land(
      "database_slots",
      moment,
      ["lsn", ...slotColumns, "is_followed"],
      looks.map((slot) => ({ lsn, ...slot })),
    );
    await landStates(client, settings.schema, moment, watch, followed?.confirmed_lsn ?? null);
  });
}

const stateColumns = [
  "table_name",
  "lsn",
  "next_transaction",
  "running_transactions",
  "confirmed_lsn",
  "row_count",
  "checksum",
] as const;

const slotColumns = [
  "slot_name",
  "plugin",
  "is_active",
  "wal_status",
  "confirmed_lsn",
  "behind_bytes",
  "kept_bytes",
] as const;

/** A replication slot; all figures are texts. */
type Slot = Readonly<Record<(typeof slotColumns)[number], string | null>>;

/** Lands rows of a look as one file; what a row has nothing of is empty. */
function land<Name extends string>(
  folder: string,
  { at }: Moment,
  columns: readonly Name[],
  rows: readonly { readonly [Column in Name]?: string | null }[],
): Promise<void> {
  const lines = [
    csvLine(["observed_at", ...columns]),
    ...rows.map((row) => csvLine([at, ...columns.map((name) => row[name])])),
  ];
  const name = `${folder}-${at.replaceAll(/[-:.]/g, "")}.csv`;
  return landWhole(path.join(settingsInForce().landing, folder), name, lines.join(""));
}
