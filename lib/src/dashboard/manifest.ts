import type { Columns } from "./snapshot-columns.js";

/** One exported query. */
export interface SnapshotEntry {
  /** The file's name, beside the manifest; it holds the beginning of its checksum. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly columns: Columns;
}

/** How many checks came to what, each by its latest result. */
export interface CheckCounts {
  readonly pass: number;
  readonly warn: number;
  readonly fail: number;
}

/** What a page's export wrote, as `<page>.json`. It is written last, so whoever reads it finds the files it names. */
export interface Manifest {
  readonly version: 1;
  readonly page: string;
  /** ISO instant at which the queries ran. */
  readonly asOf: string;
  readonly run: string;
  readonly checks: CheckCounts;
  /** Hash of the queries and of the runs that last wrote what they read; the same basis gives the same rows. */
  readonly basis?: string;
  readonly snapshots: Readonly<Record<string, SnapshotEntry>>;
}
