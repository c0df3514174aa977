import type { DBSQLClient } from "@databricks/sql";
import type { Engine } from "../adapter.js";
import { openClient, type WarehouseAddress } from "./client.js";
import { openConnection, type DatabricksConnection } from "./connection.js";

export interface DatabricksOptions extends WarehouseAddress {
  readonly catalog: string;
  /** Where a table's name without a schema is looked for. Default `default`. */
  readonly schema?: string;
  /** How long a warehouse that is stopped is waited for, in milliseconds. Default 10 minutes. */
  readonly patience?: number;
  /** Told each time that the warehouse, or another writer, is waited for. */
  readonly onWait?: (line: string) => void;
  /** Cancels the statements that run, and every later one. */
  readonly signal?: AbortSignal;
}

/** An engine whose connections also stream and name their statements. */
export interface DatabricksEngine extends Engine {
  connect(): Promise<DatabricksConnection>;
}

/** A SQL warehouse of a Databricks workspace. Nothing is sent before the first `connect`. */
export async function openDatabricks(options: DatabricksOptions): Promise<DatabricksEngine> {
  let client: Promise<DBSQLClient> | undefined;
  return {
    name: "databricks",
    isExclusive: false,
    connect: async () => openConnection(await (client ??= openClient(options)), options),
    async close() {
      await (await client)?.close().catch(() => undefined);
      client = undefined;
    },
  };
}
