import { duckdbDialect } from "shopmetrics/internal/engine/duckdb/dialect";
import { openDuckdb } from "shopmetrics/internal/engine/duckdb/engine";
import type { Dialect } from "shopmetrics/internal/engine/dialect";
import type { Engine } from "shopmetrics/internal/engine/engine";

/** What the step tests need of an engine. All else they do goes through the interfaces of `lib/src/engine/`. */
export interface TestEngine {
  readonly engine: Engine;
  readonly dialect: Dialect;
  /** How this engine's client writes a bound parameter. */
  readonly mark: (param: string) => string;
}

/** An empty warehouse of its own for one test. The only place of the step tests that knows which engine they run on. */
export async function openTestEngine(): Promise<TestEngine> {
  const engine = await openDuckdb({ file: ":memory:", threads: 1 });
  return { engine, dialect: duckdbDialect, mark: (param) => `$${param}` };
}
