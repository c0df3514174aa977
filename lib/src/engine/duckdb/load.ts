import { rm, stat } from "node:fs/promises";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { checksum } from "../../landing/checksum.js";
import { chunksToJoin, isLink, joinFiles, nameOfJoined, sortOut } from "../../landing/joined.js";
import {
  isCompressed,
  lastLoad,
  listLanding,
  newFiles,
  type LandedFile,
  type LedgerEntry,
} from "../../landing/landing.js";
import { withPlainContent } from "../../landing/plain-content.js";
import type { LoadFiles } from "../../plan/plan.js";
import type { FileLoaded } from "../connection.js";
import { loadCsv } from "./csv.js";
import { loadEnvelopes, type FilesToLoad } from "./envelopes.js";
import { storedName } from "./stored.js";

interface LoadOptions {
  readonly landing: string;
  readonly batch: number;
  readonly now: string;
  /** Whether loaded files of the folder may be joined and removed: not for a copy of the warehouse. */
  readonly ownsLanding: boolean;
}

type Known = LedgerEntry & { /** ISO. */ readonly day: string };

/** Loads the landed files that are not in the ledger, in their order, in the caller's transaction. */
export async function loadFiles(
  duckdb: DuckDBConnection,
  files: LoadFiles,
  options: LoadOptions,
): Promise<FileLoaded[]> {
  const ledger = await duckdb.runAndReadAll(
    `select source_file, size, load_number, strftime(modified_at, '%Y-%m-%dT%H:%M:%S.%fZ') as modified_at, sha256,
  strftime(loaded_at, '%Y-%m-%d') as day
from ops.loaded_files where table_name = $table`,
    { table: files.table },
  );
  let known = ledger
    .getRowObjectsJson()
    .map((row) => ({ ...row, size: Number(row["size"]) }) as unknown as Known);
  let landed: readonly LandedFile[] = await listLanding(options.landing, files.folder, files.format);
  const last = lastLoad(known);
  const joins = files.format === "envelopes";
  const mayRemove = joins && options.ownsLanding && !(await isShared(options.landing, files.folder));
  if (joins) {
    const sorted = sortOut(landed, new Set(known.map((entry) => entry.source_file)));
    landed = sorted.files;
    if (mayRemove)
      for (const { path: superfluous } of sorted.superfluous) await rm(superfluous, { force: true });
    if (sorted.replaced.length > 0) {
      const replaced = new Set(sorted.replaced);
      for (const name of replaced) await unload(duckdb, files.table, name);
      known = known.filter((entry) => !replaced.has(entry.source_file));
    }
  }
  const load = {
    table: files.table,
    columns: files.columns,
    files: await newFiles(landed, known),
    ingestedAt: options.now,
    batch: options.batch,
    loadedBefore: last,
  };
  const loaded = await (joins ? loadEnvelopes : loadExports)(duckdb, load);
  if (mayRemove) await joinLoaded(duckdb, files.table, landed, known, options);
  return loaded;
}

/** One file after another. */
async function loadExports(duckdb: DuckDBConnection, load: FilesToLoad): Promise<FileLoaded[]> {
  const loaded: FileLoaded[] = [];
  for (const [index, landedFile] of load.files.entries()) {
    const loadNumber = load.loadedBefore + index + 1;
    const done = await withPlainContent(landedFile, (file) => loadCsv(duckdb, { ...load, file, loadNumber }));
    const { size, modifiedAt, path } = landedFile;
    loaded.push({
      ...done,
      loadNumber,
      ...(isCompressed(landedFile) && { size, modifiedAt, sha256: await checksum(path) }),
    });
  }
  return loaded;
}

const isShared = async (landing: string, folder: string) =>
  (await isLink(landing)) || (await isLink(path.join(landing, folder)));

/** Takes a file of envelopes back, as if it had never landed. */
async function unload(duckdb: DuckDBConnection, table: string, file: string): Promise<void> {
  await duckdb.run(`delete from ${storedName(table, "envelopes")} where source_file = $file`, { file });
  await duckdb.run("delete from ops.loaded_files where table_name = $table and source_file = $file", {
    table,
    file,
  });
}

/** Joins small files that are loaded; in the ledger the joined one takes their place. The next load removes them. */
async function joinLoaded(
  duckdb: DuckDBConnection,
  table: string,
  landed: readonly LandedFile[],
  known: readonly Known[],
  { landing, now }: LoadOptions,
): Promise<void> {
  const days = new Map(known.map(({ source_file, day }) => [source_file, day]));
  for (const chunk of chunksToJoin(landed, (name) => days.get(name), now.slice(0, 10))) {
    const name = nameOfJoined(chunk);
    const target = path.join(landing, name);
    const sha256 = await joinFiles(chunk, target);
    if (sha256 === undefined) continue;
    const { size, mtime } = await stat(target);
    await duckdb.run("create or replace temp table _joined (name varchar)");
    const names = await duckdb.createAppender("_joined", "main", "temp");
    for (const member of chunk) {
      names.appendVarchar(member.name);
      names.endRow();
    }
    names.closeSync();
    const members = "table_name = $table and source_file in (select name from temp.main._joined)";
    await duckdb.run(
      `insert into ops.loaded_files by name
select table_name, $name as source_file, $size::bigint as size, $modified_at::timestamp as modified_at, $sha256 as sha256,
  sum(rows_loaded)::bigint as rows_loaded, sum(rows_rescued)::bigint as rows_rescued, max(batch) as batch,
  max_by(run_id, load_number) as run_id, max(loaded_at) as loaded_at, max(load_number) as load_number
from ops.loaded_files where ${members} group by table_name`,
      { table, name, size: BigInt(size), modified_at: mtime.toISOString().slice(0, -1), sha256 },
    );
    await duckdb.run(`delete from ops.loaded_files where ${members}`, { table });
    await duckdb.run("drop table temp.main._joined");
  }
}
