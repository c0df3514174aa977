import { InputError } from "shopmetrics/settings";
import { nearest } from "../../text.js";
import type { ColumnLineage, TableLineage } from "./columns.js";
import type { Transformation } from "./output-columns.js";

export type Direction = "up" | "down";

/** A column's place in the graph. `made` is absent for what no step writes, such as a file's column. */
interface LineageNode {
  readonly table: string;
  readonly column: string;
  readonly made?: ColumnLineage;
}

/** `to` is made of `from`; both are `table.column`. */
interface LineageEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: Transformation;
}

/** The columns that one column is made of, or that are made of it, and how: the one asked for comes first. */
export interface LineageGraph {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
}

export const columnId = ({ table, column }: { readonly table: string; readonly column: string }) =>
  `${table}.${column}`;

/** Follows a column through all steps: up to the files it comes from, or down to all that is made of it. */
export function follow(
  lineage: readonly TableLineage[],
  start: { readonly table: string; readonly column: string },
  direction: Direction,
): LineageGraph {
  const made = new Map(
    lineage.flatMap(({ table, columns }) =>
      columns.map((entry) => [columnId({ table, column: entry.column }), entry] as const),
    ),
  );
  const all = edgesOf(lineage);
  const nodes = new Map<string, LineageNode>();
  const edges: LineageEdge[] = [];
  const queue = [columnId(start)];
  for (const id of queue) {
    if (nodes.has(id)) continue;
    const computed = made.get(id);
    nodes.set(id, { ...splitId(id), ...(computed && { made: computed }) });
    for (const edge of all) {
      const [near, far] = direction === "up" ? [edge.to, edge.from] : [edge.from, edge.to];
      if (near !== id) continue;
      edges.push(edge);
      queue.push(far);
    }
  }
  return { nodes: [...nodes.values()], edges };
}

/** Every step from a column to one that is made of it. */
const edgesOf = (lineage: readonly TableLineage[]): LineageEdge[] =>
  lineage.flatMap(({ table, columns }) =>
    columns.flatMap(({ column, sources }) =>
      sources.map((source) => ({
        from: columnId(source),
        to: columnId({ table, column }),
        kind: source.kind,
      })),
    ),
  );

/**
 * Reads a name as a table or a column of the lineage: `gold.daily_sales_summary`, `gold.daily_sales_summary.revenue`,
 * `landing/orders.total_amount`, with or without the layer.
 *
 * @throws InputError with the name that comes near
 */
export function readName(
  lineage: readonly TableLineage[],
  name: string,
): { readonly table: string; readonly column?: string } {
  const columns = new Map<string, Set<string>>();
  const add = (table: string, column: string) =>
    columns.set(table, (columns.get(table) ?? new Set()).add(column));
  for (const written of lineage)
    for (const { column, sources } of written.columns) {
      add(written.table, column);
      for (const source of sources) add(source.table, source.column);
    }
  const tables = [...columns.keys()];
  const table = tableNamed(tables, name);
  if (table) return { table };
  const { table: before, column } = splitId(name);
  const of = tableNamed(tables, before);
  if (!of) {
    const near = nearest(before, tables) ?? nearest(name, tables);
    const hint = near ? `Did you mean ${near}?` : `There are: ${tables.toSorted().join(", ")}.`;
    throw new InputError(`No table or column is called "${name}". ${hint}`);
  }
  if (columns.get(of)!.has(column)) return { table: of, column };
  const known = [...columns.get(of)!].filter((name) => name !== "*");
  const near = nearest(column, known);
  const hint = near ? `Did you mean ${of}.${near}?` : `It has: ${known.join(", ")}.`;
  throw new InputError(`${of} has no column "${column}". ${hint}`);
}

function tableNamed(tables: readonly string[], name: string): string | undefined {
  if (tables.includes(name)) return name;
  const bare = tables.filter((table) => table.endsWith(`.${name}`));
  return bare.length === 1 ? bare[0] : undefined;
}

function splitId(id: string): { table: string; column: string } {
  const dot = id.lastIndexOf(".");
  return { table: id.slice(0, Math.max(dot, 0)), column: id.slice(dot + 1) };
}
