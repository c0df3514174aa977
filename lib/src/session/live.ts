import { randomUUID } from "node:crypto";
import { compileRequest, duckdbTarget, literals } from "../compile/item.js";
import { duckdbDialect } from "../engine/duckdb/dialect.js";
import type { Connection } from "../engine/engine.js";
import type { Result } from "../plan.js";
import {
  executeItems,
  noFigures,
  type CheckResult,
  type StepContext,
  type StepFigures,
} from "../run/step.js";
import { keepChecks, prepareWarehouse, publish, readWindows } from "../run/warehouse.js";
import { readSettings, type Settings } from "../settings.js";
import type { Request, Session } from "./session.js";

/** What a live session tells the person in front of it. */
export interface Display {
  rows(result: Result): void;
  checks(results: readonly CheckResult[]): void;
  note(message: string): void;
}

/**
 * Runs each request at once, on the local warehouse, as a cell in Jupyter does. Every request is a transaction of its
 * own; `changes` gives all rows. The warehouse's file is given back when the notebook has been idle for a while, so
 * that a notebook and a run can take turns.
 */
export function liveSession(display: Display, settings: Settings = readSettings()): Session {
  const warehouse = idleWarehouse(settings, display);
  const runId = `notebook-${new Date().toISOString().slice(0, 19)}-${randomUUID().slice(0, 8)}`;
  const literal = literals();
  let turn: Promise<unknown> = Promise.resolve();

  const run = async (request: Request): Promise<Result | undefined> => {
    const { translate } = await import("../engine/duckdb/translate.js");
    const compiled = await compileRequest(request, { targets: [duckdbTarget(translate)], literal });
    return warehouse.use(async (connection) => {
      const now = new Date().toISOString();
      const figures = noFigures();
      const step = "table" in request ? request.table.name : "show";
      let shown: Result | undefined;
      const isWrite = !["show", "check"].includes(request.kind);
      const writes = isWrite && "table" in request ? [request.table.name] : [];
      try {
        await connection.transaction(async () => {
          const windows = await readWindows(connection, step, {
            changes: compiled.changes,
            writes,
            full: true,
          });
          const context: StepContext = {
            runId,
            now,
            date: now.slice(0, 10),
            full: false,
            landing: settings.landing,
            ...windows,
          };
          const plan = { items: [compiled.item], params: compiled.params, takes: [] };
          await executeItems(connection, "duckdb", plan, context, figures, (_, result) => (shown = result));
          if (isWrite && request.kind !== "reject")
            await publish(connection, step, { ...context, windows: new Map() }, figures);
        });
      } finally {
        await keepChecks(connection, step, { runId, now }, figures.checks);
        display.checks(figures.checks);
      }
      for (const warning of figures.warnings) display.note(warning);
      if (isWrite) display.note(sentence(request, figures));
      if (shown) display.rows(shown);
      return shown;
    });
  };

  return {
    submit: (request) => {
      const result = turn.then(() => run(request));
      turn = result.catch(() => undefined);
      return result;
    },
  };
}

function sentence(request: Request, figures: StepFigures): string {
  const n = (value: number) => value.toLocaleString("en-US");
  const table = "table" in request ? request.table.name : "";
  if (request.kind === "load")
    return `${table}: ${n(figures.files.length)} new files, ${n(figures.out)} rows`;
  if (request.kind === "reject") return `${table}: ${n(figures.rejected)} rows refused`;
  return `${table}: ${n(figures.out)} rows written${figures.deleted > figures.out ? `, ${n(figures.deleted)} replaced or removed` : ""}`;
}

/** Opens the warehouse when it is needed and closes it when it has not been for a while. */
function idleWarehouse(settings: Settings, display: Display) {
  let open: Promise<{ connection: Connection; close: () => Promise<void> }> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const start = async () => {
    const { openDuckdb } = await import("../engine/duckdb/engine.js");
    const engine = await openDuckdb({
      file: settings.warehouse,
      patience: settings.lockWait * 1000,
      onWait: (message) => display.note(message),
    });
    const connection = await engine.connect();
    await prepareWarehouse(connection, duckdbDialect);
    const close = async () => {
      await connection.close();
      await engine.close();
    };
    return { connection, close };
  };

  return {
    async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
      clearTimeout(timer);
      open ??= start();
      try {
        return await work((await open).connection);
      } finally {
        timer = setTimeout(() => {
          const closing = open;
          open = undefined;
          void closing?.then(({ close }) => close());
        }, settings.idle * 1000);
      }
    },
  };
}
