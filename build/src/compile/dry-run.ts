import {
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBTimestampValue,
  type DuckDBConnection,
  type DuckDBValue,
} from "@duckdb/node-api";
import { kindOf, type ColumnKind } from "shopmetrics/display";
import {
  columnMismatch,
  schemasOf,
  type Item,
  type Operation,
  type Param,
  type RunValue,
  type Tables,
} from "shopmetrics/plan";
import { duckdb, macros } from "shopmetrics/engine";
import { StatementFailed } from "shopmetrics/run";
import { NotebookError } from "../notebook/error.js";
import type { Recording } from "./record.js";

/**
 * Runs every plan on an empty warehouse in memory: what DuckDB refuses, such as a column that is not there or a
 * function it does not know, is a compile error with cell and line. A select that gives other columns than the
 * contract wants is one too.
 *
 * @throws NotebookError
 */
export async function dryRun(recordings: readonly Recording[], tables: Tables): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    await connection.run(
      schemasOf(tables)
        .map((schema) => `create schema ${schema}`)
        .join(";"),
    );
    await connection.run(
      [...macros, ...[...tables.values()].flatMap((table) => duckdb.dialect.createTable(table))].join(";"),
    );
    for (const recording of recordings) {
      for (const item of recording.plan.items) {
        const shape = recording.shapes.get(item);
        if (shape) await compareColumns(connection, recording, item, shape);
        if (item.snapshot) await compareKinds(connection, recording, item);
        for (const operation of item.scripts[duckdb.name] ?? [])
          await tryOut(connection, recording, item, operation);
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** With an empty table both branches of a verb run: the one for an empty table and the one for a filled one. */
async function tryOut(
  connection: DuckDBConnection,
  recording: Recording,
  item: Item,
  operation: Operation,
): Promise<void> {
  const params = new Map(recording.plan.params.map((param) => [param.name, param]));
  for (const { sql, params: names } of operation.samples ? [operation, operation.samples] : [operation]) {
    const values = Object.fromEntries(names.map((name) => [name, standIn(params.get(name))]));
    try {
      await connection.run(sql, values);
    } catch (error) {
      throw failed(recording, item, new StatementFailed({ ...item, place: undefined }, sql, error).message);
    }
  }
}

/** A value of the right type for a parameter. */
function standIn(param: Param | undefined): DuckDBValue {
  if (!param || param.kind === "literal") return null;
  if (param.kind !== "run") return 0n;
  return {
    full: false,
    run_id: "dry-run",
    now: new DuckDBTimestampValue(0n),
    run_date: new DuckDBDateValue(0),
    from_date: new DuckDBDateValue(0),
    to_date: new DuckDBDateValue(1),
    keep_from: new DuckDBTimestampValue(0n),
  }[param.name as RunValue["name"]];
}

async function compareColumns(
  connection: DuckDBConnection,
  recording: Recording,
  item: Item,
  shape: { sql: string; columns: readonly string[] },
): Promise<void> {
  const given = await connection.prepare(shape.sql).then(
    (prepared) => Array.from({ length: prepared.columnCount }, (_, index) => prepared.columnName(index)),
    (error: unknown) => {
      throw failed(recording, item, (error as Error).message);
    },
  );
  const problem = columnMismatch(item, shape.columns, given);
  if (problem)
    throw failed(
      recording,
      item,
      `the select${item.table === undefined ? "" : ` for ${item.kind} ${item.table}`} ${problem}`,
    );
}

/** A snapshot's columns hold what the page declares. Nullability is seen only when there are rows. */
async function compareKinds(connection: DuckDBConnection, recording: Recording, item: Item): Promise<void> {
  const prepared = await connection.prepare(item.scripts[duckdb.name]![0]!.sql);
  for (let index = 0; index < prepared.columnCount; index++) {
    const name = prepared.columnName(index);
    const type = prepared.columnType(index).toString();
    const declared = item.snapshot!.columns[name]!;
    if (kinds[kindOf(declared)].test(type)) continue;
    throw failed(recording, item, `query "${item.name}": "${name}" is ${type}, but declared ${declared}`);
  }
}

const kinds: Record<ColumnKind, RegExp> = {
  string: /^VARCHAR$/,
  integer: /^(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/,
  decimal: /^DECIMAL\(\d+,\s*[0-2]\)$/,
  number: /^(DOUBLE|FLOAT|DECIMAL\(.*\)|(TINY|SMALL|BIG|HUGE)?INT(EGER)?)$/,
  boolean: /^BOOLEAN$/,
  date: /^DATE$/,
  instant: /^TIMESTAMP( WITH TIME ZONE)?$/,
};

/** DuckDB puts the name it stumbles over into quotes: that is where the error is said to be. */
function failed(recording: Recording, item: Item, problem: string): NotebookError {
  const name = /"(\w+)"/.exec(problem)?.[1];
  const place = (name && recording.find(name, item)) || item.place || { path: recording.plan.notebook };
  return new NotebookError(place, problem, "Correct the SQL, or the contract in lib/src/shop/.");
}
