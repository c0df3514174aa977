import type { Table } from "../contracts/table.js";
import type { Result, SnapshotOf } from "../plan/plan.js";
import type { Statement } from "../sql/statement.js";

export type Severity = "warn" | "halt";

/** What a notebook asks for, before any engine has been asked how to do it. */
export type Request =
  | { readonly kind: "load"; readonly table: Table; readonly folder: string }
  | { readonly kind: "append"; readonly table: Table; readonly rows: Statement }
  | { readonly kind: "merge"; readonly table: Table; readonly rows: Statement }
  | { readonly kind: "history"; readonly table: Table; readonly rows: Statement; readonly of: string }
  | {
      readonly kind: "refresh";
      readonly table: Table;
      readonly rows: Statement;
      readonly of: { readonly columns: readonly string[]; readonly select: Statement } | undefined;
    }
  | { readonly kind: "reject"; readonly table: Table; readonly rows: Statement; readonly raw: Table }
  | { readonly kind: "maintain"; readonly table: Table }
  | {
      readonly kind: "check";
      readonly table: Table;
      readonly name: string;
      readonly severity: Severity;
      /** A select of one row: failed_rows, total_rows, figure. */
      readonly measure: Statement;
      /** The greatest figure allowed. */
      readonly max: number;
    }
  | { readonly kind: "show"; readonly what: Statement; readonly limit: number; readonly offset?: number }
  | { readonly kind: "rows"; readonly what: Statement; readonly snapshot?: SnapshotOf };

/** What stands behind the verbs: a recorder while compiling, a live session in Jupyter. */
export interface Session {
  submit(request: Request): Promise<Result | undefined>;
  /** Shows how the engine would answer a select; nothing outside a live session. */
  explain?(what: Statement): Promise<void>;
  /** Told of every statement as it is made, so that a recorder can name and place it. */
  describe?(statement: Statement): Statement;
  /** Told of each code cell as it begins. */
  cell?(path: string, number: number): void;
  /** Told that the notebook reads the world, which a recorded SQL step can't. */
  world?(what: string): void;
  /** Fires when the step is to end. */
  readonly signal?: AbortSignal;
}

let current: Session | undefined;
let live: (() => Promise<Session>) | undefined;

/** Makes `session` the one that verbs speak to, and gives back a function that restores the one before. */
export function useSession(session: Session | undefined): () => void {
  const before = current;
  current = session;
  return () => {
    current = before;
  };
}

/** The session in use, or undefined while a notebook has not yet asked for anything. */
export const currentSession = (): Session | undefined => current;

/**
 * Fires when the step is to end, by Ctrl-C or because its job was cancelled: a program that waits or repeats finishes
 * what it has begun and returns. In Jupyter it never does.
 */
export const stopSignal = (): AbortSignal => current?.signal ?? never;

const never = new AbortController().signal;

/** Says how a live session is opened where no other session is in use. */
export function openLiveWith(open: () => Promise<Session>): void {
  live = open;
}

/** The session in use; where there is none, a live one is opened, as in Jupyter. */
export async function theSession(): Promise<Session> {
  if (!current) {
    if (!live) throw new Error('No session: import from "shopmetrics", which opens one.');
    current = await live();
  }
  return current;
}

/** Lets the session in use name and place a statement. */
export const describeStatement = (statement: Statement): Statement =>
  current?.describe?.(statement) ?? statement;
