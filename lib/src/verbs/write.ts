import type { z } from "zod";
import type { ColumnOf, OrderOf, Table } from "../contracts/table.js";
import { InputError } from "../errors.js";
import { givenColumns, historyColumns, keyOf, originColumns } from "../plan/kept-columns.js";
import { theSession } from "../plan/session.js";
import type { Statement } from "../sql/statement.js";
import type { TableRequest, Verb } from "./verb.js";

export interface AppendRequest extends TableRequest<"append"> {
  readonly rows: Statement;
}

/** Changes that say what they are: columns of the select that are none of the table. */
interface OfChanges {
  /** The column that says whether a change deletes its row, a BOOLEAN. */
  readonly deleted?: string;
  /** The columns that say which of two changes is the newer, compared in this order. */
  readonly order?: readonly string[];
}

export interface MergeRequest extends TableRequest<"merge">, OfChanges {
  readonly rows: Statement;
}

export interface HistoryRequest extends TableRequest<"history">, OfChanges {
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
 * With `order` the newest is found by other columns of the select, such as a position in a database's log, which the contract
 * declares as its `order`. They are remembered beside the table for every key, so a change that comes late changes nothing,
 * also where its row was deleted since.
 *
 * @param rows gives every column of the contract but those that the verb fills in, and the columns that the options name; may hold a
 *   key more than once
 * @param options.order the contract's `order`: together they tell any two changes of a key apart
 * @param options.deleted the column that says whether a change deletes its row, a BOOLEAN. The row goes, and what its tracked columns
 *   were is logged, so that `touched` has it
 * @example
 * await merge(silver.dim_products, sql`select product_id, … from ${changes(bronze.products_raw)}`);
 * await merge(silver.customers, sql`select customer_id, …, op = 'd' as is_deleted, lsn from ${changes(bronze.customers_changes)}`,
 *   { deleted: "is_deleted", order: ["lsn"] });
 */
export async function merge<T extends Table>(
  table: T,
  rows: Statement,
  options: { deleted?: string; order?: readonly [OrderOf<T>, ...OrderOf<T>[]] } = {},
): Promise<void> {
  needsKey(table, "merge");
  refuseOthersOrder(table, options);
  refuseOwnColumns(table, "merge", { deleted: options.deleted });
  await submit({ kind: "merge", table, rows, ...options });
}

/**
 * Keeps every version of what `by` names, with its validity: SCD type 2. The verb works out surrogate_key,
 * effective_end_date and is_current; a change that alters nothing makes no version, and one that arrives late lands in
 * its place.
 *
 * With `deleted`, a change that says so ends the current version and begins none; a later one begins a new version, with a gap between.
 * With `order` the later of two changes is told by other columns, such as a position in a database's log. At any time that version is
 * valid which is the newest by `order` of those that had begun by then: a change whose clock is behind does not outlive a newer one.
 * A contract's column `end_reason` says why a version ended: `changed` or `deleted`, null while it is current.
 *
 * @param rows gives all known changes of each `by` that has a new one: the tracked columns, effective_start_date,
 *   source_load, source_file and source_row (of two changes at one instant, the file loaded later and the later row wins);
 *   with `order` its columns in place of these three
 * @param options.deleted the column that says whether a change is a deletion, a BOOLEAN
 * @param options.order columns of the select that together tell any two changes apart
 * @example
 * await history(silver.dim_customers, changesOfTouchedCustomers, { by: "customer_id" });
 * await history(silver.dim_customers, changesOfTouchedCustomers, { by: "customer_id", deleted: "is_deleted", order: ["lsn"] });
 */
export async function history<T extends Table>(
  table: T,
  rows: Statement,
  options: { by: ColumnOf<T>; deleted?: string; order?: readonly [string, ...string[]] },
): Promise<void> {
  needsKey(table, "history");
  refuseOwnColumns(table, "history", { deleted: options.deleted });
  await submit({ kind: "history", table, rows, ...options });
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

export const mergeVerb: Verb<MergeRequest> = {
  ...keeping,
  ...ofRows,
  columns: (request) => [...keeping.columns(request), ...namesOf(request)],
  types: (request) => typesOf(request),
  merges: true,
};

export const historyVerb: Verb<HistoryRequest> = {
  ...keeping,
  ...ofRows,
  columns: ({ table, deleted, order }) => [
    ...new Set([
      ...givenColumns(table, historyColumns).map(({ name }) => name),
      ...namesOf({ order: order ?? originColumns, ...(deleted && { deleted }) }),
    ]),
  ],
  types: (request) => typesOf(request),
  item: ({ by, deleted }) => ({ by, ...(deleted && { deleted }) }),
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

const namesOf = ({ deleted, order }: OfChanges) => [...(order ?? []), ...(deleted ? [deleted] : [])];

const typesOf = ({ table, deleted }: OfChanges & { readonly table: Table }) => ({
  ...Object.fromEntries(table.order.map(({ name, type }) => [name, type])),
  ...(deleted && { [deleted]: "BOOLEAN" }),
});

/** What is remembered of a key must be the whole order, or two changes could not be compared. */
function refuseOthersOrder({ name, order }: Table, given: OfChanges): void {
  const declared = order.map((column) => column.name);
  if (given.deleted !== undefined && !given.order)
    throw new InputError(
      `merge(${name}): deleted needs an order, by which a deleted row is remembered. ` +
        (declared.length > 0
          ? `Add { order: [${declared.map((column) => `"${column}"`).join(", ")}] }.`
          : `Declare { order: { … } } in its contract, and name its columns.`),
    );
  // Rows without a place in the order, such as those of an export, are compared by the contract's `newest`.
  const asked = given.order ?? declared;
  if (asked.join() === declared.join()) return;
  throw new InputError(
    `merge(${name}): the order is ${asked.join(", ") || "nothing"}, and that of its contract ${declared.join(", ") || "is nothing"}. ` +
      "Name the same columns in both, in the same order.",
  );
}

function refuseOwnColumns(
  { name, columns }: Table,
  verb: string,
  given: { readonly deleted: string | undefined },
): void {
  if (!columns.some((column) => column.name === given.deleted)) return;
  throw new InputError(
    `${verb}(${name}): deleted names ${given.deleted}, a column of its contract, which every row that is kept would hold as false. ` +
      "Give the select another column for it.",
  );
}

function needsKey(table: Table, verb: string): void {
  if (table.options.key?.length) return;
  throw new InputError(
    `${verb}(${table.name}): its contract names no key. Add { key: [...] } to the contract.`,
  );
}
