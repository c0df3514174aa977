/** What a step is: contracts, SQL, requests, plans and how they are compiled. */
export { columnMismatch, literals, type CompiledItem } from "../compile/request.js";
export { compileStep, partsOf, type Asked } from "../compile/step.js";
export { rangeWords } from "../contracts/ranges.js";
export { rejected_rows } from "../contracts/quarantine.js";
export {
  commonTags,
  landingFolderOf,
  schemasOf,
  type Column,
  type LandingFolder,
  type Table,
  type Tables,
} from "../contracts/table.js";
export type { Messages } from "../contracts/messages.js";
export { backfillItem } from "../plan/backfill.js";
export type {
  Item,
  LoadFiles,
  Operation,
  Place,
  Plan,
  Result,
  ResultRow,
  ResultValue,
} from "../plan/plan.js";
export type {
  JobDeclaration,
  LakeviewDashboard,
  LakeviewDataset,
  LakeviewWidget,
  Project,
} from "../plan/project.js";
export { usualNow, type NamedRows, type UnitTest } from "../plan/unit-test.js";
export { useSession, type Session } from "../plan/session.js";
export { arrivedColumns, batchColumns, isAuditColumn, loggedColumns } from "../plan/kept-columns.js";
export { columnsOf } from "../sql/columns.js";
export { distance } from "../sql/nearest.js";
export { parseSelect } from "../sql/parse.js";
export { flat, withMarkers, type Param } from "../sql/param.js";
export { beforeTable } from "../sql/render.js";
export { openAtEnd } from "../sql/tokens.js";
export { verbNamed, type VerbRequest } from "../verbs/registry.js";
export type { RunValue, Statement } from "../sql/statement.js";
export { misfitOf } from "../unit/run-unit-test.js";
