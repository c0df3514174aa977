import { columnMismatch, compileRequest, literals, type CompiledItem } from "../compile/request.js";
import type { EngineAdapter } from "../engine/adapter.js";
import { engineNamed } from "../engine/index.js";
import type { Connection } from "../engine/connection.js";
import { InputError } from "../errors.js";
import type { Place, Result } from "../plan/plan.js";
import { executeItems, StatementFailed, valueOf, type StepContext, type StepFigures } from "../run/step.js";
import { readWindows } from "../run/warehouse.js";
import type { SqlValue } from "../sql/statement.js";
import type { Param } from "../sql/param.js";
import type { VerbRequest } from "../verbs/registry.js";

/** Makes requests into statements of one engine; a text that several statements hold is translated once. */
interface Compiler {
  readonly compile: (request: VerbRequest, place?: Place) => Promise<CompiledItem>;
  readonly literal: (value: SqlValue) => Param;
}

export function compilerFor(engine: string, tables: readonly string[] = []): Compiler {
  const literal = literals();
  const adapter = engineNamed(engine);
  const targets = [{ ...adapter, translate: once(adapter.translate) }];
  return {
    literal,
    compile: (request, place) => compileRequest(request, { targets, literal, place, tables }),
  };
}

function once(translate: EngineAdapter["translate"]): EngineAdapter["translate"] {
  const known = new Map<string, ReturnType<EngineAdapter["translate"]>>();
  return (text, surroundings) => {
    const key = JSON.stringify([text, surroundings]);
    const made = known.get(key) ?? translate(text, surroundings);
    known.set(key, made);
    return made;
  };
}

/**
 * Does one request with all rows of what it reads, adding to `figures`. Does not commit and publishes nothing.
 *
 * @throws CheckFailed, StatementFailed, InputError
 */
export async function executeRequest(
  connection: Connection,
  engine: string,
  compiled: CompiledItem,
  given: { readonly step: string; readonly writes: readonly string[] } & Pick<
    StepContext,
    "runId" | "now" | "date" | "landing"
  >,
  figures: StepFigures,
): Promise<{ result: Result; context: StepContext }> {
  const { step, writes, ...run } = given;
  const windows = await readWindows(connection, step, { changes: compiled.changes, writes, full: true });
  const context: StepContext = { ...run, full: true, ...windows };
  await refuseOtherColumns(connection, compiled, context);
  let result: Result = { columns: [], rows: [] };
  const plan = { items: [compiled.item], params: compiled.params, takes: [] };
  await executeItems(connection, engine, plan, context, figures, (_, rows) => (result = rows));
  return { result, context };
}

/** A select must give just the columns that the table is kept by; the compiler says the same. */
async function refuseOtherColumns(
  connection: Connection,
  { item, shape, params }: CompiledItem,
  context: StepContext,
): Promise<void> {
  if (!shape) return;
  const known = new Map(params.map((param) => [param.name, param]));
  const values = Object.fromEntries(
    shape.params.map((name) => [name, valueOf(known.get(name), name, context)]),
  );
  const result = await connection
    .query(`select * from (${shape.sql}) limit 0`, values)
    .catch((error: unknown) => {
      throw new StatementFailed(item, shape.sql, error);
    });
  const given = result.columns.map(({ name }) => name);
  const problem = columnMismatch(item, shape.columns, given);
  if (problem) throw new InputError(`the select ${problem}.`);
}
