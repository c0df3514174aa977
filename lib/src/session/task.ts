import type { Connection } from "../engine/connection.js";
import { engineNamed } from "../engine/index.js";
import { InputError } from "../errors.js";
import type { Place, Result } from "../plan/plan.js";
import { noFigures, type StepContext, type StepFigures } from "../run/step.js";
import { recordCheckResults, publish } from "../run/warehouse.js";
import type { Session } from "../plan/session.js";
import { isWrite, verbOf, type VerbRequest } from "../verbs/registry.js";
import { compilerFor, executeRequest } from "./execute.js";

interface TaskOptions {
  readonly connection: Connection;
  readonly engine: string;
  readonly step: string;
  readonly run: Pick<StepContext, "runId" | "date" | "landing">;
  /** What the step has done so far; added to. */
  readonly figures: StepFigures;
  /** Fires when the step is to end. */
  readonly signal?: AbortSignal;
}

/**
 * The session of a step that is a program: each verb is done at once, is a transaction of its own, and is published with
 * it. What the step has committed when it fails stays, so a second run must be able to continue from there.
 */
export function taskSession(options: TaskOptions): Session {
  const { connection, engine, step, figures, signal } = options;
  const { compile } = compilerFor(engine);
  let cell: Place | undefined;
  let turn: Promise<void> = Promise.resolve();

  const run = async (request: VerbRequest): Promise<Result | undefined> => {
    signal?.throwIfAborted();
    if (verbOf(request).isShown) return undefined;
    const compiled = await compile(request, cell);
    const [first] = compiled.changes;
    if (first !== undefined)
      throw new InputError(
        `changes(${first}) in a step with \`runtime: node\`: its watermark would move before the step has succeeded. ` +
          `Read \${${first}} itself.`,
      );
    const table = "table" in request ? request.table.name : undefined;
    const own = noFigures();
    const given = {
      ...options.run,
      step,
      now: new Date().toISOString(),
      writes: isWrite(request) && table ? [table] : [],
    };
    try {
      return await connection.transaction(async () => {
        const { result, context } = await executeRequest(connection, engine, compiled, given, own);
        if (isWrite(request) && verbOf(request).role !== "reject")
          await publish(connection, engineNamed(engine), step, { ...context, windows: new Map() }, own);
        return result;
      });
    } finally {
      try {
        await recordCheckResults(connection, step, given, own.checks);
      } finally {
        add(figures, own);
      }
    }
  };

  return {
    ...(signal && { signal }),
    cell(path, number) {
      cell = { path, cell: number, line: 1 };
    },
    warn: (message) => void figures.warnings.push(message),
    // Everything is awaited and not chained with `then`: stack traces follow awaits only, up to the notebook's cell.
    async submit(request: VerbRequest) {
      const before = turn;
      let end = () => {};
      turn = new Promise((resolve) => (end = resolve));
      await before;
      try {
        return await run(request);
      } finally {
        end();
      }
    },
  };
}

function add(sum: StepFigures, figures: StepFigures): void {
  for (const name of ["in", "out", "deleted", "rejected"] as const) sum[name] += figures[name];
  sum.checks.push(...figures.checks);
  sum.files.push(...figures.files);
  sum.warnings.push(...figures.warnings);
}
