import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Tables } from "../contracts/table.js";
import type { Dialect } from "../engine/adapter.js";
import type { Connection } from "../engine/connection.js";
import { InputError } from "../errors.js";
import { isInFile, rewriteFiles, searchFiles, type Rewritten } from "./files.js";
import { purge, rewriteRecords, rewriteTable } from "./erase.js";
import { arrivedAgain, fieldsOf, keysOf, lookUp, readForgotten } from "./look-up.js";
import { finder, pseudonymOf, type Finder } from "./person.js";
import { searchTables } from "./search-tables.js";

interface Where {
  readonly connection: Connection;
  readonly dialect: Dialect;
  readonly tables: Tables;
  /** Folders in which files land. */
  readonly landing: readonly string[];
}

/** What is done so far. */
interface Begun {
  readonly finder: Finder;
  readonly files: readonly Rewritten[];
  /** Rows that were rewritten, by table. */
  readonly rows: ReadonlyMap<string, number>;
  /** The same of the records of runs. */
  readonly records: ReadonlyMap<string, number>;
  /** Whether silver and gold may still hold what bronze held. */
  readonly isStale: boolean;
}

/**
 * Takes persons out of the landed files and of bronze: numbers become pseudonyms, personal columns are emptied. What is made of bronze has
 * to be computed anew then, and `endForgetting` does the rest. It may be killed at any moment and be repeated; a repeat changes nothing
 * that is done.
 *
 * @param numbers the persons; without any those who were forgotten before and have arrived again, or whose forgetting was not finished
 * @throws InputError for a number that nobody has
 */
export async function beginForgetting(where: Where, numbers: readonly string[]): Promise<Begun> {
  const { connection, dialect, tables } = where;
  const before = await readForgotten(connection);
  const salt = before.salt ?? randomBytes(16).toString("hex");
  const again = await arrivedAgain(connection, tables);
  const asked = [...new Set([...numbers.map((number) => number.trim()), ...again])];
  const known = await lookUp(connection, dialect, tables, asked);
  const persons = asked.map((number) => ({ number, pseudonym: pseudonymOf(salt, number) }));
  const unknown = persons.filter(
    ({ number, pseudonym }) => !known.numbers.has(number) && !before.pseudonyms.has(pseudonym),
  );
  if (unknown.length > 0)
    throw new InputError(
      `There is no ${unknown.map(({ number }) => number).join(", ")} in any table, and nobody of that number was forgotten. ` +
        "Nothing was changed. Give the number as silver.dim_customers has it: npx shopmetrics show silver.dim_customers",
    );
  // First of all: a repeat knows the persons by it, whatever is done until then.
  for (const { pseudonym } of persons)
    if (!before.pseudonyms.has(pseudonym))
      await connection.execute(
        "insert into ops.forgotten_persons (pseudonym, salt, asked_at, finished_at) values ($pseudonym, $salt, $now, null)",
        { pseudonym, salt, now: { type: "timestamp", value: new Date().toISOString() } },
      );
  const found = finder(persons, known.values, fieldsOf(tables), [...before.pseudonyms.keys()]);
  const files = found.pseudonyms.length === 0 ? [] : await rewriteLanded(where, found);
  const rows = new Map<string, number>();
  // With bronze, which knows what leads to a person: a repeat finds it in both or in none.
  const records = await connection.transaction(async () => {
    const ofRuns = await rewriteRecords(connection, tables, found);
    for (const table of tables.values()) {
      if (table.layer !== "bronze" || found.pseudonyms.length === 0) continue;
      const changed = await rewriteTable(connection, dialect, tables, table, found);
      if (changed > 0) rows.set(table.name, changed);
    }
    for (const { pseudonym } of persons)
      if (known.numbers.size > 0 && rows.size > 0)
        await connection.execute(
          "update ops.forgotten_persons set finished_at = null where pseudonym = $pseudonym",
          { pseudonym },
        );
    return ofRuns;
  });
  const unfinished = await connection.query(
    "select pseudonym from ops.forgotten_persons where finished_at is null",
  );
  return { finder: found, files, rows, records, isStale: unfinished.rows.length > 0 };
}

/** Files first: what leads to a person is looked up in bronze, which a repeat finds as it was. */
async function rewriteLanded({ connection, tables, landing }: Where, found: Finder): Promise<Rewritten[]> {
  const keys = new Map<string, ReadonlySet<string>>();
  for (const table of tables.values())
    if (table.layer === "bronze") keys.set(table.name, await keysOf(connection, tables, table, found));
  const files: Rewritten[] = [];
  for (const folder of landing)
    files.push(
      ...(await rewriteFiles(folder, tables, found, {
        keysOf: ({ name }) => keys.get(name) ?? new Set(),
        onRewritten: async ({ table, name, size, modifiedAt, sha256 }) =>
          void (await connection.execute(
            `update ops.loaded_files set size = $size, modified_at = $modified_at, sha256 = $sha256
where table_name = $table and source_file = $name`,
            {
              table,
              name,
              size,
              sha256,
              modified_at: { type: "timestamp", value: modifiedAt.toISOString() },
            },
          )),
      })),
    );
  return files;
}

/** What was looked through, and where a person was found. */
export interface Proof {
  readonly tables: number;
  readonly files: number;
  readonly left: readonly { readonly place: string; readonly rows?: number }[];
}

/** Takes persons out of the records of the run that computed silver and gold anew, and of what it kept of earlier rows. */
export async function endForgetting(
  { connection, dialect, tables }: Where,
  { finder: found }: Begun,
): Promise<Map<string, number>> {
  const changed = await connection.transaction(() => rewriteRecords(connection, tables, found));
  await purge(connection, dialect, tables);
  return changed;
}

/** Searches a copy of the warehouse. @returns the number of rows in which a person is found */
export async function searchCopy(
  { connection, dialect, tables }: Where,
  { finder: found }: Begun,
): Promise<number> {
  const searched = await searchTables(connection, dialect, tables, found);
  return searched.found.reduce((sum, { rows }) => sum + rows, 0);
}

/**
 * Searches all tables, landed files and what else is written to the warehouse's folder for persons, and notes that it is done where none
 * is found.
 *
 * @param options.home the folder of the warehouse, where it is one on this machine
 * @param options.left where persons are known to be left, such as in copies of the warehouse
 */
export async function proveForgotten(
  { connection, dialect, tables, landing }: Where,
  { finder: found }: Begun,
  options: { home?: string; left?: Proof["left"] } = {},
): Promise<Proof> {
  const searched = await searchTables(connection, dialect, tables, found);
  const left: { place: string; rows?: number }[] = [
    ...searched.found.map(({ table, rows }) => ({ place: table, rows })),
    ...(options.left ?? []),
  ];
  for (const folder of landing)
    for (const file of await searchFiles(folder, tables, found)) left.push({ place: file });
  const files = [
    ...new Set([...(await filesBelow(landing)), ...(options.home ? await filesOfHome(options.home) : [])]),
  ];
  for (const file of files) {
    const isKnown = left.some(({ place }) => place === file);
    // Where texts may stand side by side only that counts which cannot be a part of another text.
    const isIn = /\.(?:duckdb|wal|parquet)$/.test(file) ? hasValue(found) : found.isIn;
    if (!isKnown && (await isInFile({ path: file, name: file }, isIn))) left.push({ place: file });
  }
  if (left.length === 0)
    await connection.execute(
      "update ops.forgotten_persons set finished_at = $now where finished_at is null",
      {
        now: { type: "timestamp", value: new Date().toISOString() },
      },
    );
  return { tables: searched.searched, files: files.length, left };
}

const hasValue =
  ({ values }: Finder) =>
  (text: string) => {
    const lower = text.toLowerCase();
    return values.some((value) => lower.includes(value));
  };

/** Folders that are written to in the warehouse's own; beside them may be those of services, such as Kafka. */
const writtenFolders = ["landing", "snapshots", "lineage", "jupyter"];

/** All files of the warehouse's folder that ShopMetrics writes. */
async function filesOfHome(home: string): Promise<string[]> {
  const entries = await readdir(home, { withFileTypes: true });
  return [
    ...entries.filter((entry) => entry.isFile()).map(({ name }) => path.join(home, name)),
    ...(await filesBelow(writtenFolders.map((folder) => path.join(home, folder)))),
  ];
}

/** All files of some folders, each once. */
async function filesBelow(folders: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) files.add(path.join(entry.parentPath, entry.name));
  }
  return [...files];
}
