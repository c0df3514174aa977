import { withoutInnerSemicolons } from "./semicolons.js";
import { flat, withMarkers, type Item, type LoadFiles, type Param, type Plan } from "shopmetrics/plan";
import { recordStep } from "./records.js";
import { recordChecks, type FileCheck } from "./checks.js";
import { at, sqlVariables } from "./variables.js";
import {
  quoted,
  copyInto,
  dropLanded,
  insertRecords,
  recordLoadedFiles,
  raw,
  refuseFiles,
  phases,
  type PhaseStatement,
} from "shopmetrics/engine";

/**
 * A step as one file of Databricks SQL. First the variable that says what this run is, then each item under its cell, then
 * the records. All checks are recorded, and a failed one raised, before anything is written: one that stands behind
 * the verb is measured on the table as it will be. So a failed check leaves every table as it was, as a transaction would; where
 * a later verb reads what an earlier one wrote, the checks of the later one come after that write.
 * A warehouse pays for each statement, so there are few.
 */
export function sqlFile(plan: Plan): string {
  const parts = [
    `-- ${plan.title}\n-- Compiled from ${plan.notebook}: change the notebook, not this file.`,
    "use catalog {{catalog}};\nset time zone 'UTC';",
    sqlVariables(plan),
    ...sections(plan),
    recordStep(plan),
  ];
  return `${withoutInnerSemicolons(parts.filter(Boolean).join("\n\n"), plan.notebook)}\n`;
}

function sections(plan: Plan): string[] {
  const of = ({ item, operation }: PhaseStatement) =>
    operation
      ? section(item, inFile(plan, item, operation.sql))
      : section(item, ...loadStatements(item.load!));
  return phases(plan.items).flatMap(({ preparations, checks, writes }) => [
    ...preparations.map(of),
    ...(checks.length > 0 ? [recordChecks(plan, checks.map(measured))] : []),
    ...writes.map(of),
  ]);

  function measured({ item, operation }: PhaseStatement): FileCheck {
    return {
      item,
      measure: inFile(plan, item, operation!.sql),
      halts: operation!.severity === "halt",
    };
  }
}

const section = (item: Item, ...statements: string[]) =>
  [
    `-- cell ${item.place?.cell ?? "?"}: ${item.kind} ${item.name}`,
    ...statements.map((sql) => `${sql};`),
  ].join("\n");

/** A statement with this step's values: what a run sets is in the variable, the notebook's own values are written out. */
function inFile(plan: Plan, { place }: Item, sql: string): string {
  const literals = new Map(plan.params.map((param) => [param.name, param]));
  const text = withMarkers(sql, (name) => {
    const param = literals.get(name);
    return param?.kind === "literal" ? literal(param) : at(name);
  });
  return withoutInnerSemicolons(text, place ? `${plan.notebook} cell ${place.cell}` : plan.notebook);
}

function literal({ value }: Param & { kind: "literal" }): string {
  if (typeof value === "string") return quoted(value);
  return typeof value === "number" && !Number.isInteger(value) ? `${value}D` : String(value);
}

/**
 * Loads new files and adds them to the ledger. COPY INTO takes its path as a literal only, and a task's parameter is a
 * literal of its own and not a part of one, so the statement is put together and run by its text.
 */
function loadStatements(load: LoadFiles): string[] {
  const place = "{catalog}";
  const pieces = copyInto(load, { catalog: place }).split(place).map(raw);
  const table = flat(load.table);
  const numbers = { batch: at(`batch_${table}`), lastLoad: at(`last_load_${table}`) };
  const given = { now: at("now"), runId: at("run_id"), ...numbers };
  return [
    dropLanded(load.table),
    `declare or replace variable copy_into string default concat(${pieces.join(", {{catalog}}, ")})`,
    `execute immediate copy_into`,
    refuseFiles(load),
    insertRecords(load, given),
    recordLoadedFiles(load, given),
  ];
}
