import type { Operation } from "../plan/plan.js";

/** Makes an operation from SQL in which parameters still stand as identifiers, and notes which it binds. */
export const operation = (
  sql: string,
  options: { kind?: Operation["kind"]; counts?: Operation["counts"]; when?: Operation["when"] } = {},
): Operation => ({
  sql,
  params: [...new Set([...sql.matchAll(/\bparam__(\w+)\b/g)].map((match) => match[1]!))],
  kind: options.kind ?? "execute",
  ...(options.counts && { counts: options.counts }),
  ...(options.when && { when: options.when }),
});
