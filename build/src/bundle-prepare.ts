import { allTables } from "shopmetrics/internal/contracts/declare";
import "shopmetrics/internal/contracts/index";
import { databricksDialect } from "shopmetrics/internal/engine/databricks/dialect";

/** The first task of every job: makes the schemas and tables that the catalog lacks, and nothing where it lacks none. */
export function prepareFile(): string {
  const schemas = [...new Set(allTables().map(({ name }) => name.slice(0, name.indexOf("."))))];
  const statements = [
    "use catalog {{catalog}}",
    ...schemas.map((schema) => `create schema if not exists ${schema}`),
    ...allTables().flatMap((table) => databricksDialect.createTable(table)),
  ];
  return `-- Schemas and tables of all contracts\n-- Compiled from lib/src/contracts/: change the contracts, not this file.\n\n${statements.map((statement) => `${statement};`).join("\n\n")}\n`;
}
