import type { FileFormat } from "../contracts/table.js";
import type { Connection } from "../engine/connection.js";
import { sortOut } from "../landing/joined.js";
import { listLanding, newFiles, type LedgerEntry } from "../landing/landing.js";

/** Landed files that the next load takes. */
interface WaitingFiles {
  readonly files: number;
  /** Of these files as they lie there. */
  readonly bytes: number;
}

/**
 * The landed files that are not loaded into a table yet. Only reads, files and ledger alike.
 *
 * @param connection undefined where there is no warehouse yet
 * @throws InputError when a file was changed after it was loaded, as the load does
 */
export async function waitingFiles(
  connection: Connection | undefined,
  { table, folder, format }: { readonly table: string; readonly folder: string; readonly format: FileFormat },
  landing: string,
): Promise<WaitingFiles> {
  // An older ledger has fewer columns.
  const rows = connection
    ? (await connection.query(`select * from ops.loaded_files where table_name = '${table}'`)).rows
    : [];
  const known = rows as unknown as readonly LedgerEntry[];
  const landed = await listLanding(landing, folder, format);
  const sorted =
    format === "envelopes" ? sortOut(landed, new Set(known.map((entry) => entry.source_file))) : undefined;
  const replaced = new Set(sorted?.replaced);
  const fresh = await newFiles(
    sorted?.files ?? landed,
    known.filter((entry) => !replaced.has(entry.source_file)),
  );
  return { files: fresh.length, bytes: fresh.reduce((sum, { size }) => sum + size, 0) };
}

/** The rows of a table in the batches after `lo` up to `hi`. */
export async function rowsBetween(
  connection: Connection,
  table: string,
  { lo, hi }: { readonly lo: number; readonly hi: number },
): Promise<number> {
  const { rows } = await connection.query(
    `select count(*) as n from ${table} where _batch > ${lo} and _batch <= ${hi}`,
  );
  return Number(rows[0]?.["n"] ?? 0);
}
