import type { Columns } from "./snapshot-columns.js";

/** One exported query. */
export interface SnapshotEntry {
  /** The name of a file in the manifest's folder; it contains the beginning of the checksum. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly columns: Columns;
}

/** The number of checks by their latest result. */
export interface CheckCounts {
  readonly pass: number;
  readonly warn: number;
  readonly fail: number;
}

/** What a page's export wrote, as `<page>.json`. It is written last, so a reader of it finds the files that it names. */
export interface Manifest {
  readonly version: 1;
  readonly page: string;
  /** ISO instant at which the queries ran. */
  readonly asOf: string;
  /** ISO instant of the newest row that came in, where the page asks for it by a query called `newest`; null without rows. */
  readonly newest?: string | null;
  readonly run: string;
  readonly checks: CheckCounts;
  /** Hash of the queries and of the runs that last wrote what they read; the same basis gives the same rows. */
  readonly basis?: string;
  readonly snapshots: Readonly<Record<string, SnapshotEntry>>;
}

/** How new a page's data is: the instant of its newest row, or else of its export. Null while there are no rows. */
export const dataOf = ({ newest, asOf }: Manifest): string | null => (newest === undefined ? asOf : newest);
