import { finished } from "../compile/request.js";
import type { Table } from "../contracts/table.js";
import { plainValue, type PlainValue } from "../contracts/plain-value.js";
import type { Engine, Writing } from "../engine/adapter.js";
import type { Connection } from "../engine/connection.js";
import { dialectOf, engineNamed } from "../engine/index.js";
import type { Draft } from "../engine/operation.js";
import { givenColumns } from "../plan/kept-columns.js";
import type { NamedRows } from "../plan/unit-test.js";
import { executeItems, noFigures } from "../run/step.js";
import { publish, readWindows } from "../run/warehouse.js";
import { batchParam, marker, runParams, type Param } from "../sql/param.js";
import type { Statement } from "../sql/statement.js";

/** Rows as a select that gives all columns of a table but its audit columns. */
export interface RowsToWrite {
  readonly select: string;
  readonly params: readonly Param[];
}

/** Whole rows of which somebody named a part. */
export const completeRows = (table: Table, { rows }: Pick<NamedRows, "rows">, batch: number) =>
  rows.map((row, index) => {
    const place = { batch, row: index + 1 };
    const plain = table.columns.map((column) => [column.name, plainValue(column, place)]);
    return { ...Object.fromEntries(plain), ...row } as Readonly<Record<string, PlainValue>>;
  });

/** Rows whose values are bound, each cast to its column's type. */
export function boundRows(table: Table, rows: readonly object[]): RowsToWrite {
  const params: Param[] = [];
  const columns = givenColumns(table);
  const bound = (row: object, { name, type }: { name: string; type: string }) => {
    const value = (row as Readonly<Record<string, unknown>>)[name];
    const param = { name: `v${params.length + 1}`, kind: "literal", value } as Param;
    params.push(param);
    return `cast(${marker(param.name)} as ${type}) as ${name}`;
  };
  const selects = rows.map((row) => `select ${columns.map((column) => bound(row, column)).join(", ")}`);
  const none = `select ${columns.map(({ name, type }) => `cast(null as ${type}) as ${name}`).join(", ")} where false`;
  return { select: selects.join("\nunion all ") || none, params };
}

/**
 * Puts rows into a table as one published batch, as the step that writes the table would: merged by key, or appended. Of envelopes an
 * engine may store the message alone, from which it reads the rest.
 */
export function give(engine: Engine, connection: Connection, table: Table, rows: RowsToWrite): Promise<void> {
  const { stored, verbs } = dialectOf(engine.name);
  const drafts = table.options.key
    ? verbs.merge({ kind: "merge", table, rows: written }, writing(rows))
    : verbs.append({ kind: "append", table: stored(table), rows: written }, writing(rows));
  return writeBatch(engine, connection, table, drafts, rows.params);
}

/** Stands for the rows, whose select is there already in the engine's dialect. */
export const written: Statement = { kind: "statement", strings: [], values: [], name: undefined };

/** Gives a verb's part of a dialect the rows' select. */
export const writing = ({ select }: RowsToWrite): Writing => ({
  sqlOf: () => select,
  bind: () => {
    throw new Error("These verbs bind no value.");
  },
});

/** Does what a dialect made as a batch of a table, and publishes it. */
export async function writeBatch(
  { name }: Engine,
  connection: Connection,
  table: Table,
  drafts: readonly Draft[],
  params: readonly Param[],
): Promise<void> {
  const engine = engineNamed(name);
  await connection.transaction(async () => {
    const writes = [table.name];
    const windows = await readWindows(connection, "given", { changes: [], writes, full: false });
    const figures = noFigures();
    const now = new Date().toISOString();
    const context = { runId: "given", date: now.slice(0, 10), now, full: false, landing: "", ...windows };
    const operations = drafts.map((draft) => finished({ ...draft, stages: [] }, engine));
    const item = {
      kind: "append",
      table: table.name,
      name: table.name,
      place: undefined,
      scripts: { [engine.name]: operations },
    };
    // Where the rows are stored under another name, they belong to the same batch.
    const batches = [table.name, dialectOf(name).stored(table).name].map((rows) => ({
      ...batchParam(rows),
      table: table.name,
    }));
    const plan = { items: [item], params: [...params, ...runParams, ...batches], takes: [] };
    await executeItems(connection, engine.name, plan, context, figures);
    await publish(connection, engine, "given", context, figures);
  });
}
