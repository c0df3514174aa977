import type { RunValue, SqlValue } from "./statement.js";

/** A parameter of a statement: a value fixed when the notebook was compiled, or one that each run sets. */
export type Param = { readonly name: string } & (
  | { readonly kind: "literal"; readonly value: SqlValue }
  | { readonly kind: "run" }
  | { readonly kind: "lo" | "hi"; readonly table: string }
  | { readonly kind: "batch"; readonly table: string }
);

/** The identifier that stands for a parameter until an engine puts its own marker there. */
export const marker = (name: string) => `param__${name}`;

/** Replaces each parameter's identifier by an engine's own marker. */
export const withMarkers = (text: string, write: (name: string) => string) =>
  text.replace(/\bparam__(\w+)\b/g, (_, name: string) => write(name));

/** The names of the parameters that a text binds, each once. */
export const paramsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\bparam__(\w+)\b/g)].map((match) => match[1]!)),
];

/** A table's name as part of a parameter's or a companion table's name. */
export const flat = (table: string) => table.replace(".", "_");

/** The batch of a table that the step writes. */
export const batchParam = (table: string): Param => ({ name: `batch_${flat(table)}`, kind: "batch", table });

/** The identifier of that batch. */
export const batchMarker = (table: string) => marker(batchParam(table).name);

/** The last batch of a table that the step has read, and the last one that is published. */
export const windowParams = (table: string): { lo: Param; hi: Param } => ({
  lo: { name: `lo_${flat(table)}`, kind: "lo", table },
  hi: { name: `hi_${flat(table)}`, kind: "hi", table },
});

/** The values that each run sets. */
export const runParams: readonly Param[] = (
  ["run_id", "run_date", "now", "full", "from_date", "to_date", "keep_from"] satisfies RunValue["name"][]
).map((name) => ({ name, kind: "run" }));
