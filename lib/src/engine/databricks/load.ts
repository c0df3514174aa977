import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { InputError } from "../../errors.js";
import { listLanding, newFiles, type LandedFile, type LedgerEntry } from "../../landing/landing.js";
import type { LoadFiles } from "../../plan/plan.js";
import type { FileLoaded } from "../connection.js";
import type { DatabricksConnection } from "./options.js";
import {
  copyInto,
  dropLanded,
  insertRecords,
  landedTable,
  landingVolume,
  readerOf,
  refuseFiles,
} from "./copy-into.js";

/**
 * Uploads the local landed files that are not in the ledger to the landing volume, then loads by one COPY INTO and one MERGE
 * whatever the volume holds and the ledger does not, whoever put it there. A repeat loads nothing twice.
 */
export async function loadFiles(
  connection: DatabricksConnection,
  files: LoadFiles,
  options: { landing: string; batch: number; now: string; catalog: string },
): Promise<FileLoaded[]> {
  const uploaded = await uploadNew(connection, files, options);
  await connection.execute(copyInto(files, options));
  const pending = await connection.query(
    `select landed.source_file, landed.size, landed.modified_at, landed.sha256 from ${landedTable(files.table)} as landed
left anti join ops.loaded_files as ledger on ledger.table_name = :table and ledger.source_file = landed.source_file`,
    { table: files.table },
  );
  if (uploaded.size > 0) await refusePathsCopiedBefore(connection, files, [...uploaded.values()]);
  if (pending.rows.length === 0) return [];
  await connection.execute(dropLanded(files.table));
  await connection.execute(refuseFiles(files));
  await connection.execute(insertRecords(files, { now: ":now", batch: ":batch" }), {
    now: { type: "timestamp", value: options.now },
    batch: options.batch,
  });
  const counted = await connection.query(
    `select source_file, count(*) as records, count(case when ${readerOf(files).isRescued(files)} then 1 end) as rescued
from ${files.table} where _batch = :batch group by source_file`,
    { batch: options.batch },
  );
  const counts = new Map(counted.rows.map((row) => [row["source_file"], row]));
  return pending.rows.map((row) => {
    const name = String(row["source_file"]);
    const rescued = Number(counts.get(name)?.["rescued"] ?? 0);
    const rows = Number(counts.get(name)?.["records"] ?? 0) - rescued;
    const [size, sha256] = [Number(row["size"]), String(row["sha256"])];
    // That of the copy in the volume would make the next run here read the file again to know it.
    const modifiedAt = uploaded.get(name)?.modifiedAt ?? new Date(String(row["modified_at"]));
    return { name, size, modifiedAt, sha256, rows, rescued, warnings: [] };
  });
}

/**
 * Fails for files whose paths COPY INTO remembers and whose content is not there any more: they were unloaded. It would pass
 * them over in silence, and the ledger would have them without rows. Empty files are passed over too, and another process may
 * have loaded one meanwhile.
 */
async function refusePathsCopiedBefore(
  connection: DatabricksConnection,
  { table }: LoadFiles,
  fresh: readonly LandedFile[],
): Promise<void> {
  const { rows } = await connection.query(
    `select source_file from ${landedTable(table)} union all
select source_file from ops.loaded_files where table_name = :table`,
    { table },
  );
  const known = new Set(rows.map((row) => row["source_file"]));
  const passedOver = fresh.filter(({ name, size }) => size > 0 && !known.has(name)).map(({ name }) => name);
  if (passedOver.length === 0) return;
  throw new InputError(
    `${passedOver.join(", ")}: unloaded before, and a warehouse never loads the same path twice. Nothing new of ${table} was ` +
      `loaded. Take the file out of the landing folder, and land the corrected one under another name.`,
  );
}

async function uploadNew(
  connection: DatabricksConnection,
  files: LoadFiles,
  { landing, catalog }: { landing: string; catalog: string },
): Promise<ReadonlyMap<string, LandedFile>> {
  const landed = await listLanding(landing, files.folder, readerOf(files).ending);
  if (landed.length === 0) return new Map();
  const ledger = await connection.query(
    "select source_file, size, modified_at, sha256 from ops.loaded_files where table_name = :table",
    { table: files.table },
  );
  const fresh = await newFiles(landed, ledger.rows as unknown as LedgerEntry[]);
  for (const file of fresh) await upload(connection, file, landingVolume(catalog));
  return new Map(fresh.map((file) => [file.name, file]));
}

/**
 * Writes into the mounted volume where there is one, as on a cluster; otherwise the client uploads the file. A volume takes
 * plain writes from the first byte to the last; it refuses what `copyFile` does beside that, such as setting the file's mode.
 */
async function upload(connection: DatabricksConnection, file: LandedFile, volume: string): Promise<void> {
  const remote = `${volume}/${file.name}`;
  if (!(await isFolder(volume))) return connection.put(file.path, remote);
  await mkdir(path.dirname(remote), { recursive: true });
  await pipeline(createReadStream(file.path), createWriteStream(remote));
}

const isFolder = (name: string) =>
  stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
