import { writeFile } from "node:fs/promises";
import type { Row, Table } from "shopmetrics";
import { batchColumns, givenColumns, isAuditColumn } from "#lib/plan/kept-columns.js";
import type { Connection } from "#lib/engine/connection.js";
import type { Writing } from "#lib/engine/adapter.js";
import { finished } from "#lib/compile/request.js";
import { engineNamed } from "#lib/engine/index.js";
import { draft, type Draft } from "#lib/engine/operation.js";
import type { Item } from "#lib/plan/plan.js";
import { executeItems, noFigures } from "#lib/run/step.js";
import { publish, readWindows } from "#lib/run/warehouse.js";
import { marker, type Param } from "#lib/sql/param.js";
import type { Statement } from "#lib/sql/statement.js";
import type { TestEngine } from "./engine.ts";

/** Rows as a select that gives all columns of a table but its audit columns. */
export interface Rows {
  readonly select: string;
  readonly params: readonly Param[];
}

/**
 * Puts rows into a table as one published batch, as the step that writes the table would: merged by key, or appended. Of envelopes
 * an engine may store the message alone, from which it reads the rest.
 */
export function give(test: TestEngine, connection: Connection, table: Table, rows: Rows): Promise<void> {
  const { verbs } = test.dialect;
  const drafts = table.options.key
    ? verbs.merge({ kind: "merge", table, rows: given }, writing(rows))
    : verbs.append({ kind: "append", table: test.dialect.stored(table), rows: given }, writing(rows));
  return write(test, connection, table, drafts, rows.params);
}

/** Puts the first rows into a table, as one published batch and by one statement. */
export function giveFirst(test: TestEngine, connection: Connection, table: Table, rows: Rows): Promise<void> {
  const stored = test.dialect.stored(table);
  const batch = batchColumns(table);
  const columns = [...stored.columns.map(({ name }) => name), ...batch];
  const values = [
    ...stored.columns.map(({ name }) => (isAuditColumn(table, name) ? marker("now") : `i.${name}`)),
    ...batch.map(() => marker(batchParam(table.name))),
  ];
  const insert = draft(
    `insert into ${stored.name} (${columns.join(", ")})\nselect ${values.join(", ")} from (${rows.select}) as i`,
    { role: "write", counts: "out" },
  );
  return write(test, connection, table, [insert], rows.params);
}

/** Makes these the rows of a table, in one published batch. */
export function replace(test: TestEngine, connection: Connection, table: Table, rows: Rows): Promise<void> {
  const request = { kind: "refresh", table, rows: given, scope: undefined } as const;
  return write(test, connection, table, test.dialect.verbs.refresh(request, writing(rows)), rows.params);
}

/** Stands for the rows, whose select is there already in the engine's dialect. */
const given: Statement = { kind: "statement", strings: [], values: [], name: undefined };

const writing = ({ select }: Rows): Writing => ({
  sqlOf: () => select,
  bind: () => {
    throw new Error("These verbs bind no value.");
  },
});

async function write(
  test: TestEngine,
  connection: Connection,
  table: Table,
  drafts: readonly Draft[],
  params: readonly Param[],
): Promise<void> {
  await connection.transaction(async () => {
    const windows = await readWindows(connection, "test", {
      changes: [],
      writes: [table.name],
      full: false,
    });
    const figures = noFigures();
    const now = new Date().toISOString();
    const context = { runId: "test", date: now.slice(0, 10), now, full: false, landing: "", ...windows };
    const item = itemOf(test, table, drafts);
    const values = [...params, ...runParams(table, test.dialect.stored(table))];
    await executeItems(
      connection,
      test.engine.name,
      { items: [item], params: values, takes: [] },
      context,
      figures,
    );
    await publish(connection, engineNamed(test.engine.name), "test", context, figures);
  });
}

/** Rows whose values are bound, each cast to its column's type. */
export function boundRows(table: Table, rows: readonly object[]): Rows {
  const params: Param[] = [];
  const columns = givenColumns(table);
  const bound = (row: object, { name, type }: { name: string; type: string }) => {
    const value = (row as Row<Table>)[name];
    const param = { name: `v${params.length + 1}`, kind: "literal", value } as Param;
    params.push(param);
    return `cast(${marker(param.name)} as ${type}) as ${name}`;
  };
  const selects = rows.map((row) => `select ${columns.map((column) => bound(row, column)).join(", ")}`);
  const none = `select ${columns.map(({ name, type }) => `cast(null as ${type}) as ${name}`).join(", ")} where false`;
  return { select: selects.join("\nunion all ") || none, params };
}

/** Rows that a file brings, for thousands of them: an object of texts a line, each cast to its column's type. */
export async function rowsOfFile(
  { engine }: TestEngine,
  table: Table,
  rows: readonly object[],
  file: string,
): Promise<Rows> {
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

/** What a dialect made, as an item that the runner executes. */
function itemOf({ engine, mark }: TestEngine, table: Table, drafts: readonly Draft[]): Item {
  const operations = drafts.map((draft) => finished({ ...draft, stages: [] }, { mark }));
  return {
    kind: "append",
    table: table.name,
    name: table.name,
    place: undefined,
    scripts: { [engine.name]: operations },
  };
}

const runParams = ({ name: table }: Table, { name: stored }: Table): Param[] => [
  ...["run_id", "run_date", "now", "full"].map((name) => ({ name, kind: "run" }) as const),
  ...[...new Set([table, stored])].map((name) => ({ name: batchParam(name), kind: "batch", table }) as const),
];

const batchParam = (table: string) => `batch_${table.replace(".", "_")}`;
