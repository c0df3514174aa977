import type { LoadFiles, Result } from "../plan/plan.js";
import type { SqlValue } from "../sql/statement.js";

/** A parameter's value as it is bound: a date or an instant says so, since text alone does not. */
export type Bound = SqlValue | { readonly type: "date" | "timestamp"; readonly value: string };

/** What one landed file brought. */
export interface FileLoaded {
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: Date;
  readonly sha256: string;
  /** How many files were loaded into the table up to this one. */
  readonly loadNumber: number;
  /** Records that were split into columns. */
  readonly rows: number;
  /** Records kept whole in _rescued_data. */
  readonly rescued: number;
  readonly warnings: readonly string[];
}

/** One conversation with an engine. Statements run one after another. */
export interface Connection {
  query(sql: string, params?: Readonly<Record<string, Bound>>): Promise<Result>;
  /** @returns the number of rows changed */
  execute(sql: string, params?: Readonly<Record<string, Bound>>): Promise<number>;
  /** Loads the landed files that the ledger does not hold yet. */
  load(files: LoadFiles, options: { landing: string; batch: number; now: string }): Promise<FileLoaded[]>;
  /** All or nothing where the engine can; elsewhere it only runs `work`. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
  /** Ids of the statements that ran, in their order, where the engine's history names them. */
  readonly statementIds?: readonly string[];
}
