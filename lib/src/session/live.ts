import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { readableError, plainly } from "../display/failure.js";
import { inKernel, notebookNames } from "../display/kernel.js";
import type { Display, Shown } from "../display/outcome.js";
import { literals } from "../compile/request.js";
import { compileStep, partsOf } from "../compile/step.js";
import type { Tables } from "../contracts/table.js";
import type { Connection } from "../engine/connection.js";
import { dialectOf, engineNamed, openEngine, scratchEngine } from "../engine/index.js";
import type { Result } from "../plan/plan.js";
import { noFigures } from "../run/step.js";
import { recordCheckResults, prepareWarehouse, publish } from "../run/warehouse.js";
import { type Settings, readSettings } from "../settings.js";
import { runUnitTest, type TestedStep } from "../unit/run-unit-test.js";
import { isStatement, sql, type Statement } from "../sql/statement.js";
import { explanationOf } from "./explain.js";
import type { Session } from "../plan/session.js";
import { isWrite, verbOf, type VerbRequest } from "../verbs/registry.js";
import type { ShowRequest } from "../verbs/read.js";
import { compilerFor, executeRequest } from "./execute.js";

/**
 * Runs each request at once, on the warehouse of the settings, as a cell in Jupyter does, and shows the outcome.
 * Every request is a transaction of its own. `changes` gives all rows and the verbs keep what a run with `--full` keeps, so
 * that a cell run twice leaves the same tables. The warehouse's file is closed when the notebook has been idle for
 * a while, so that a notebook and a run can take turns.
 */
export function liveSession(display: Display, tables: Tables, settings: Settings = readSettings()): Session {
  const { engine } = settings;
  const warehouse = idleWarehouse(settings, display, tables);
  const runId = `notebook-${new Date().toISOString().slice(0, 19)}-${randomUUID().slice(0, 8)}`;
  const { compile, literal } = compilerFor(engine, [...tables.keys()]);
  const lost = lostFailures();
  let turn: Promise<unknown> = Promise.resolve();
  const asked = requestsOfStep();

  const run = async (given: VerbRequest): Promise<Result | undefined> => {
    await nextTurn(); // the failure of a verb before this one is known to be lost only then
    lost.tell();
    const request = await named(given);
    try {
      await compile(request); // what does not translate waits for no lock
      return await warehouse.use((connection) => perform(connection, request));
    } catch (error) {
      throw lost.watch(await readableError(error, request, literal));
    }
  };

  const perform = async (connection: Connection, request: VerbRequest): Promise<Result | undefined> => {
    const began = performance.now();
    const figures = noFigures();
    const table = "table" in request ? request.table.name : undefined;
    const step = table ?? "show";
    const now = new Date().toISOString();
    let shown: Shown | undefined;
    let read: Result | undefined;
    let failed = true;
    const execute = async (part: VerbRequest) => {
      const compiled = await compile(part);
      const started = performance.now();
      const writes = isWrite(request) && table ? [table] : [];
      const run = { runId, now, date: now.slice(0, 10), landing: settings.landing };
      const done = await executeRequest(connection, engine, compiled, { step, writes, ...run }, figures);
      return { ...done, seconds: (performance.now() - started) / 1000 };
    };
    try {
      await connection.transaction(async () => {
        if (request.kind === "show") {
          shown = await firstRows(request, execute);
          return;
        }
        const { context, result } = await execute(request);
        if (request.kind === "rows") read = result;
        if (isWrite(request) && verbOf(request).role !== "reject")
          await publish(connection, engineNamed(engine), step, { ...context, windows: new Map() }, figures);
      });
      failed = false;
    } finally {
      const keeping = recordLatestChecks(connection, step, { runId, now }, figures.checks);
      if (failed)
        await keeping.catch(() => undefined); // the first error is the one to tell
      else await keeping;
      const holds = failed || !isWrite(request) || !table ? undefined : await rowsOf(connection, table);
      const seconds = (performance.now() - began) / 1000;
      await display.outcome({ kind: request.kind, table, figures, seconds, holds, shown, failed });
    }
    return read ?? shown?.result;
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };

  return {
    submit(request: VerbRequest) {
      asked.add(request);
      return inTurn(() => run(request));
    },
    test: (test) =>
      inTurn(async () => {
        try {
          await runUnitTest(await asked.step([...tables.keys()]), test, { tables });
          await display.passed?.(test);
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          throw lost.watch(plainly(error, error.message));
        }
      }),
    explain: (what) =>
      inTurn(async () => {
        const request = await named({ kind: "rows", what });
        try {
          const compiled = await compile(request);
          const now = new Date().toISOString();
          const given = { runId, now, date: now.slice(0, 10), landing: settings.landing };
          const texts = await warehouse.use((connection) =>
            explanationOf(connection, engine, compiled, given),
          );
          await display.texts?.(texts);
        } catch (error) {
          throw lost.watch(await readableError(error, request, literal));
        }
      }),
  };
}

/**
 * The step that a notebook has asked for so far, as a unit test runs it: of each verb's requests about a table the last one, since
 * a cell may run again.
 */
function requestsOfStep() {
  const requests = new Map<string, VerbRequest>();
  return {
    add(request: VerbRequest): void {
      if (isWrite(request) && "table" in request)
        requests.set(`${request.kind} ${request.table.name}`, request);
    },
    async step(tables: readonly string[]): Promise<TestedStep> {
      const all = [...requests.values()];
      const made = await compileStep(
        all.map((request) => ({ request, place: undefined })),
        {
          targets: [scratchEngine()],
          literal: literals(),
          placeOf: () => undefined,
          failed: (error) => error,
          tables,
        },
      );
      const parts = partsOf(all, made);
      return { step: parts.writes.at(-1) ?? "this notebook", ...parts };
    },
  };
}

/** One row more than wanted tells whether there are more; then they are counted, if the select was quick. */
async function firstRows(
  request: ShowRequest,
  query: (request: VerbRequest) => Promise<{ result: Result; seconds: number }>,
): Promise<Shown> {
  const { limit, offset } = request;
  const { result, seconds } = await query({ ...request, limit: limit + 1 });
  const isLast = result.rows.length <= limit;
  if (isLast && (offset === 0 || result.rows.length > 0))
    return { result, offset, total: offset + result.rows.length };
  const page = { ...result, rows: result.rows.slice(0, limit) };
  if (seconds > quick) return { result: page, offset, total: undefined };
  const counted = await query({
    kind: "show",
    what: sql`select count(*) as n from ${request.what}`,
    limit: 1,
    offset: 0,
  });
  return { result: page, offset, total: Number(counted.result.rows[0]?.["n"]) };
}

/** Seconds in which a select that is only for counting may be repeated. */
const quick = 2;

/** A cell that runs again replaces its results: of one session, the last one counts. */
async function recordLatestChecks(
  connection: Connection,
  step: string,
  context: Parameters<typeof recordCheckResults>[2],
  checks: Parameters<typeof recordCheckResults>[3],
): Promise<void> {
  for (const { table, name } of checks)
    await connection.execute(
      "delete from ops.check_results where run_id = $run and step = $step and table_name = $table and check_name = $name",
      { run: context.runId, step, table, name },
    );
  await recordCheckResults(connection, step, context, checks);
}

const rowsOf = async (connection: Connection, table: string) =>
  Number((await connection.query(`select count(*) as n from ${table}`)).rows[0]?.["n"]);

/** Gives statements the names that the notebook has for them, so that SQL in an error reads as the notebook does. */
async function named(request: VerbRequest): Promise<VerbRequest> {
  const names = new Map(Object.entries(await notebookNames()).map(([name, value]) => [value, name]));
  const made = new Map<Statement, Statement>();
  const rename = (statement: Statement): Statement => {
    const known = made.get(statement);
    if (known) return known;
    const values = statement.values.map((value) => (isStatement(value) ? rename(value) : value));
    const name = names.get(statement)?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const copy = { ...statement, values, name: statement.name ?? name };
    made.set(statement, copy);
    return copy;
  };
  return verbOf(request).withSelects(request, rename);
}

/**
 * The failure of a verb that nobody awaited. A kernel only prints it and goes on, so the next verb fails with it. In
 * any other process Node itself ends the program.
 */
function lostFailures() {
  const ours = new WeakSet<object>();
  let lost: { readonly error: Error; readonly promise: Promise<unknown> } | undefined;
  if (inKernel()) {
    process.on("unhandledRejection", (error, promise) => {
      if (error instanceof Error && ours.has(error)) lost = { error, promise };
    });
    process.on("rejectionHandled", (promise) => {
      if (lost?.promise === promise) lost = undefined;
    });
  }
  return {
    watch(error: unknown): unknown {
      if (error instanceof Error) ours.add(error);
      return error;
    },
    tell(): void {
      if (!lost) return;
      const { error } = lost;
      lost = undefined;
      const message = `Not run, because a verb before it failed and was not awaited. Write \`await\` before it. It said:\n`;
      const said = (error as { [inspect]?: () => string })[inspect]?.() ?? error.message;
      throw plainly(new Error(message + error.message, { cause: error }), message + said);
    },
  };
}

const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** Opens the warehouse when it is needed and closes it when it has not been for a while. */
function idleWarehouse(settings: Settings, display: Display, tables: Tables) {
  let open: Promise<{ connection: Connection; close: () => Promise<void> }> | undefined;
  let closing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const start = async () => {
    await closing;
    const engine = await openEngine(settings, { onWait: (message) => display.note(message) });
    try {
      const connection = await engine.connect();
      await prepareWarehouse(connection, dialectOf(engine.name), tables, (message) => display.note(message));
      const close = async () => {
        await connection.close();
        await engine.close();
      };
      return { connection, close };
    } catch (error) {
      await engine.close();
      throw error;
    }
  };

  const release = () => {
    clearTimeout(timer);
    const held = open;
    open = undefined;
    closing = closing.then(async () => (await held)?.close()).catch(() => undefined);
  };

  // The timer keeps no process alive, so a script that ends gives the file back here.
  process.on("beforeExit", () => open && release());

  return {
    async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
      clearTimeout(timer);
      open ??= start().catch((error: unknown) => {
        open = undefined;
        throw error;
      });
      try {
        return await work((await open).connection);
      } finally {
        timer = setTimeout(release, settings.idle * 1000).unref();
      }
    },
  };
}
