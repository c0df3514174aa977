import type { EntityName } from "./entity.js";

/** A file of exports or events that was written. */
export interface GeneratedFile {
  entity: EntityName | "clickstream";
  /** Within the landing folder. */
  file: string;
  rows: number;
  bytes: number;
}

/** What one call wrote. */
export interface GenerateReport {
  /** The files that this call wrote, oldest first. */
  files: GeneratedFile[];
  /** First day of the history, and the last day for which the folder now holds exports. */
  from: string;
  to: string;
  seconds: number;
  /** Faulty rows written, by kind; all zero on clean exports. */
  faults: Record<string, number>;
}
