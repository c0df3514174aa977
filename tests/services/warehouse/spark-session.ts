import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  TColumnDesc,
  TFetchResultsResp,
  TGetOperationStatusResp,
  TOperationHandle,
  TSessionHandle,
  TStatus,
} from "@databricks/sql/thrift/TCLIService_types.js";
import Int64 from "node-int64";
import thrift from "thrift";
import { service, types } from "./thrift.ts";

const { TOperationState, TProtocolVersion, TStatusCode } = types;

/** What Spark said of a statement that failed. */
export class SparkError extends Error {
  constructor(
    message: string,
    readonly sqlState: string | undefined,
  ) {
    super(message);
  }
}

/** A statement that has run. */
export interface Ran {
  readonly handle: TOperationHandle;
  /** With positions from 1, as clients of a warehouse expect them; none for a statement without result. */
  readonly columns: readonly TColumnDesc[];
}

/** A session of Spark's Thrift server on a connection of its own: Spark ends the session with the connection. */
export class SparkSession {
  readonly #connection: thrift.Connection;
  readonly #client: Record<
    string,
    (request: unknown, done: (error: unknown, reply: unknown) => void) => void
  >;
  readonly #waiting = new Set<(error: Error) => void>();
  #handle: TSessionHandle | undefined;
  #broken: Error | undefined;

  private constructor(port: number) {
    const protocol = { transport: thrift.TBufferedTransport, protocol: thrift.TBinaryProtocol };
    this.#connection = thrift.createConnection("127.0.0.1", port, protocol);
    this.#connection.on("error", (error: Error) => this.#break(error));
    this.#connection.on("close", () => this.#break(new Error("Spark closed the connection: see its log")));
    // The client's generated classes are typed for callbacks of any kind.
    this.#client = thrift.createClient(service as never, this.#connection);
  }

  /** @param configuration Spark's own settings */
  static async open(port: number, configuration: Readonly<Record<string, string>>, schema?: string) {
    const session = new SparkSession(port);
    const settings = Object.entries(configuration).map(([name, value]) => [`set:hiveconf:${name}`, value]);
    const reply = await session.#call<{ status: TStatus; sessionHandle?: TSessionHandle }>("OpenSession", {
      client_protocol: TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V10,
      username: "token",
      configuration: Object.fromEntries(schema ? [...settings, ["use:database", schema]] : settings),
    });
    assertOk(reply.status);
    session.#handle = reply.sessionHandle!;
    return session;
  }

  /**
   * Runs a statement to its end. One that fails is closed: otherwise Spark keeps its plan as long as the session.
   *
   * @param onStart told the handle by which `cancel` can end it
   * @throws SparkError
   */
  async run(statement: string, onStart?: (handle: TOperationHandle) => void): Promise<Ran> {
    const started = await this.#call<{ status: TStatus; operationHandle?: TOperationHandle }>(
      "ExecuteStatement",
      {
        sessionHandle: this.#handle,
        statement,
        runAsync: true,
      },
    );
    assertOk(started.status);
    const handle = started.operationHandle!;
    onStart?.(handle);
    try {
      return { handle, columns: await this.#columnsOf(handle) };
    } catch (error) {
      await this.close(handle).catch(() => undefined);
      throw error;
    }
  }

  /** Waits for the end of a statement. */
  async #columnsOf(handle: TOperationHandle): Promise<readonly TColumnDesc[]> {
    for (let wait = 2; ; wait = Math.min(wait * 1.5, 100)) {
      const status = await this.#call<TGetOperationStatusResp>("GetOperationStatus", {
        operationHandle: handle,
      });
      assertOk(status.status);
      if (status.operationState === TOperationState.FINISHED_STATE) break;
      if (running.has(status.operationState!)) {
        await sleep(wait);
        continue;
      }
      const message = readable(status.errorMessage ?? `ended in state ${status.operationState}`);
      throw new SparkError(message, status.sqlState ?? undefined);
    }
    const metadata = await this.#call<{ schema: { columns: TColumnDesc[] } }>("GetResultSetMetadata", {
      operationHandle: handle,
    });
    const columns = metadata.schema.columns.map((column) => ({ ...column, position: column.position + 1 }));
    // What Spark answers for a statement without result.
    const isEmpty = columns.length === 1 && columns[0]!.columnName === "Result";
    return isEmpty ? [] : columns;
  }

  async fetch(handle: TOperationHandle, maxRows: number): Promise<TFetchResultsResp> {
    const reply = await this.#call<TFetchResultsResp>("FetchResults", {
      operationHandle: handle,
      orientation: types.TFetchOrientation.FETCH_NEXT,
      maxRows: new Int64(maxRows),
    });
    assertOk(reply.status);
    return reply;
  }

  /**
   * Runs a statement and gives its rows as text.
   *
   * @param seconds after which it is cancelled
   */
  async rows(statement: string, seconds = 600): Promise<string[][]> {
    let limit: NodeJS.Timeout | undefined;
    const { handle } = await this.run(statement, (started) => {
      limit = setTimeout(() => void this.cancel(started).catch(() => undefined), seconds * 1000);
    }).finally(() => clearTimeout(limit));
    const { results } = await this.fetch(handle, 100_000);
    await this.close(handle);
    const columns = (results?.columns ?? []).map((column) => {
      const part = Object.values(column).find((found) => found) as { values: unknown[] };
      return part.values.map(String);
    });
    return (columns[0] ?? []).map((_, row) => columns.map((column) => column[row]!));
  }

  async cancel(handle: TOperationHandle): Promise<void> {
    await this.#call("CancelOperation", { operationHandle: handle });
  }

  async close(handle: TOperationHandle): Promise<void> {
    await this.#call("CloseOperation", { operationHandle: handle });
  }

  async end(): Promise<void> {
    if (this.#handle && !this.#broken)
      await this.#call("CloseSession", { sessionHandle: this.#handle }).catch(() => undefined);
    this.#connection.end();
  }

  #call<Reply>(method: string, request: object): Promise<Reply> {
    return new Promise<Reply>((resolve, reject) => {
      if (this.#broken) return reject(this.#broken);
      this.#waiting.add(reject);
      this.#client[method]!(new requests[`T${method}Req`]!(request), (error, reply) => {
        this.#waiting.delete(reject);
        if (error) reject(error as Error);
        else resolve(reply as Reply);
      });
    });
  }

  /** The client leaves calls that are under way without an answer when the connection breaks. */
  #break(error: Error): void {
    this.#broken ??= error;
    for (const reject of this.#waiting) reject(this.#broken);
    this.#waiting.clear();
  }
}

const requests = types as unknown as Record<string, new (fields: object) => object>;

const running = new Set([
  TOperationState.INITIALIZED_STATE,
  TOperationState.RUNNING_STATE,
  TOperationState.PENDING_STATE,
]);

function assertOk({ statusCode, errorMessage, sqlState }: TStatus): void {
  if (statusCode === TStatusCode.ERROR_STATUS || statusCode === TStatusCode.INVALID_HANDLE_STATUS)
    throw new SparkError(readable(errorMessage ?? "failed"), sqlState ?? undefined);
}

/** Spark's message without Java's names, plan and stack: `[TABLE_OR_VIEW_NOT_FOUND] The table … SQLSTATE: 42P01; line 1`. */
export const readable = (message: string): string =>
  message
    .split(/\n\s*at [\w.]|\n+== SQL|;\n['+\w]/)[0]!
    .replace(/^(?:[\w.$]+(?:Exception|Error): )*(?:Error running query: )?/, "")
    .replace(/^\[[\w.]+\] (?=[\w.$]+(?:Exception|Error): )/, "")
    .replace(/^(?:[\w.$]+(?:Exception|Error): \s*)+/, "")
    .trim();

export const newHandle = () => ({ guid: uuidBytes(), secret: uuidBytes() });

const uuidBytes = () => Buffer.from(randomUUID().replaceAll("-", ""), "hex");
