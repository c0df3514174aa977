import type { DBSQLClient } from "@databricks/sql";
import type { Engine } from "../adapter.js";
import { openClient } from "./client.js";
import { openConnection } from "./connection.js";
import type { DatabricksConnection, DatabricksOptions } from "./options.js";

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
