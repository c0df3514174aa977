import { checkVerb, type CheckRequest } from "./check.js";
import { loadVerb, type LoadRequest } from "./load.js";
import { maintainVerb, type MaintainRequest } from "./maintain.js";
import { rowsVerb, showVerb, type RowsRequest, type ShowRequest } from "./read.js";
import { rejectVerb, type RejectRequest } from "./reject.js";
import type { Verb } from "./verb.js";
import {
  appendVerb,
  historyVerb,
  mergeVerb,
  refreshVerb,
  type AppendRequest,
  type HistoryRequest,
  type MergeRequest,
  type RefreshRequest,
} from "./write.js";

/** The request of each verb. A verb that stands here and lacks its properties, or its part in a dialect, does not compile. */
export interface Requests {
  load: LoadRequest;
  append: AppendRequest;
  merge: MergeRequest;
  history: HistoryRequest;
  refresh: RefreshRequest;
  reject: RejectRequest;
  maintain: MaintainRequest;
  check: CheckRequest;
  show: ShowRequest;
  rows: RowsRequest;
}

export type VerbName = keyof Requests;
export type VerbRequest = Requests[VerbName];

const verbs: { readonly [Name in VerbName]: Verb<Requests[Name]> } = {
  load: loadVerb,
  append: appendVerb,
  merge: mergeVerb,
  history: historyVerb,
  refresh: refreshVerb,
  reject: rejectVerb,
  maintain: maintainVerb,
  check: checkVerb,
  show: showVerb,
  rows: rowsVerb,
};

/** The properties of a request's verb. */
export const verbOf = <R extends VerbRequest>({ kind }: R): Verb<R> => verbs[kind] as unknown as Verb<R>;

/** The properties of a plan's item that was made by a verb; undefined for a stage. */
export const verbNamed = (name: string): Verb<VerbRequest> | undefined =>
  (verbs as Partial<Record<string, unknown>>)[name] as Verb<VerbRequest> | undefined;

/** Whether a request changes anything in the warehouse. */
export const isWrite = (request: VerbRequest): boolean => !["check", "read"].includes(verbOf(request).role);
