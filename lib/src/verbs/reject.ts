import type { Table } from "../contracts/table.js";
import { theSession } from "../plan/session.js";
import type { Statement } from "../sql/statement.js";
import type { TableRequest, Verb } from "./verb.js";

export interface RejectRequest extends TableRequest<"reject"> {
  readonly rows: Statement;
  /** The bronze table that the refused rows come from. */
  readonly raw: Table;
}

/**
 * Puts refused rows into the quarantine, `silver.rejected_rows`, whole and with their reasons.
 *
 * @param table the table that refuses them
 * @param rows gives reasons (ARRAY<STRING>), source_file and source_row
 * @param options.raw the bronze table they came from, whose raw row is kept as JSON
 * @example
 * await reject(silver.orders_clean, sql`select * from ${judged} where size(reasons) > 0`, { raw: bronze.orders_raw });
 */
export async function reject(table: Table, rows: Statement, options: { raw: Table }): Promise<void> {
  const request: RejectRequest = { kind: "reject", table, rows, raw: options.raw };
  await (await theSession()).submit(request);
}

export const rejectVerb: Verb<RejectRequest> = {
  role: "reject",
  readers: (request) => [[request.rows, request]],
  withSelects: (request, replace) => ({ ...request, rows: replace(request.rows) }),
  select: ({ rows }) => rows,
  columns: () => ["reasons", "source_file", "source_row"],
  alsoReads: ({ raw }) => [raw.name],
  item: ({ raw }) => ({ raw: raw.name }),
};
