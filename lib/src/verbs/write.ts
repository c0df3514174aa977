import type { z } from "zod";
import type { ColumnOf, Table } from "../contracts/table.js";
import { InputError } from "../errors.js";
import { givenColumns, historyColumns, keyOf, originColumns } from "../plan/kept-columns.js";
import { theSession } from "../plan/session.js";
import type { Statement } from "../sql/statement.js";
import type { TableRequest, Verb } from "./verb.js";

export interface AppendRequest extends TableRequest<"append"> {
  readonly rows: Statement;
}

export interface MergeRequest extends TableRequest<"merge"> {
  readonly rows: Statement;
}

export interface HistoryRequest extends TableRequest<"history"> {
  readonly rows: Statement;
  /** The column that names what has a history. */
  readonly by: string;
}

export interface RefreshRequest extends TableRequest<"refresh"> {
  readonly rows: Statement;
  /** Which rows of the table are computed again: a select of the values of these columns. */
  readonly scope: { readonly columns: readonly string[]; readonly select: Statement } | undefined;
}

/**
 * Appends rows. A step that is repeated appends them once.
 *
 * @param rows gives every column of the contract but those that the verb fills in
 */
export async function append(table: Table, rows: Statement): Promise<void> {
  await submit({ kind: "append", table, rows });
}

/**
 * Keeps one row per key, the newest by the contract's `newest` columns: SCD type 1. A row that is the same as the one
 * kept is not written.
 *
 * @param rows gives every column of the contract but those that the verb fills in; may hold a key more than once
 * @example
 * await merge(silver.dim_products, sql`select product_id, … from ${changes(bronze.products_raw)}`);
 */
export async function merge(table: Table, rows: Statement): Promise<void> {
  needsKey(table, "merge");
  await submit({ kind: "merge", table, rows });
}

/**
 * Keeps every version of what `by` names, with its validity: SCD type 2. The verb works out surrogate_key,
 * effective_end_date and is_current; a change that alters nothing makes no version, and one that arrives late lands in
 * its place.
 *
 * @param rows gives all known changes of each `by` that has a new one: the tracked columns, effective_start_date,
 *   source_load, source_file and source_row (of two changes at one instant, the file loaded later and the later row wins)
 * @example
 * await history(silver.dim_customers, changesOfTouchedCustomers, { by: "customer_id" });
 */
export async function history<T extends Table>(
  table: T,
  rows: Statement,
  options: { by: ColumnOf<T> },
): Promise<void> {
  needsKey(table, "history");
  await submit({ kind: "history", table, rows, by: options.by });
}

/**
 * Keeps an aggregate: rows of the scope are computed again, those outside stay as they are. Without a scope the whole
 * table is computed again.
 *
 * @param rows gives every column of the contract but those that the verb fills in, for the scope
 * @param options.by the columns that name the scope
 * @param options.in a select of the values of these columns that have to be computed again
 * @example
 * await refresh(gold.daily_sales_summary, sales, { by: ["date"], in: days });
 */
export async function refresh<T extends Table>(
  table: T,
  rows: Statement,
  options?: { by: Named<T>; in: Statement },
): Promise<void> {
  needsKey(table, "refresh");
  const scope = options && { columns: options.by, select: options.in };
  await submit({ kind: "refresh", table, rows, scope });
}

type Named<T extends { row: z.ZodType }> = readonly [ColumnOf<T>, ...ColumnOf<T>[]];

type WriteRequest = AppendRequest | MergeRequest | HistoryRequest | RefreshRequest;

const submit = async (request: WriteRequest) => void (await (await theSession()).submit(request));

/** What the verbs share that keep a table. */
const keeping = {
  role: "keep",
  select: ({ rows }: WriteRequest) => rows,
  columns: ({ table }: WriteRequest) => givenColumns(table).map(({ name }) => name),
  // The contract's references are checked with every write.
  alsoReads: ({ table }: WriteRequest) =>
    Object.values((table.options.references ?? {}) as Record<string, string>).map((column) =>
      column.slice(0, column.lastIndexOf(".")),
    ),
} as const;

const ofRows = {
  readers: (request: { readonly rows: Statement }) => [[request.rows, request]] as const,
  withSelects: <R extends { readonly rows: Statement }>(
    request: R,
    replace: (select: Statement) => Statement,
  ): R => ({
    ...request,
    rows: replace(request.rows),
  }),
};

export const appendVerb: Verb<AppendRequest> = { ...keeping, ...ofRows };

export const mergeVerb: Verb<MergeRequest> = { ...keeping, ...ofRows, merges: true };

export const historyVerb: Verb<HistoryRequest> = {
  ...keeping,
  ...ofRows,
  columns: ({ table }) => [...givenColumns(table, historyColumns).map(({ name }) => name), ...originColumns],
  item: ({ by }) => ({ by }),
};

export const refreshVerb: Verb<RefreshRequest> = {
  ...keeping,
  item: ({ table }) => ({ key: keyOf(table) }),
  // The scope says which rows go and which come: two readers.
  readers: (request) => [
    ...(request.scope
      ? ([
          [request.scope.select, request],
          [request.scope.select, request.scope],
        ] as const)
      : []),
    [request.rows, request],
  ],
  withSelects: (request, replace) => ({
    ...request,
    rows: replace(request.rows),
    scope: request.scope && { ...request.scope, select: replace(request.scope.select) },
  }),
};

function needsKey(table: Table, verb: string): void {
  if (table.options.key?.length) return;
  throw new InputError(
    `${verb}(${table.name}): its contract names no key. Add { key: [...] } to the contract.`,
  );
}
