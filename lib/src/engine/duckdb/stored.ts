import type { FileFormat, Table } from "../../contracts/table.js";
import { batchColumns, loadColumns } from "../../plan/kept-columns.js";

/** The columns of bronze that hold an envelope's fields, each with where it stands in an envelope that was split. */
export const envelopeColumns: Readonly<Record<string, string>> = {
  kafka_topic: "e.topic",
  kafka_partition: "kafka_partition",
  kafka_offset: "kafka_offset",
  kafka_timestamp: "kafka_timestamp",
  kafka_key: "e.key",
  kafka_schema_id: 'try_int(e."schema_id")',
  value: "e.value",
};

/** The name under which the rows are that `load` appends to a table. */
export const storedName = (table: string, format: FileFormat | undefined) =>
  format === "envelopes" ? `${table}_messages` : table;

/**
 * Where a table's rows are. Of envelopes only what arrived is stored, beside a view that has the table's name and reads the
 * message's fields from `value`: as columns they would hold the same once more, and cost more to write than to read.
 */
export function stored(table: Table): Table {
  const { files } = table.options;
  if (files !== "envelopes") return table;
  return {
    ...table,
    name: storedName(table.name, files),
    columns: table.columns.filter(({ name }) => name in envelopeColumns || loadColumns.has(name)),
  };
}

/**
 * The columns of a table of envelopes, of rows that are stored.
 *
 * @param rows their table, or a select in brackets
 * @param more columns that this select has in addition
 */
export function withFields(table: Table, rows: string, more: readonly string[] = []): string {
  const known = new Set(stored(table).columns.map(({ name }) => name));
  const fields = table.columns.map(({ name }) => name).filter((name) => !known.has(name));
  const shape = `{${fields.map((name) => `"${name}": "varchar"`).join(", ")}}`;
  const columns = table.columns.map(({ name }) => (known.has(name) ? name : `message.${name} as ${name}`));
  const parsed =
    fields.length > 0 ? `(select *, fields_of(value, '${shape}') as message from ${rows})` : rows;
  return `select ${[...columns, ...batchColumns(table), ...more].join(", ")}\nfrom ${parsed}`;
}
