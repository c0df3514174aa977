/** How steps are run and recorded, in a run, in a cell or as a task of a job. */
export { orderOfRun } from "../contracts/ops.js";
export { exportPage, type KnownBefore } from "../dashboard/export.js";
export { exportDashboard, type ExportedPage } from "../dashboard/export-task.js";
export {
  describeCheck,
  describedCheck,
  publicMessage,
  statusSign,
  statusWord,
  type CheckResult,
} from "../run/check-result.js";
export { countChecks, latestResults } from "../run/latest-results.js";
export { readChangedRows } from "../run/changed-rows.js";
export {
  StatementFailed,
  executeItems,
  noFigures,
  valueOf,
  type BusinessDates,
  type StepContext,
  type StepFigures,
} from "../run/step.js";
export { failedStates, upstreamStates } from "../run/task-states.js";
export {
  insert,
  recordCheckResults,
  recordStepRun,
  prepareWarehouse,
  publish,
  readWindows,
  takeOver,
  wanted,
} from "../run/warehouse.js";
export { recordPassedOver } from "../run/passed-over.js";
export { cell, named } from "../plan/session.js";
export { ask } from "../session/ask.js";
export { beginTask, endTask } from "../session/node-task.js";
export { taskSession } from "../session/task.js";
export { runUnitTest } from "../unit/run-unit-test.js";
export { tableChanges, type TableChange } from "../run/table-changes.js";
export { rowsBetween, waitingFiles } from "../run/waiting.js";
export { beginForgetting, endForgetting, proveForgotten, searchCopy, type Proof } from "../forget/forget.js";
