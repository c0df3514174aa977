import * as databricks from "@databricks/sql";
import { setTimeout as sleep } from "node:timers/promises";
import type { DBSQLClient, DBSQLSession } from "@databricks/sql";
import type { Result, ResultRow } from "../../plan/plan.js";
import type { Bound } from "../connection.js";
import { warehouseError, isLostSession } from "./client.js";
import { isConflict, messageOf, whenStarted } from "./cold-start.js";
import { loadFiles } from "./load.js";
import type { DatabricksConnection, DatabricksOptions } from "./options.js";
import {
  bind,
  describeColumns,
  isLossyWithoutArrow,
  resultRow,
  withLiterals,
  withMarkers,
  type ResultColumn,
} from "./values.js";

type Session = Awaited<ReturnType<DBSQLClient["openSession"]>>;
type Operation = Awaited<ReturnType<DBSQLSession["executeStatement"]>>;
type Params = Readonly<Record<string, Bound>>;

/** How many rows are fetched at once. */
const chunkRows = 20_000;

/** Waiting times before a statement in conflict with another writer is repeated, in milliseconds. */
const conflictWaits = [500, 1000, 2000, 4000, 8000];

/**
 * Opens a session with catalog, schema and UTC set, waiting for a warehouse that is stopped.
 *
 * A statement in conflict with another writer is repeated. A session that the warehouse ends is not opened again, because
 * its variables and temporary views are lost: the run fails and can be repeated.
 */
export async function openConnection(
  client: DBSQLClient,
  options: DatabricksOptions,
): Promise<DatabricksConnection> {
  const { signal } = options;
  const statementIds: string[] = [];
  const session = await whenStarted(() => openSession(client, options), {
    patience: options.patience ?? 600_000,
    onWait: options.onWait,
    signal,
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw warehouseError(error, options);
  });

  /** Runs a statement to its end, and repeats it after a conflict with another writer. */
  async function run(sql: string, params?: Params): Promise<Operation> {
    for (const wait of [...conflictWaits, undefined]) {
      try {
        return await start(sql, params);
      } catch (error) {
        signal?.throwIfAborted();
        if (!isConflict(error) || wait === undefined) throw failure(error);
        options.onWait?.(
          `Another writer changed the same table; the statement is repeated in ${wait / 1000} s …`,
        );
        await sleep(wait * (1 + Math.random() / 2), undefined, { signal });
      }
    }
    throw new Error("not reached");
  }

  async function start(sql: string, params?: Params): Promise<Operation> {
    signal?.throwIfAborted();
    const text = withMarkers(sql);
    const creates = /^\s*create\b/i.test(text);
    const operation = await session.executeStatement(creates ? withLiterals(text, params ?? {}) : text, {
      namedParameters: creates ? {} : bind(databricks, params),
      maxRows: chunkRows,
    });
    statementIds.push(operation.id);
    const cancel = () => void operation.cancel().catch(() => undefined);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      if (signal?.aborted) cancel();
      await operation.finished();
      return operation;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  function failure(error: unknown): Error {
    if (!isLostSession(error)) return warehouseError(error, options);
    return new Error(
      `The warehouse ended the session (${messageOf(error)}), and with it the step's variables and views. ` +
        `Run again: a repeated run leaves the same tables.`,
    );
  }

  /** The result's chunks; the first has no rows. */
  async function* chunks(sql: string, params?: Params): AsyncGenerator<Chunk, void, undefined> {
    let operation = await run(sql, params);
    try {
      const columns = await columnsOf(operation);
      if (isQuery(sql) && (await isNarrowed(operation, columns))) {
        await operation.close();
        operation = await run(withTextForNumbers(sql, columns), params);
      }
      yield { columns, rows: [] };
      while (columns.length > 0 && (await operation.hasMoreRows())) {
        const rows = await operation.fetchChunk({ maxRows: chunkRows, disableBuffering: true });
        signal?.throwIfAborted();
        yield { columns, rows: rows.map((row) => resultRow(columns, row as Record<string, unknown>)) };
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw failure(error);
    } finally {
      await operation.close().catch(() => undefined);
    }
  }

  const connection: DatabricksConnection = {
    statementIds,
    async query(sql, params): Promise<Result> {
      const rows: ResultRow[][] = [];
      let columns: readonly ResultColumn[] = [];
      for await (const part of chunks(sql, params)) {
        columns = part.columns;
        rows.push(part.rows);
      }
      return { columns: describeColumns(columns), rows: rows.flat() };
    },
    async execute(sql, params) {
      for await (const { rows } of chunks(sql, params)) if (rows[0]) return changedRows(rows[0]);
      return 0;
    },
    async *stream(sql, params) {
      for await (const { rows } of chunks(sql, params)) if (rows.length > 0) yield rows;
    },
    load(files, given) {
      return loadFiles(connection, files, { ...given, catalog: options.catalog });
    },
    async put(file, remote) {
      const sql = `PUT '${escaped(file)}' INTO '${escaped(remote)}' OVERWRITE`;
      const operation = await session
        .executeStatement(sql, { stagingAllowedLocalPath: file })
        .catch((error: unknown) => {
          const { message } = warehouseError(error, options);
          throw new Error(`${file} could not be uploaded to ${remote}: ${message}`);
        });
      statementIds.push(operation.id);
      await operation.close().catch(() => undefined);
    },
    // A warehouse has no transactions over several tables: the order of the statements makes a repeat harmless.
    transaction: (work) => work(),
    async close() {
      await session.close().catch(() => undefined);
    },
  };
  return connection;
}

interface Chunk {
  readonly columns: readonly ResultColumn[];
  readonly rows: ResultRow[];
}

/** Opens a session and runs a statement in it: only then is it certain that the warehouse is up. */
async function openSession(client: DBSQLClient, { catalog, schema }: DatabricksOptions): Promise<Session> {
  const session = await client.openSession({ initialCatalog: catalog, initialSchema: schema ?? "default" });
  try {
    const operation = await session.executeStatement("set time zone 'UTC'");
    await operation.finished();
    await operation.close();
    return session;
  } catch (error) {
    await session.close().catch(() => undefined);
    throw error;
  }
}

const columnsOf = async (operation: Operation): Promise<readonly ResultColumn[]> => {
  const schema = (await operation.getSchema()) as { columns?: ResultColumn[] } | null;
  return schema?.columns ?? [];
};

/** Whether the client turns values into numbers that lose digits, as it does when a warehouse does not send Arrow. */
async function isNarrowed(operation: Operation, columns: readonly ResultColumn[]): Promise<boolean> {
  if (!columns.some(isLossyWithoutArrow)) return false;
  const { resultFormat } = await operation.getResultMetadata();
  return resultFormat === "COLUMN_BASED";
}

/** Rows that a statement wrote; for a MERGE, without the rows it deleted. */
const changedRows = (counts: ResultRow) =>
  Number(counts["num_affected_rows"] ?? 0) -
  (counts["num_updated_rows"] === undefined ? 0 : Number(counts["num_deleted_rows"] ?? 0));

const isQuery = (sql: string) =>
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()*(?:select|with|values|from)\b/i.test(sql);

function withTextForNumbers(sql: string, columns: readonly ResultColumn[]): string {
  const selected = columns.map((column) => {
    const name = `\`${column.columnName.replaceAll("`", "``")}\``;
    return isLossyWithoutArrow(column) ? `cast(${name} as string) as ${name}` : name;
  });
  return `select ${selected.join(", ")} from (\n${sql}\n)`;
}

const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
