import { writeFile } from "node:fs/promises";
import type { Row, Table } from "shopmetrics";
import { batchColumns, givenColumns, isAuditColumn } from "#lib/plan/kept-columns.js";
import type { Connection } from "#lib/engine/connection.js";
import type { Engine } from "#lib/engine/adapter.js";
import { dialectOf } from "#lib/engine/index.js";
import { draft } from "#lib/engine/operation.js";
import { batchMarker, marker } from "#lib/sql/param.js";
import { writeBatch, writing, written, type RowsToWrite } from "#lib/unit/fill.js";

/** Puts the first rows into a table, as one published batch and by one statement. */
export function giveFirst(
  engine: Engine,
  connection: Connection,
  table: Table,
  rows: RowsToWrite,
): Promise<void> {
  const stored = dialectOf(engine.name).stored(table);
  const batch = batchColumns(table);
  const columns = [...stored.columns.map(({ name }) => name), ...batch];
  const values = [
    ...stored.columns.map(({ name }) => (isAuditColumn(table, name) ? marker("now") : `i.${name}`)),
    ...batch.map(() => batchMarker(table.name)),
  ];
  const insert = draft(
    `insert into ${stored.name} (${columns.join(", ")})\nselect ${values.join(", ")} from (${rows.select}) as i`,
    { role: "write", counts: "out" },
  );
  return writeBatch(engine, connection, table, [insert], rows.params);
}

/** Makes these the rows of a table, in one published batch. */
export function replace(
  engine: Engine,
  connection: Connection,
  table: Table,
  rows: RowsToWrite,
): Promise<void> {
  const request = { kind: "refresh", table, rows: written, scope: undefined } as const;
  const drafts = dialectOf(engine.name).verbs.refresh(request, writing(rows));
  return writeBatch(engine, connection, table, drafts, rows.params);
}

/** Rows that a file brings, for thousands of them: an object of texts a line, each cast to its column's type. */
export async function rowsOfFile(
  engine: Engine,
  table: Table,
  rows: readonly object[],
  file: string,
): Promise<RowsToWrite> {
  const columns = givenColumns(table);
  const text = (value: unknown) => (value === null ? null : Buffer.from(String(value)).toString());
  const lines = rows.map((row) => {
    const texts = columns.map(({ name }) => [name, text((row as Row<Table>)[name] ?? null)] as const);
    return `${JSON.stringify(Object.fromEntries(texts))}\n`;
  });
  await writeFile(file, lines.join(""));
  const values = columns.map(({ name, type }) => `cast(r.${name} as ${type}) as ${name}`).join(", ");
  const read =
    engine.name === "duckdb"
      ? `read_json('${file}', format = 'newline_delimited', columns = {${columns.map(({ name }) => `${name}: 'varchar'`).join(", ")}}) as r`
      : `(select from_json(value, '${columns.map(({ name }) => `${name} string`).join(", ")}') as r from text.\`${file}\`)`;
  return { select: `select ${values} from ${read}`, params: [] };
}
