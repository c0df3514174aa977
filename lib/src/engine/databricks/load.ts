import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { InputError } from "../../errors.js";
import { checksum } from "../../landing/checksum.js";
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
 * Uploads the local landed files that are not in the ledger to the landing volume, then loads by COPY INTO and one MERGE
 * whatever the volume holds and the ledger does not, whoever put it there. A compressed file is uploaded with its plain content,
 * under its own name. A repeat loads nothing twice.
 */
export async function loadFiles(
  connection: DatabricksConnection,
  files: LoadFiles,
  options: { landing: string; batch: number; now: string; catalog: string },
): Promise<FileLoaded[]> {
  const ledger = await connection.query(
    "select source_file, size, modified_at, sha256, load_number from ops.loaded_files where table_name = :table",
    { table: files.table },
  );
  const known = ledger.rows as unknown as LedgerEntry[];
  const uploaded = await uploadNew(connection, files, known, options);
  await connection.execute(copyInto(files, options));
  // A task passes these over, since SQL cannot decompress them. Here their content is plain.
  const compressed = [...uploaded.values()].filter(isCompressed).map(({ name }) => name);
  if (compressed.length > 0) await connection.execute(copyInto(files, { ...options, files: compressed }));
  const pending = await connection.query(
    `select landed.source_file, landed.size, landed.modified_at, landed.sha256 from ${landedTable(files.table)} as landed
left anti join ops.loaded_files as ledger on ledger.table_name = :table and ledger.source_file = landed.source_file`,
    { table: files.table },
  );
  if (uploaded.size > 0) await refusePathsCopiedBefore(connection, files, [...uploaded.values()]);
  if (pending.rows.length === 0) return [];
  const last = lastLoad(known);
  await connection.execute(dropLanded(files.table));
  await connection.execute(refuseFiles(files));
  await connection.execute(insertRecords(files, { now: ":now", batch: ":batch", lastLoad: ":last" }), {
    now: { type: "timestamp", value: options.now },
    batch: options.batch,
    last,
  });
  const counted = await connection.query(
    `select source_file, count(*) as records, count(case when ${readerOf(files).isRescued(files)} then 1 end) as rescued,
  max(source_load) as load_number
from ${files.table} where _batch = :batch group by source_file`,
    { batch: options.batch },
  );
  const counts = new Map(counted.rows.map((row) => [row["source_file"], row]));
  return Promise.all(
    pending.rows.map(async (row) => {
      const name = String(row["source_file"]);
      const local = uploaded.get(name);
      const rescued = Number(counts.get(name)?.["rescued"] ?? 0);
      const rows = Number(counts.get(name)?.["records"] ?? 0) - rescued;
      const plain = { size: Number(row["size"]), sha256: String(row["sha256"]) };
      const { size, sha256 } =
        local && isCompressed(local) ? { size: local.size, sha256: await checksum(local.path) } : plain;
      // That of the copy in the volume would make the next run here read the file again to know it.
      const modifiedAt = local?.modifiedAt ?? new Date(String(row["modified_at"]));
      // A file without records has no row that carries its number.
      const loadNumber = Number(counts.get(name)?.["load_number"] ?? last);
      return { name, size, modifiedAt, sha256, loadNumber, rows, rescued, warnings: [] };
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

async function uploadNew(
  connection: DatabricksConnection,
  files: LoadFiles,
  known: readonly LedgerEntry[],
  { landing, catalog }: { landing: string; catalog: string },
): Promise<ReadonlyMap<string, LandedFile>> {
  const landed = await listLanding(landing, files.folder, files.format);
  const fresh = await newFiles(landed, known);
  for (const file of fresh)
    await withPlainContent(file, (plain) => upload(connection, plain, landingVolume(catalog)));
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
