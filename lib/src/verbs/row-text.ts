import type { Table } from "../contracts/table.js";
import { sql } from "../sql/statement.js";

/** What stands in a check's message before the rows that it names. */
export const suchAs = ", such as ";

/** Of `ops.check_results`, the message without rows, for pages that the public reads: a key may be a customer's. */
export const messageWithoutRows = sql`
  case when sample is null then message else replace(message, concat(cast(${suchAs} as string), sample), '') end`;

/** Where a row came from names it as well as its key does. */
const origin = new Set(["source_file", "source_row"]);

/** A text is not read to its end in a message. */
const longest = 100;

/**
 * An expression, the same on each engine, that names a row in the message of a check: the columns of the table's key and those of its
 * origin by their values, then up to three others with their names: "O-17: order_date 2062-11-27". Names and addresses of persons are
 * left out. Undefined where nothing is left.
 *
 * @param textOf a column's value as text
 */
export function rowText<C extends { readonly name: string; readonly sql: string }>(
  table: Table,
  columns: readonly C[],
  textOf: (column: C) => string,
): string | undefined {
  const { key = [], personal = [] } = table.options as {
    key?: readonly string[];
    personal?: readonly string[];
  };
  const shown = columns.filter(({ name }) => name !== "" && !personal.includes(name));
  const names = (column: C) => key.includes(column.name) || origin.has(column.name);
  const value = (column: C) => `coalesce(left(${textOf(column)}, ${longest}), 'null')`;
  const named = shown
    .filter(names)
    .map((column) => (column.name === "source_row" ? `'row ', ${value(column)}` : value(column)))
    .join(", ' ', ");
  const others = shown
    .filter((column) => !names(column))
    .slice(0, 3)
    .map((column) => `'${column.name} ', ${value(column)}`)
    .join(", ', ', ");
  const parts = [named, others].filter((part) => part !== "");
  return parts.length > 0 ? `concat(${parts.join(", ': ', ")})` : undefined;
}
