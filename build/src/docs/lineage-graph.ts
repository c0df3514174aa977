import { graphlib, layout } from "@dagrejs/dagre";
import type { Tables } from "shopmetrics/plan";
import type { ColumnLineage, TableLineage } from "../compile/lineage/columns.js";

/** A box of the graph: a folder of files, a topic, a table or a page of the dashboard, with its columns. */
export interface LineageBox {
  /** `landing/orders`, `kafka/clickstream-events`, `silver.orders_clean`, `dashboard.sales`. */
  readonly name: string;
  readonly layer: string;
  /** Of a page each query's columns as `query.column`. */
  readonly columns: readonly BoxColumn[];
}

export interface BoxColumn {
  readonly name: string;
  readonly kind: ColumnLineage["kind"] | "source";
  /** As `box.column`; column `*` means the rows. */
  readonly from: readonly string[];
  readonly expressions: readonly string[];
}

/** From a box to one that is made of it. */
interface LineageLine {
  readonly from: string;
  readonly to: string;
}

/** The graph as it is drawn, in pixels. */
export interface LaidOut {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly (LineageBox & { readonly x: number; readonly y: number })[];
  readonly lines: readonly (LineageLine & { readonly points: readonly Point[] })[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The size of a box. */
export const boxSize = { width: 172, height: 42 } as const;

/**
 * The tables' lineage as boxes and lines. Left out are the pipeline's own records, and rows that a page only counts: no
 * reader follows them.
 */
export function lineageGraph(
  lineage: readonly TableLineage[],
  tables: Tables,
): {
  boxes: LineageBox[];
  lines: LineageLine[];
} {
  const boxes = new Map<string, LineageBox & { columns: BoxColumn[] }>();
  const boxOf = (name: string) => {
    const known = boxes.get(name) ?? { name, layer: layerOf(name), columns: [] };
    boxes.set(name, known);
    return known;
  };
  for (const { table, columns } of lineage) {
    const [name, prefix] = boxName(table);
    for (const { column, kind, sources, expressions } of columns) {
      const followed = sources.filter(
        (source) => !source.table.startsWith("ops.") && !(prefix && source.column === "*"),
      );
      if (prefix && followed.length === 0) continue;
      boxOf(name).columns.push({
        name: `${prefix}${column}`,
        kind,
        expressions,
        from: followed.map((source) => `${source.table}.${source.column}`),
      });
      for (const source of followed) {
        const from = boxOf(source.table);
        const isKnown = from.columns.some((column) => column.name === source.column);
        if (!isKnown && source.column !== "*" && !tables.has(source.table))
          from.columns.push({ name: source.column, kind: "source", from: [], expressions: [] });
      }
    }
  }
  const lines = new Map<string, LineageLine>();
  for (const box of boxes.values())
    for (const source of box.columns.flatMap(({ from }) => from)) {
      const from = source.slice(0, source.lastIndexOf("."));
      if (from !== box.name) lines.set(`${from} ${box.name}`, { from, to: box.name });
    }
  return { boxes: [...boxes.values()], lines: [...lines.values()] };
}

/** A page's query belongs to the page's box. */
function boxName(table: string): [string, string] {
  const page = /^(dashboard\.\w+)\.(\w+)$/.exec(table);
  return page ? [page[1]!, `${page[2]}.`] : [table, ""];
}

const layerOf = (name: string) => /^(landing|kafka)\//.exec(name)?.[1] ?? name.split(".")[0]!;

/** Gives each box a place, to the right of what it is made of. */
export function layOut({
  boxes,
  lines,
}: {
  boxes: readonly LineageBox[];
  lines: readonly LineageLine[];
}): LaidOut {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", ranksep: 44, nodesep: 14, edgesep: 8, marginx: 8, marginy: 8 });
  for (const { name } of boxes) graph.setNode(name, { ...boxSize });
  for (const { from, to } of lines) graph.setEdge(from, to, {});
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    boxes: boxes.map((box) => ({ ...box, ...at(graph.node(box.name)) })),
    lines: lines.map((line) => {
      const bends = (graph.edge(line.from, line.to).points ?? []).slice(1, -1);
      const [from, to] = [at(graph.node(line.from)), at(graph.node(line.to))];
      // From the middle of one box's right side to that of the other's left; a line to the next rank needs no bend.
      const points = [
        { x: from.x + boxSize.width / 2, y: from.y },
        ...(bends.length > 1 ? bends.map(at) : []),
        { x: to.x - boxSize.width / 2, y: to.y },
      ];
      return { ...line, points };
    }),
  };
}

const at = ({ x = 0, y = 0 }: { x?: number | undefined; y?: number | undefined }): Point => ({ x, y });
