import { rejected_rows } from "../contracts/quarantine.js";
import type { Column, Table } from "../contracts/table.js";

/** Columns that loading a file fills in, in the order in which a load inserts them. */
export const loadColumns: ReadonlySet<string> = new Set([
  "_rescued_data",
  "source_file",
  "source_row",
  "source_load",
  "ingested_at",
]);

/** Columns that every table kept by a verb has in addition to its contract's: the batch that wrote a row, and the first one. */
export const batchColumns = (table: Table): readonly string[] =>
  table.layer === "ops"
    ? []
    : table.layer === "bronze" || table.name === rejected_rows.name
      ? ["_batch"]
      : ["_batch", "_first_batch"];

/** The key and the tracked columns: what the log of earlier values holds of a table. */
export const loggedColumns = (table: Table): Column[] => {
  const kept = new Set<string>([...keyOf(table), ...(table.options.tracks ?? [])]);
  return table.columns.filter(({ name }) => kept.has(name));
};

/** What a file brought of a raw row, without the audit columns that say where it came from. */
export const arrivedColumns = (raw: Table): Column[] =>
  raw.columns.filter(({ name }) => name === "_rescued_data" || !loadColumns.has(name));

/** The contract's columns that the notebook's select must give: all but those that the verb fills in. */
export const givenColumns = (table: Table, filled: readonly string[] = []): Column[] =>
  table.columns.filter(({ name }) => !isAuditColumn(table, name) && !filled.includes(name));

/** Whether a verb fills the column in. Of the audit columns only `source_load` comes from the notebook's select. */
export const isAuditColumn = (table: Table, column: string) =>
  column !== "source_load" && ((table.options.auditColumns ?? []) as readonly string[]).includes(column);

/** What is remembered of each row's newest change where the contract has an `order`: its place there, and whether it deleted the row. */
export const latestColumns = (table: Table): Pick<Column, "name" | "type">[] => [
  ...table.columns.filter(({ name }) => keyOf(table).includes(name)),
  ...table.order,
  { name: "_deleted", type: "BOOLEAN" },
];

export const names = (columns: readonly (string | { readonly name: string })[], prefix = "") =>
  columns.map((column) => prefix + (typeof column === "string" ? column : column.name)).join(", ");

export const keyOf = (table: Table): readonly string[] => {
  const key = table.options.key;
  if (!key?.length) throw new Error(`${table.name}: its contract names no key, which this verb needs.`);
  return key;
};

/** How `merge` chooses between rows of one key: by these columns, the newest or the oldest; undefined where it cannot. */
export function preference(
  table: Table,
): { columns: readonly string[]; order: string; isBetter: "<=" | ">=" } | undefined {
  const { newest, oldest } = table.options;
  const columns: readonly string[] = newest ?? oldest ?? [];
  if (columns.length === 0) return undefined;
  const order = columns.map((column) => (newest ? `${column} desc` : column)).join(", ");
  return { columns, order, isBetter: newest ? ">=" : "<=" };
}

/** Columns that `history` fills in, the last one where the contract has it. */
export const historyColumns = ["surrogate_key", "effective_end_date", "is_current", "end_reason"] as const;

/** What the notebook's select gives in addition: of two changes at one instant, the file loaded later wins, then the later row. */
export const originColumns = ["source_load", "source_file", "source_row"] as const;

/** What must differ between two rows of a history for the later to be a version of its own. */
export const versionColumns = (table: Table, of: string) =>
  table.columns
    .map(({ name }) => name)
    .filter((name) => ![...historyColumns, "effective_start_date", of].includes(name));
