import type { ResultRow } from "../../plan/plan.js";
import type { Bound, Connection } from "../connection.js";
import type { WarehouseAddress } from "./client.js";

export interface DatabricksOptions extends WarehouseAddress {
  readonly catalog: string;
  /** The schema of table names without one. Default `default`. */
  readonly schema?: string;
  /** How long to wait for a stopped warehouse, in milliseconds. Default 10 minutes. */
  readonly patience?: number;
  /** Called each time when the connection waits for the warehouse or for another writer. */
  readonly onWait?: (line: string) => void;
  /** Cancels the statements that run, and every later one. */
  readonly signal?: AbortSignal;
}

export interface DatabricksConnection extends Connection {
  /** The result's rows in chunks, so that a large result need not fit into memory. */
  stream(sql: string, params?: Readonly<Record<string, Bound>>): AsyncGenerator<ResultRow[], void, undefined>;
  /** Ids of the statements that ran, in order, as in the warehouse's query history. */
  readonly statementIds: readonly string[];
  /** Uploads a local file into a volume: `/Volumes/<catalog>/<schema>/<volume>/…`. An older file is replaced. */
  put(file: string, remote: string): Promise<void>;
}
