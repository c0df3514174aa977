import { projectRoot } from "../settings.js";
import { observeStatements, type Statement } from "../sql/statement.js";
import type { Result } from "./plan.js";
import type { UnitTest } from "./unit-test.js";

/** What a notebook asks for by a verb, before it is known which engine does it. Each verb declares its own. */
export interface Request {
  readonly kind: string;
}

/** What the verbs use: a recorder while compiling, a live session in Jupyter. */
export interface Session {
  submit(request: Request): Promise<Result | undefined>;
  /** Shows how the engine would answer a select; nothing outside a live session. */
  explain?(what: Statement): Promise<void>;
  /** Runs a unit test of the notebook's step and fails where it does; nothing where a task or a run is at work. */
  test?(test: UnitTest): Promise<void>;
  /** Told of every statement when it is made, so that a recorder knows its place. */
  describe?(statement: Statement): Statement;
  /** Told of the variable that holds a statement, so that a recorder can name it. */
  name?(statement: Statement, variable: string): Statement;
  /** Told of each code cell when it begins. */
  cell?(path: string, number: number): void;
  /** Told that the notebook reads the world, which a recorded SQL step can't. */
  world?(what: string): void;
  /** Told what a person should know of a step that goes on all the same. */
  warn?(message: string): void;
  /** The project's folder, where its notebooks are not those of this installation. */
  readonly root?: string;
  /** Fires when the step is to end. */
  readonly signal?: AbortSignal;
}

let current: Session | undefined;
let live: (() => Promise<Session>) | undefined;

/** Makes `session` the one that verbs use, and returns a function that restores the previous one. */
export function useSession(session: Session | undefined): () => void {
  const before = current;
  current = session;
  observeStatements((statement) => current?.describe?.(statement) ?? statement);
  return () => {
    current = before;
  };
}

/**
 * Marks the beginning of a code cell in a compiled notebook, so that what follows is attributed to it.
 *
 * @param path the notebook, such as `notebooks/silver/orders_clean.ipynb`
 * @param number the code cell, from 1
 */
export function cell(path: string, number: number): void {
  current?.cell?.(path, number);
}

/** Marks in a compiled notebook the variable that holds a statement: `const judged = sql…` is `judged`. */
export const named = (variable: string, statement: Statement): Statement =>
  current?.name?.(statement, variable) ?? statement;

/**
 * Fires when the step is to end, by Ctrl-C or because its job was cancelled: a program that waits or repeats finishes
 * what it has begun and returns. In Jupyter it never does.
 */
export const stopSignal = (): AbortSignal => current?.signal ?? never;

/** Says what a person should know of a step that goes on all the same: with the step's report, or below the cell. */
export const warn = (message: string): void => (current?.warn ?? console.warn)(message);

/** The folder to which the paths in notebooks are relative. */
export const projectFolder = (): string => current?.root ?? projectRoot;

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
