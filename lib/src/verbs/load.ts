import type { Table } from "../contracts/table.js";
import { loadColumns } from "../plan/kept-columns.js";
import { theSession } from "../plan/session.js";
import type { TableRequest, Verb } from "./verb.js";

export interface LoadRequest extends TableRequest<"load"> {
  /** Below the landing folder. */
  readonly folder: string;
}

/**
 * Appends the files of a landing folder that the table does not hold yet, each exactly once, as text with their audit
 * columns. The contract says what the files are: exports (CSV), or envelopes of Kafka messages (NDJSON).
 *
 * @param options.from folder below the landing folder, such as `orders`
 * @throws InputError when a file lacks a column, is not UTF-8 or was changed after it was loaded
 * @example
 * await load(bronze.orders_raw, { from: "orders" });
 */
export async function load(table: Table, options: { from: string }): Promise<void> {
  const request: LoadRequest = { kind: "load", table, folder: options.from };
  await (await theSession()).submit(request);
}

export const loadVerb: Verb<LoadRequest> = {
  role: "load",
  readers: () => [],
  withSelects: (request) => request,
  item: ({ table, folder }) => ({
    load: {
      table: table.name,
      folder,
      format: table.options.files ?? "csv",
      columns: table.columns.map(({ name }) => name).filter((name) => !loadColumns.has(name)),
    },
  }),
};
