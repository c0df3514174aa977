import type { Table } from "../contracts/table.js";
import { theSession } from "../plan/session.js";
import type { TableRequest, Verb } from "./verb.js";

export type MaintainRequest = TableRequest<"maintain">;

/**
 * Cares for a table where the engine has files and a catalog: its comments and tags as the contract says, then clustering,
 * OPTIMIZE or ZORDER, and VACUUM with 7 days' retention. Elsewhere it does nothing, and a run says so.
 */
export async function maintain(table: Table): Promise<void> {
  const request: MaintainRequest = { kind: "maintain", table };
  await (await theSession()).submit(request);
}

export const maintainVerb: Verb<MaintainRequest> = {
  role: "care",
  readers: () => [],
  withSelects: (request) => request,
};
