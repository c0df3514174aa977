import { copyFile, mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { checksum } from "../../landing/checksum.js";
import { lastLoad, listLanding, newFiles, type LandedFile, type LedgerEntry } from "../../landing/landing.js";
import { withPlainContent } from "../../landing/plain-content.js";
import type { LoadFiles } from "../../plan/plan.js";
import type { FileLoaded } from "../connection.js";
import type { DatabricksConnection } from "./options.js";
import { copyInto, dropLanded, insertRecords, landingVolume, readerOf, refuseFiles } from "./copy-into.js";

/**
 * Uploads the local landed files that are not in the ledger to the landing volume, then loads them by one COPY INTO and one
 * INSERT. A compressed file is uploaded with its plain content, under its own name. A repeat uploads them again but loads nothing twice.
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
  const landed = await listLanding(options.landing, files.folder, files.format);
  const known = ledger.rows as unknown as LedgerEntry[];
  const fresh = await newFiles(landed, known);
  if (fresh.length === 0) return [];
  const volume = landingVolume(options.catalog);
  for (const file of fresh) await withPlainContent(file, (plain) => upload(connection, plain, volume));
  const names = fresh.map(({ name }) => name.slice(files.folder.length + 1));
  await connection.execute(dropLanded(files.table));
  await connection.execute(copyInto(files, { catalog: options.catalog, files: names }));
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
    fresh.map(async ({ name, path: local, size, modifiedAt }, index) => {
      const rescued = Number(counts.get(name)?.["rescued"] ?? 0);
      const rows = Number(counts.get(name)?.["records"] ?? 0) - rescued;
      const loadNumber = lastLoad(known) + index + 1;
      return {
        name,
        size,
        modifiedAt,
        sha256: await checksum(local),
        loadNumber,
        rows,
        rescued,
        warnings: [],
      };
    }),
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
