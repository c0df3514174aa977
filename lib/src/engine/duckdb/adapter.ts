import { existsSync } from "node:fs";
import path from "node:path";
import type { Engine, EngineAdapter } from "../adapter.js";
import { warehouseFile } from "../../settings.js";
import { duckdbDialect } from "./dialect.js";
import type { DuckdbOptions } from "./engine.js";

/** The embedded engine: one file, and one process at a time that holds it. */
export const duckdb: EngineAdapter = {
  name: "duckdb",
  title: "DuckDB",
  dialect: duckdbDialect,
  translates: true,
  translate: async (text, surroundings) => (await import("./translate.js")).translate(text, surroundings),
  mark: (param) => `$${param}`,
  open: ({ warehouse: file, home, lockWait, memory }, { onWait }) =>
    opened({
      file,
      memory,
      patience: lockWait * 1000,
      onWait,
      // A developer's copy reads the same landing folder.
      ownsLanding: file === warehouseFile({ home }),
    }),
  openReadOnly: async ({ warehouse: file, lockWait, memory }, { onWait, patience = lockWait * 1000 }) =>
    existsSync(file)
      ? opened({ file, memory, readOnly: true, patience, onWait })
      : `There is no warehouse at ${path.relative(process.cwd(), file) || file} yet: run \`npm start\` first.`,
  openScratch: () => opened({ file: ":memory:", threads: 1 }),
  developerSettings: async (settings, developer, onNote) =>
    (await import("./developer.js")).ownCopy(settings, developer, onNote),
  dataset: ({ warehouse }, table) => ({
    namespace: `duckdb://${warehouse}`,
    name: table,
  }),
  version: async () => (await import("@duckdb/node-api")).version(),
  hasTransactions: true,
  isEmbedded: true,
};

/** Its client is loaded only here: it is no part of a task of Databricks. */
const opened = async (options: DuckdbOptions): Promise<Engine> =>
  (await import("./engine.js")).openDuckdb(options);
