import { InputError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { Dialect, Engine, EngineAdapter, OpenOptions } from "./adapter.js";
import { databricks } from "./databricks/adapter.js";
import { duckdb } from "./duckdb/adapter.js";

export { databricks, duckdb };

/** The engines by their names, which SHOPMETRICS_ENGINE chooses from. A further one is a folder and a word here. */
const engines = new Map([duckdb, databricks].map((engine): [string, EngineAdapter] => [engine.name, engine]));

/** All engines: plans hold the statements of each. */
export const allEngines = (): EngineAdapter[] => [...engines.values()];

/** @throws InputError for a name that no engine has */
export function engineNamed(name: string): EngineAdapter {
  const found = engines.get(name);
  if (found) return found;
  throw new InputError(
    `SHOPMETRICS_ENGINE=${name}: there is no such engine. There are: ${[...engines.keys()].join(", ")}.`,
  );
}

/** How an engine writes the verbs. @throws InputError for a name that no engine has */
export const dialectOf = (name: string): Dialect => engineNamed(name).dialect;

/** Adds an engine to this process, and gives a function that takes it out again. */
export function registerEngine(engine: EngineAdapter): () => void {
  engines.set(engine.name, engine);
  return () => void engines.delete(engine.name);
}

/** Opens the warehouse of the engine that the settings choose. Only that one's client is loaded. */
export const openEngine = async (settings: Settings, options: OpenOptions): Promise<Engine> =>
  engineNamed(settings.engine).open(settings, options);

/** The engine on which unit tests run, whichever the settings choose: one that opens an empty warehouse at once. */
export function scratchEngine(): EngineAdapter {
  const found = allEngines().find(({ openScratch }) => openScratch);
  if (!found) throw new Error("No engine opens a warehouse of its own for a unit test.");
  return found;
}
