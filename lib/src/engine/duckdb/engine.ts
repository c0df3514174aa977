import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  BIGINT,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBListType,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBConnection,
  type DuckDBResultReader,
  type DuckDBType,
  type DuckDBValue,
  type Json,
} from "@duckdb/node-api";
import { InputError } from "../../errors.js";
import { syncFolder, writeWhole } from "../../landing/write-whole.js";
import type { Result, ResultRow, ResultValue } from "../../plan/plan.js";
import type { Engine } from "../adapter.js";
import type { Bound, Connection } from "../connection.js";
import { macros } from "./functions.js";
import { loadFiles } from "./load.js";

export interface DuckdbOptions {
  /** The warehouse's file, or `:memory:`. */
  readonly file: string;
  /** How long a file held by another process is waited for, in milliseconds. Default 10 minutes. */
  readonly patience?: number;
  /** Told once a wait begins and every ten seconds, with the holder if DuckDB names it. */
  readonly onWait?: (message: string) => void;
  readonly readOnly?: boolean;
  readonly threads?: number;
  /** The most memory for tables and queries, such as 1GB; beyond it DuckDB writes to a folder beside the file. */
  readonly memory?: string;
  /** Whether loaded files of the landing folder may be joined: only the warehouse that they landed for may. */
  readonly ownsLanding?: boolean;
}

/** The first version of DuckDB whose files know Zstandard. Older files stay as they are, without it. */
const withZstandard = "v1.2.0";

/** Another process holds the warehouse and did not release it in time. */
export class WarehouseHeld extends InputError {}

/**
 * Opens the embedded warehouse. One process holds the file at a time: while another does, this waits, says who holds
 * it, and gives up with an InputError after `patience`.
 */
export async function openDuckdb(options: DuckdbOptions): Promise<Engine> {
  const writesFile = options.file !== ":memory:" && !options.readOnly;
  if (writesFile) await makeWarehouse(options.file);
  const instance = await whenFree(options);
  // Only now nobody else works in there: a process that was killed leaves what it had spilled to disk.
  if (writesFile) await rm(`${options.file}.tmp`, { recursive: true, force: true });
  const first = await connect(instance);
  // FSST costs more than a third of a load's time. Zstandard makes texts that hardly repeat ten times smaller and costs nothing,
  // since less is written; by default DuckDB uses it only for texts of 4 KiB and more. As options of the opening these have
  // no effect, only as statements.
  await first.run(
    "set global disabled_compression_methods = 'fsst,dict_fsst'; set global zstd_min_string_length = 16",
  );
  if (!options.readOnly) await makeMacros(first);
  first.closeSync();
  return {
    name: "duckdb",
    isExclusive: true,
    connect: async () => connection(await connect(instance), options.ownsLanding ?? false),
    close: async () => instance.closeSync(),
    ...(writesFile && { closeCompacted: () => closeCompacted(instance, options.file) }),
  };
}

/**
 * Copies all tables into a new file, which takes the place of the old one while that is still held: whoever waits for it opens the
 * new one. The old one has no log any more by then and writes nothing when it is closed.
 */
async function closeCompacted(instance: DuckDBInstance, file: string): Promise<void> {
  const last = await connect(instance);
  await writeWhole(file, async (draft) => {
    await last.run("checkpoint");
    const { rows } = { rows: (await last.runAndReadAll("select current_database()")).getRows() };
    const name = `"${String(rows[0]![0]).replaceAll('"', '""')}"`;
    await last.run(
      `attach '${draft.replaceAll("'", "''")}' as compacted (storage_version '${withZstandard}')`,
    );
    await last.run(`copy from database ${name} to compacted`);
    await last.run("checkpoint compacted; detach compacted; pragma disable_checkpoint_on_shutdown");
    await rm(`${file}.wal`, { force: true });
  });
  await syncFolder(path.dirname(file));
  last.closeSync();
  instance.closeSync();
}

/**
 * Makes an empty warehouse, unless there is one. DuckDB would truncate a file that another process makes at the same
 * moment, and leave half a file when it is killed; so the file is made under another name and appears whole or not at
 * all.
 */
async function makeWarehouse(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  if (existsSync(file)) return;
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  await rm(draft, { force: true });
  const instance = await DuckDBInstance.create(draft, { storage_compatibility_version: withZstandard });
  instance.closeSync();
  // Another process may have been faster, or the disk may know no links: opening the file decides.
  await link(draft, file).catch(() => undefined);
  await rm(draft, { force: true });
}

async function whenFree(options: DuckdbOptions): Promise<DuckDBInstance> {
  const started = Date.now();
  const patience = options.patience ?? 600_000;
  let nextWord = 0;
  // Live mode frees the file for 200 ms between two rounds: whoever looks less often than that may miss many of them.
  for (let wait = 50; ; wait = Math.min(wait * 2, 150)) {
    try {
      return await DuckDBInstance.create(options.file, {
        ...(options.readOnly && { access_mode: "READ_ONLY" }),
        ...(options.threads && { threads: String(options.threads) }),
        ...(options.memory && { memory_limit: options.memory }),
      });
    } catch (error) {
      const message = (error as Error).message;
      if (!/could not set lock|conflicting lock|being used by another process/i.test(message)) {
        throw new InputError(`The warehouse ${options.file} cannot be opened: ${message}`, { cause: error });
      }
      const holder =
        /Conflicting lock is held in (.+?)(?:\s+by user .*)?\.(?:\s|$)/.exec(message)?.[1] ??
        "another process";
      const waited = Date.now() - started;
      if (waited >= patience) {
        throw new WarehouseHeld(
          `The warehouse ${options.file} is held by ${holder} and did not become free within ${Math.round(patience / 1000)} s. ` +
            `Let that process end (a notebook gives the file back when idle), then run again.`,
        );
      }
      if (waited >= nextWord) {
        options.onWait?.(`Waiting for ${path.basename(options.file)}, held by ${holder} …`);
        nextWord = waited + 10_000;
      }
      await sleep(wait);
    }
  }
}

/** Macros are in the file; there they stay as long as they are the same, which one of them says by its name. */
async function makeMacros(connection: DuckDBConnection): Promise<void> {
  const mark = `macros_${createHash("sha256").update(macros.join()).digest("hex").slice(0, 16)}`;
  const isMade = await connection.run(`select ${mark}()`).then(
    () => true,
    () => false,
  );
  if (isMade) return;
  const all = ["begin", ...macros, `create or replace macro ${mark}() as true`, "commit"];
  await connection.run(all.join(";\n"));
}

async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connected = await instance.connect();
  await connected.run("set TimeZone = 'UTC'");
  return connected;
}

function connection(duckdb: DuckDBConnection, ownsLanding: boolean): Connection {
  return {
    query: async (sql, params) => result(await duckdb.runAndReadAll(sql, ...bind(params))),
    execute: async (sql, params) => (await duckdb.run(sql, ...bind(params))).rowsChanged,
    load: (files, options) => loadFiles(duckdb, files, { ...options, ownsLanding }),
    async transaction(work) {
      await duckdb.run("begin");
      try {
        const value = await work();
        await duckdb.run("commit");
        return value;
      } catch (error) {
        // After a failed commit there is nothing left to roll back; the first error is the one to tell.
        await duckdb.run("rollback").catch(() => undefined);
        throw error;
      }
    },
    close: async () => duckdb.closeSync(),
  };
}

/** Hands parameters to DuckDB with their types: whole numbers are BIGINT, not the client's HUGEINT. */
function bind(
  params: Readonly<Record<string, Bound>> = {},
): [Record<string, DuckDBValue>, Record<string, DuckDBType>] {
  const values = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, bound(value)]));
  const whole = Object.keys(values).filter((name) => typeof values[name] === "bigint");
  return [values, Object.fromEntries(whole.map((name) => [name, BIGINT]))];
}

function bound(value: Bound): DuckDBValue {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value !== "object") return value;
  const micros = BigInt(Date.parse(value.value)) * 1000n;
  if (value.type === "date") return new DuckDBDateValue(Number(micros / 86_400_000_000n));
  return new DuckDBTimestampValue(micros + submillisecond(value.value));
}

/** Microseconds beyond the millisecond, which Date.parse leaves out. */
const submillisecond = (instant: string) =>
  BigInt((/\.\d{3}(\d{1,3})/.exec(instant)?.[1] ?? "0").padEnd(3, "0"));

function result(reader: DuckDBResultReader): Result {
  const names = reader.deduplicatedColumnNames();
  const types = reader.columnTypes();
  return {
    columns: names.map((name, index) => ({ name, type: typeName(types[index]!) })),
    rows: reader.getRowsJson().map((row) => {
      const named: ResultRow = {};
      names.forEach((name, index) => (named[name] = value(row[index]!, types[index]!)));
      return named;
    }),
  };
}

const wholeNumbers = new Set<DuckDBTypeId>([
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
]);

/** Decimals stay text, instants become ISO, whole numbers become numbers where a number can hold them. */
function value(json: Json, type: DuckDBType): ResultValue {
  if (json === null) return null;
  if (wholeNumbers.has(type.typeId)) {
    const number = Number(json);
    return Number.isSafeInteger(number) ? number : String(json as string);
  }
  if (type.typeId === DuckDBTypeId.TIMESTAMP) return `${(json as string).replace(" ", "T")}Z`;
  if (type.typeId === DuckDBTypeId.TIMESTAMP_TZ) return `${(json as string).slice(0, 19).replace(" ", "T")}Z`;
  return json as ResultValue;
}

/** The type's name in Databricks' dialect. */
function typeName(type: DuckDBType): string {
  if (type instanceof DuckDBListType) return `ARRAY<${typeName(type.valueType)}>`;
  if (type.typeId === DuckDBTypeId.TIMESTAMP_TZ) return "TIMESTAMP";
  const name = type.toString();
  return name === "VARCHAR" ? "STRING" : name === "INTEGER" ? "INT" : name === "HUGEINT" ? "BIGINT" : name;
}
