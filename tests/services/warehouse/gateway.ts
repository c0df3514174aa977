import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type * as T from "@databricks/sql/thrift/TCLIService_types.js";
import Int64 from "node-int64";
import thrift from "thrift";
import { arrowBatch, arrowSchema } from "./arrow.ts";
import type { Certificate } from "./certificate.ts";
import { emulation, withInformationSchema } from "./emulate.ts";
import type { Faults } from "./faults.ts";
import { newHandle, SparkError, SparkSession, type Ran } from "./spark-session.ts";
import { bare, withoutCatalog, withParameters } from "./sql.ts";
import { service, types } from "./thrift.ts";
import type { OwnResult, World } from "./world.ts";

const { TOperationState, TProtocolVersion, TSparkRowSetType, TStatusCode, TTypeId } = types;

/** A warehouse answers with the result itself when a statement takes no longer than this, in milliseconds. */
const DIRECT = 1000;

export interface GatewayOptions {
  readonly certificate: Certificate;
  readonly token: string;
  readonly path: string;
  readonly sparkPort: number;
  readonly catalog: string;
  readonly folder: string;
  readonly faults: Faults;
  /** Whether results are Arrow for clients that can read it, as a warehouse's are. */
  readonly arrow: boolean;
  readonly port?: number;
  /** Told each statement as it came and how it ended. */
  readonly onStatement?: ((sql: string, milliseconds: number, error?: string) => void) | undefined;
}

interface Session {
  readonly spark: SparkSession;
  readonly operations: Set<string>;
}

interface Operation {
  readonly handle: T.TOperationHandle;
  readonly session: Session;
  readonly arrow: boolean;
  done: Promise<void>;
  state: T.TOperationState;
  error?: SparkError;
  onSpark?: T.TOperationHandle;
  ran?: Ran;
  own?: OwnResult;
}

export interface Gateway {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves what `@databricks/sql` expects of a SQL warehouse, on 127.0.0.1, in front of Spark's Thrift server. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { faults } = options;
  const sessions = new Map<string, Session>();
  const operations = new Map<string, Operation>();
  const tickets: World["tickets"] = new Map();
  let origin = "";
  const world: World = {
    catalog: options.catalog,
    folder: options.folder,
    tickets,
    origin: () => origin,
    tags: new Map(),
    columns: new Map(),
  };

  const handlers = {
    async OpenSession({ configuration = {}, initialNamespace }: T.TOpenSessionReq) {
      const sessionId = newHandle();
      if (faults.isStopped()) return opened(sessionId);
      try {
        const catalog = initialNamespace?.catalogName;
        if (catalog && catalog !== options.catalog)
          throw new SparkError(`[NO_SUCH_CATALOG_EXCEPTION] Catalog '${catalog}' was not found.`, "42704");
        const settings = Object.entries(configuration).map(([name, value]) => [settingOf(name), value]);
        const schema = initialNamespace?.schemaName;
        const spark = await SparkSession.open(options.sparkPort, Object.fromEntries(settings), schema);
        sessions.set(key(sessionId), { spark, operations: new Set() });
        return opened(sessionId);
      } catch (error) {
        return new types.TOpenSessionResp({
          status: failed(error as Error),
          serverProtocolVersion: TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8,
        });
      }
    },

    async CloseSession({ sessionHandle }: T.TCloseSessionReq) {
      await endSession(key(sessionHandle.sessionId));
      return new types.TCloseSessionResp({ status: ok() });
    },

    async ExecuteStatement(request: T.TExecuteStatementReq) {
      const id = request.sessionHandle.sessionId;
      await faults.beforeStatement(() => endSession(key(id)));
      const session = sessions.get(key(id));
      if (!session) {
        const why = faults.isStopped()
          ? `Session handle ${key(id)} has not been initialized or had already closed`
          : `Invalid SessionHandle: SessionHandle [${key(id)}]`;
        return new types.TExecuteStatementResp({ status: failed(new Error(why)) });
      }
      const operationId = newHandle();
      const operation: Operation = {
        handle: new types.TOperationHandle({
          operationId,
          operationType: types.TOperationType.EXECUTE_STATEMENT,
          hasResultSet: true,
        }),
        session,
        arrow: options.arrow && request.canReadArrowResult === true,
        done: Promise.resolve(),
        state: TOperationState.RUNNING_STATE,
      };
      operations.set(key(operationId), operation);
      session.operations.add(key(operationId));
      operation.done = execute(operation, request);
      const reply = new types.TExecuteStatementResp({ status: ok(), operationHandle: operation.handle });
      const direct = request.getDirectResults;
      if (direct) {
        await Promise.race([operation.done, sleep(DIRECT, undefined, { ref: false })]);
        reply.directResults = await directResults(operation, Number(direct.maxRows));
      }
      return reply;
    },

    async GetOperationStatus({ operationHandle }: T.TGetOperationStatusReq) {
      return answer(operationHandle, types.TGetOperationStatusResp, async (operation) => statusOf(operation));
    },

    async GetResultSetMetadata({ operationHandle }: T.TGetResultSetMetadataReq) {
      return answer(operationHandle, types.TGetResultSetMetadataResp, async (operation) =>
        metadataOf(operation),
      );
    },

    async FetchResults({ operationHandle, maxRows }: T.TFetchResultsReq) {
      return answer(operationHandle, types.TFetchResultsResp, async (operation) => {
        if (operation.error) throw operation.error;
        return fetch(operation, Number(maxRows));
      });
    },

    async CancelOperation({ operationHandle }: T.TCancelOperationReq) {
      return answer(operationHandle, types.TCancelOperationResp, async (operation) => {
        operation.state = TOperationState.CANCELED_STATE;
        if (operation.onSpark) await operation.session.spark.cancel(operation.onSpark);
        return new types.TCancelOperationResp({ status: ok() });
      });
    },

    async CloseOperation({ operationHandle }: T.TCloseOperationReq) {
      return answer(operationHandle, types.TCloseOperationResp, async (operation) => {
        await closeOperation(operation);
        return new types.TCloseOperationResp({ status: ok() });
      });
    },
  };

  async function execute(operation: Operation, request: T.TExecuteStatementReq): Promise<void> {
    const { spark } = operation.session;
    const began = performance.now();
    const fault = faults.errorFor(request.statement);
    try {
      await faults.delay();
      if (fault) throw new SparkError(fault, undefined);
      if (/^create\b[^(]*\bview\b/i.test(bare(request.statement)) && request.parameters?.length)
        throw new SparkError(
          "[UNSUPPORTED_FEATURE.PARAMETER_MARKER_IN_UNEXPECTED_STATEMENT] Parameter markers are not allowed in the query of CREATE VIEW.",
          "0A000",
        );
      const bound = withParameters(bare(request.statement), request.parameters ?? []);
      const sql = await withInformationSchema(world, spark, withoutCatalog(bound, options.catalog));
      const own = emulation(world, spark, sql);
      if (own) operation.own = await own;
      else {
        operation.ran = await spark.run(sql, (handle) => {
          operation.onSpark = handle;
          if (operation.state === TOperationState.CANCELED_STATE) void spark.cancel(handle);
        });
      }
      if (operation.state === TOperationState.RUNNING_STATE) operation.state = TOperationState.FINISHED_STATE;
    } catch (error) {
      if (operation.state === TOperationState.RUNNING_STATE) {
        operation.state = TOperationState.ERROR_STATE;
        operation.error =
          error instanceof SparkError ? error : new SparkError((error as Error).message, undefined);
      }
    }
    options.onStatement?.(request.statement, performance.now() - began, operation.error?.message);
  }

  async function directResults(operation: Operation, maxRows: number): Promise<T.TSparkDirectResults> {
    const direct = new types.TSparkDirectResults({ operationStatus: statusOf(operation) });
    if (operation.state !== TOperationState.FINISHED_STATE) return direct;
    direct.resultSetMetadata = metadataOf(operation);
    direct.resultSet = await fetch(operation, maxRows);
    if (!direct.resultSet.hasMoreRows) {
      await closeOperation(operation);
      direct.closeOperation = new types.TCloseOperationResp({ status: ok() });
    }
    return direct;
  }

  async function answer<Reply>(
    handle: T.TOperationHandle,
    Failure: new (reply: { status: T.TStatus }) => Reply,
    reply: (operation: Operation) => Promise<Reply>,
  ): Promise<Reply> {
    const id = key(handle.operationId);
    const operation = operations.get(id);
    if (!operation) return new Failure({ status: failed(new Error(`Invalid OperationHandle: [${id}]`)) });
    try {
      return await reply(operation);
    } catch (error) {
      return new Failure({ status: failed(error as Error) });
    }
  }

  async function closeOperation(operation: Operation): Promise<void> {
    const id = key(operation.handle.operationId);
    operations.delete(id);
    operation.session.operations.delete(id);
    if (operation.onSpark) await operation.session.spark.close(operation.onSpark);
  }

  async function endSession(id: string): Promise<void> {
    const session = sessions.get(id);
    sessions.delete(id);
    for (const operation of session?.operations ?? []) operations.delete(operation);
    await session?.spark.end();
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, staging] = /^\/staging\/([\w-]+)$/.exec(request.url ?? "") ?? [];
    if (staging) return moveFile(tickets, staging, request, response);
    const refuse = (status: number, message: string) => void response.writeHead(status).end(message);
    if (request.headers.authorization !== `Bearer ${options.token}` || faults.refusesToken())
      return refuse(403, "Invalid access token.");
    if (request.method !== "POST" || request.url?.split("?")[0] !== options.path)
      return refuse(404, "No such warehouse.");
    if (faults.answers503()) return refuse(503, "TEMPORARILY_UNAVAILABLE");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    reply(Buffer.concat(chunks), (bytes) => {
      response.writeHead(200, { "content-type": "application/x-thrift" }).end(bytes);
    });
  }

  const processor = new service.Processor(handlers as never);
  const reply = (message: Buffer, send: (bytes: Buffer) => void) => {
    const receive = thrift.TBufferedTransport.receiver((input) => {
      const output = new thrift.TBufferedTransport(undefined, (bytes?: Buffer) => bytes && send(bytes));
      const protocol = thrift.TBinaryProtocol;
      void processor.process(new protocol(input) as never, new protocol(output) as never);
    }, 0);
    receive(message);
  };

  const server = createServer(
    { key: options.certificate.key, cert: options.certificate.cert },
    (request, response) => {
      serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    },
  );
  await new Promise<void>((resolve) => void server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  origin = `https://127.0.0.1:${port}`;
  faults.onDrop(async () => void (await Promise.all([...sessions.keys()].map(endSession))));
  return {
    port,
    async close() {
      await Promise.all([...sessions.keys()].map(endSession));
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

const opened = (sessionId: T.THandleIdentifier) =>
  new types.TOpenSessionResp({
    status: ok(),
    serverProtocolVersion: TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8,
    sessionHandle: new types.TSessionHandle({ sessionId }),
    canUseMultipleCatalogs: true,
  });

const ok = () => new types.TStatus({ statusCode: TStatusCode.SUCCESS_STATUS });

const failed = (error: Error) =>
  new types.TStatus({
    statusCode: TStatusCode.ERROR_STATUS,
    errorMessage: error.message,
    displayMessage: error.message,
    ...(error instanceof SparkError && error.sqlState && { sqlState: error.sqlState }),
  });

/** A handle's guid as text: the id that a person sees. */
const key = ({ guid }: T.THandleIdentifier) =>
  Buffer.from(guid)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

function statusOf({ state, error, own, ran }: Operation): T.TGetOperationStatusResp {
  const hasResultSet = (own?.columns ?? ran?.columns ?? []).length > 0;
  return new types.TGetOperationStatusResp({
    status: ok(),
    operationState: state,
    ...(state === TOperationState.FINISHED_STATE && { hasResultSet: hasResultSet || ran !== undefined }),
    ...(error && {
      errorMessage: error.message,
      displayMessage: error.message,
      ...(error.sqlState && { sqlState: error.sqlState }),
    }),
  });
}

function columnsOf({ own, ran }: Operation): readonly T.TColumnDesc[] {
  if (ran) return ran.columns;
  const ids = { string: TTypeId.STRING_TYPE, bigint: TTypeId.BIGINT_TYPE, map: TTypeId.MAP_TYPE };
  return (own?.columns ?? []).map(
    ({ name, type }, index) =>
      new types.TColumnDesc({
        columnName: name,
        position: index + 1,
        typeDesc: new types.TTypeDesc({
          types: [
            new types.TTypeEntry({ primitiveEntry: new types.TPrimitiveTypeEntry({ type: ids[type] }) }),
          ],
        }),
      }),
  );
}

function metadataOf(operation: Operation): T.TGetResultSetMetadataResp {
  if (operation.error) throw operation.error;
  const columns = columnsOf(operation);
  return new types.TGetResultSetMetadataResp({
    status: ok(),
    schema: new types.TTableSchema({ columns: [...columns] }),
    resultFormat: operation.arrow ? TSparkRowSetType.ARROW_BASED_SET : TSparkRowSetType.COLUMN_BASED_SET,
    ...(operation.arrow && { arrowSchema: arrowSchema(columns) }),
    isStagingOperation: operation.own?.staging ?? false,
  });
}

async function fetch(operation: Operation, maxRows: number): Promise<T.TFetchResultsResp> {
  const columns = columnsOf(operation);
  const rows = operation.ran
    ? columns.length
      ? (await operation.session.spark.fetch(operation.ran.handle, maxRows)).results!
      : rowSet([])
    : ownRows(operation);
  const { batch, rowCount } = arrowBatch(columns, rows);
  const batches = [new types.TSparkArrowBatch({ batch, rowCount: new Int64(rowCount) })];
  return new types.TFetchResultsResp({
    status: ok(),
    hasMoreRows: operation.ran !== undefined && rowCount === maxRows,
    results: operation.arrow
      ? new types.TRowSet({ startRowOffset: new Int64(0), rows: [], arrowBatches: rowCount ? batches : [] })
      : rows,
  });
}

/** All rows at the first call, none after it. */
function ownRows(operation: Operation): T.TRowSet {
  const { columns, rows, ...rest } = operation.own!;
  operation.own = { columns, rows: [], ...rest };
  return rowSet(
    columns.map(({ type }, index) => {
      const values = rows.map((row) => row[index]!);
      const nulls = Buffer.alloc((values.length + 7) >> 3);
      values.forEach((value, row) => (nulls[row >> 3]! |= value === null ? 1 << (row & 7) : 0));
      if (type === "bigint") {
        const numbers = values.map((value) => new Int64(Number(value ?? 0)));
        return new types.TColumn({ i64Val: new types.TI64Column({ values: numbers, nulls }) });
      }
      const texts = values.map((value) => String(value ?? ""));
      return new types.TColumn({ stringVal: new types.TStringColumn({ values: texts, nulls }) });
    }),
  );
}

const rowSet = (columns: T.TColumn[]) =>
  new types.TRowSet({ startRowOffset: new Int64(0), rows: [], columns });

/** Session settings have names of their own on a warehouse; other names are Spark's. */
function settingOf(name: string): string {
  const own: Record<string, string> = {
    timezone: "spark.sql.session.timeZone",
    ansi_mode: "spark.sql.ansi.enabled",
    use_cached_result: "spark.shopmetrics.unused",
    query_tags: "spark.shopmetrics.unused",
  };
  return own[name.toLowerCase()] ?? name;
}

/** What a cloud's object store does for the URL that a staging operation names. */
async function moveFile(
  tickets: World["tickets"],
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const ticket = tickets.get(id);
  tickets.delete(id);
  if (!ticket || ticket.method !== request.method) return void response.writeHead(403).end();
  if (request.method === "GET") return pipeline(createReadStream(ticket.file), response);
  if (request.method === "DELETE") await rm(ticket.file, { force: true });
  else {
    await mkdir(path.dirname(ticket.file), { recursive: true });
    await pipeline(request, createWriteStream(ticket.file));
  }
  response.writeHead(200).end();
}
