/** How a column comes from another one, in OpenLineage's terms. */
export type Transformation = "identity" | "transformation" | "aggregation";

/** A column that another one is made of. Column `*`: the table's rows, which `count(*)` counts. */
export interface ColumnSource {
  readonly table: string;
  readonly column: string;
  readonly kind: Transformation;
}

/** What one column of a select is made of. */
export interface OutputColumn {
  readonly name: string;
  /** The strongest way in which a source becomes it; `constant` where there is no source. */
  readonly kind: Transformation | "constant";
  readonly sources: readonly ColumnSource[];
  /** The expressions on the way, the select's own first, without those that only name a column. */
  readonly expressions: readonly string[];
  /** What is not known of it, in words. */
  readonly unresolved: readonly string[];
}

/** A column of a table as itself. */
export const tableColumn = (table: string, column: string): OutputColumn => ({
  name: column,
  kind: "identity",
  sources: [{ table, column, kind: "identity" }],
  expressions: [],
  unresolved: [],
});

/** A value that comes from no column. */
export const constantColumn = (name: string, expressions: readonly string[] = []): OutputColumn => ({
  name,
  kind: "constant",
  sources: [],
  expressions,
  unresolved: [],
});

/** A column about which something is not known. */
export const unknownColumn = (name: string, problem: string): OutputColumn => ({
  ...constantColumn(name),
  unresolved: [problem],
});

/** A column made of others by an expression; all of them are its sources in at least the given way. */
export function madeOf(
  name: string,
  parts: readonly OutputColumn[],
  options: { kind: Transformation; expression?: string },
): OutputColumn {
  const sources = parts.flatMap((part) =>
    part.sources.map((source) => ({ ...source, kind: stronger(source.kind, options.kind) })),
  );
  const isConstant = sources.length === 0 && options.kind !== "aggregation";
  return {
    name,
    kind: isConstant
      ? "constant"
      : sources.reduce((kind, source) => stronger(kind, source.kind), options.kind),
    sources: distinct(sources),
    expressions: [
      ...new Set([
        ...(options.expression === undefined ? [] : [options.expression]),
        ...parts.flatMap(({ expressions }) => expressions),
      ]),
    ],
    unresolved: [...new Set(parts.flatMap(({ unresolved }) => unresolved))],
  };
}

/** One column out of several rows' worth, as `union` makes it: of either origin. */
export function eitherOf(name: string, parts: readonly OutputColumn[]): OutputColumn {
  const kinds = parts.map(({ kind }) => kind).filter((kind) => kind !== "constant");
  const merged = madeOf(name, parts, { kind: "identity" });
  return { ...merged, kind: kinds.length === 0 ? "constant" : kinds.reduce(stronger) };
}

const strength: readonly Transformation[] = ["identity", "transformation", "aggregation"];

const stronger = (a: Transformation, b: Transformation): Transformation =>
  strength.indexOf(a) >= strength.indexOf(b) ? a : b;

/** Each source once, in its strongest way. */
function distinct(sources: readonly ColumnSource[]): ColumnSource[] {
  const known = new Map<string, ColumnSource>();
  for (const source of sources) {
    const key = `${source.table}.${source.column}`;
    const before = known.get(key);
    known.set(key, before ? { ...source, kind: stronger(before.kind, source.kind) } : source);
  }
  return [...known.values()];
}
