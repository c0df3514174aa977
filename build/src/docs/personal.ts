import type { Table } from "shopmetrics/internal/contracts/table";

/**
 * Whether a column may hold what a person can be known by, so that its values are never shown. A table that is tagged
 * personal and does not say which columns are, is personal in all columns but those with a closed set of values.
 */
export function isPersonal(table: Table, column: string): boolean {
  const { personal, tags = {} } = table.options;
  if (personal) return personal.includes(column);
  const known = table.columns.find(({ name }) => name === column);
  return tags["sensitivity"] === "personal" && !known?.accepts && !harmless.has(column);
}

/** Columns of our own books, which say nothing of a person. */
const harmless = new Set(["source_file", "source_row", "ingested_at", "table_name", "run_id", "rejected_at"]);
