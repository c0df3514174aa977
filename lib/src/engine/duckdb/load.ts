import type { DuckDBConnection } from "@duckdb/node-api";
import { listLanding, newFiles, type LedgerEntry } from "../../landing/landing.js";
import type { LoadFiles } from "../../plan/plan.js";
import type { FileLoaded } from "../connection.js";
import { loadCsv } from "./csv.js";
import { loadEnvelopes } from "./envelopes.js";

/** Loads the landed files that are not in the ledger, ordered by name, in the caller's transaction. */
export async function loadFiles(
  duckdb: DuckDBConnection,
  files: LoadFiles,
  options: { landing: string; batch: number; now: string },
): Promise<FileLoaded[]> {
  const ledger = await duckdb.runAndReadAll(
    `select source_file, size, strftime(modified_at, '%Y-%m-%dT%H:%M:%S.%fZ') as modified_at, sha256
from ops.loaded_files where table_name = $table`,
    { table: files.table },
  );
  const known = ledger
    .getRowObjectsJson()
    .map((row) => ({ ...row, size: Number(row["size"]) }) as unknown as LedgerEntry);
  const landed = await listLanding(options.landing, files.folder, endings[files.format]);
  const loaded: FileLoaded[] = [];
  for (const file of await newFiles(landed, known)) {
    const { table, columns } = files;
    const job = { table, columns, file, ingestedAt: options.now, batch: options.batch };
    loaded.push(await (files.format === "csv" ? loadCsv : loadEnvelopes)(duckdb, job));
  }
  return loaded;
}

const endings = { csv: ".csv", envelopes: ".ndjson" } as const;
