import {
  copyInto,
  dropLanded,
  insertRecords,
  keepLedger,
  refuseFiles,
} from "shopmetrics/internal/engine/databricks/copy-into";
import { raw } from "shopmetrics/internal/engine/databricks/text";
import type { LoadFiles } from "shopmetrics/internal/plan";
import { flat } from "shopmetrics/internal/sql/render";
import { at } from "./bundle/sql/variables.js";

/**
 * Loads new files, keeps them on the ledger, and lets go of them. COPY INTO takes its path as a literal only, and a task's
 * parameter is a literal of its own and no piece of one, so the statement is put together and run by its text.
 */
export function loadStatements(load: LoadFiles): string[] {
  const place = "{catalog}";
  const pieces = copyInto(load, { catalog: place }).split(place).map(raw);
  const given = { now: at("now"), batch: at(`batch_${flat(load.table)}`), runId: at("run_id") };
  return [
    `declare or replace variable copy_into string`,
    `set variable copy_into = concat(${pieces.join(`, ${at("catalog")}, `)})`,
    `execute immediate copy_into`,
    refuseFiles(load),
    insertRecords(load, given),
    keepLedger(load, given),
    dropLanded(load.table),
  ];
}
