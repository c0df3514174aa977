import type { DuckDBConnection } from "@duckdb/node-api";
import { checksum } from "../../landing/checksum.js";
import { isCompressed, lastLoad, listLanding, newFiles, type LedgerEntry } from "../../landing/landing.js";
import { withPlainContent } from "../../landing/plain-content.js";
import type { LoadFiles } from "../../plan/plan.js";
import type { FileLoaded } from "../connection.js";
import { loadCsv } from "./csv.js";
import { loadEnvelopes } from "./envelopes.js";

/** Loads the landed files that are not in the ledger, in their order, in the caller's transaction. */
export async function loadFiles(
  duckdb: DuckDBConnection,
  files: LoadFiles,
  options: { landing: string; batch: number; now: string },
): Promise<FileLoaded[]> {
  const ledger = await duckdb.runAndReadAll(
    `select source_file, size, load_number, strftime(modified_at, '%Y-%m-%dT%H:%M:%S.%fZ') as modified_at, sha256
from ops.loaded_files where table_name = $table`,
    { table: files.table },
  );
  const known = ledger
    .getRowObjectsJson()
    .map((row) => ({ ...row, size: Number(row["size"]) }) as unknown as LedgerEntry);
  const landed = await listLanding(options.landing, files.folder, files.format);
  const last = lastLoad(known);
  const found = await newFiles(landed, known);
  const { table, columns } = files;
  const { now: ingestedAt, batch } = options;
  const load = { table, columns, ingestedAt, batch };
  if (files.format === "envelopes")
    return loadEnvelopes(duckdb, { ...load, files: found, loadedBefore: last });
  const loaded: FileLoaded[] = [];
  for (const [index, landedFile] of found.entries()) {
    const loadNumber = last + index + 1;
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
