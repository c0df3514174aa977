/** What a step is: contracts, SQL, requests, plans and how they are compiled. */
export {
  compileRequest,
  compileStage,
  databricksTarget,
  duckdbTarget,
  literals,
  misfit,
  statementsOf,
  type CompiledItem,
} from "../compile/request.js";
export { rejected_rows } from "../contracts/quarantine.js";
export { commonTags, type Column, type Table, type Tables } from "../contracts/table.js";
export type {
  DialectName,
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
export { useSession, type Request, type Session } from "../session/session.js";
export { parseSelect } from "../sql/parse.js";
export { beforeTable, flat, isQuery, withMarkers, type Param } from "../sql/render.js";
export type { Statement } from "../sql/statement.js";
