import { copyFile, mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { InputError } from "../../errors.js";
import { checksum } from "../../landing/checksum.js";
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
 * Uploads the local landed files that are not in the ledger to the landing volume, then loads them by one COPY INTO and one
 * INSERT. A repeat uploads them again but loads nothing twice.
 */
export async function loadFiles(
  connection: DatabricksConnection,
  files: LoadFiles,
  options: { landing: string; batch: number; now: string; catalog: string },
): Promise<FileLoaded[]> {
  const ledger = await connection.query(
    "select source_file, size, modified_at, sha256 from ops.loaded_files where table_name = :table",
    { table: files.table },
  );
  const landed = await listLanding(options.landing, files.folder, readerOf(files).ending);
  const fresh = await newFiles(landed, ledger.rows as unknown as LedgerEntry[]);
  if (fresh.length === 0) return [];
  const volume = landingVolume(options.catalog);
  for (const file of fresh) await upload(connection, file, volume);
  const names = fresh.map(({ name }) => path.posix.basename(name));
  await connection.execute(dropLanded(files.table));
  await connection.execute(copyInto(files, { catalog: options.catalog, files: names }));
  await refusePathsCopiedBefore(connection, files, fresh);
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
  return Promise.all(
    fresh.map(async ({ name, path: local, size, modifiedAt }) => {
      const rescued = Number(counts.get(name)?.["rescued"] ?? 0);
      const rows = Number(counts.get(name)?.["records"] ?? 0) - rescued;
      return { name, size, modifiedAt, sha256: await checksum(local), rows, rescued, warnings: [] };
    }),
  );
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

/** Copies to the mounted volume where there is one, as on a cluster; otherwise the client uploads the file. */
async function upload(connection: DatabricksConnection, file: LandedFile, volume: string): Promise<void> {
  const remote = `${volume}/${file.name}`;
  if (!(await isFolder(volume))) return connection.put(file.path, remote);
  await mkdir(path.dirname(remote), { recursive: true });
  await copyFile(file.path, remote);
}

const isFolder = (name: string) =>
  stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
