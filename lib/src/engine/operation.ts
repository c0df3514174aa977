import type { Operation } from "../plan/plan.js";
import type { Statement } from "../sql/statement.js";

/** A statement while it is still data: what stands before its select, its common table expressions, and what it reads. */
export interface Draft extends Omit<Operation, "sql" | "params" | "samples"> {
  /** What stands before the select, such as `create or replace table … as`; empty for a select. */
  readonly head: string;
  readonly expressions: readonly CommonTableExpression[];
  /** The select, or the whole of a statement that has none. */
  readonly body: string;
  /** What stands behind the select, such as the conditions of a MERGE. */
  readonly tail: string;
  /** Of a check: the same select with the names of rows; it binds no parameter that the check does not. */
  readonly samples?: string;
  /** The request's selects that it reads. */
  readonly reads: readonly Statement[];
}

export interface CommonTableExpression {
  readonly name: string;
  readonly select: string;
}

/** A statement in an engine's dialect, parameters still as identifiers. */
export const draft = (body: string, options: Partial<Omit<Draft, "body">> & Pick<Draft, "role">): Draft => ({
  head: "",
  expressions: [],
  tail: "",
  reads: [],
  ...options,
  body,
});

/** The statement's text. A select that has common table expressions of its own keeps them behind these. */
export function textOf({
  head,
  expressions,
  body,
  tail,
}: Pick<Draft, "head" | "expressions" | "body" | "tail">): string {
  if (expressions.length === 0) return head + body + tail;
  const list = expressions.map(({ name, select }) => `${name} as (\n${select}\n)`).join(",\n");
  const own = /^with\b\s*/i.exec(body);
  return own
    ? `${head}with ${list},\n${body.slice(own[0].length)}${tail}`
    : `${head}with ${list}\n${body}${tail}`;
}
