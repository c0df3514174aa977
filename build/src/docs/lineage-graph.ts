import { graphlib, layout } from "@dagrejs/dagre";
import type { Tables } from "shopmetrics/plan";
import type { ColumnLineage, TableLineage } from "../compile/lineage/columns.js";

/** A box of the graph: a folder of files, a topic, a service, a table or a page of the dashboard, with its columns. */
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
export interface LineageLine {
  readonly from: string;
  readonly to: string;
}

/** The graph as it is drawn, in pixels. */
interface LaidOut<B, L> {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly (B & { readonly left: number; readonly top: number })[];
  readonly lines: readonly (L & { readonly path: string })[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The size of a box: room for names of 24 letters, of which the smallest are 12 pixels high. */
export const boxSize = { width: 184, height: 46 } as const;

/** Of a name so many letters are shown. */
export const longestName = 24;

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

const layerOf = (name: string) => /^(landing|kafka|service)\//.exec(name)?.[1] ?? name.split(".")[0]!;

/** Lines run from left to right, or from top to bottom. */
type Direction = "LR" | "TB";

/** Gives each box a place, after what it is made of. */
export function layOut<B extends { readonly name: string }, L extends LineageLine>(
  { boxes, lines }: { boxes: readonly B[]; lines: readonly L[] },
  direction: Direction = "LR",
): LaidOut<B, L> {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: direction, ranksep: 32, nodesep: 14, edgesep: 8 });
  for (const { name } of boxes) graph.setNode(name, { ...boxSize });
  for (const { from, to } of lines) graph.setEdge(from, to, {});
  layout(graph);
  // From the middle of one box's end to the middle of the other's beginning.
  const [dx, dy] = direction === "LR" ? [boxSize.width / 2, 0] : [0, boxSize.height / 2];
  const places = boxes.map(({ name }) => at(graph.node(name)));
  const ways = lines.map(({ from, to }) => {
    const bends = (graph.edge(from, to).points ?? []).slice(1, -1);
    const [start, end] = [at(graph.node(from)), at(graph.node(to))];
    return [
      { x: start.x + dx, y: start.y + dy },
      // A line to the next rank needs no bend.
      ...(bends.length > 1 ? bends.map(at) : []),
      { x: end.x - dx, y: end.y - dy },
    ];
  });
  // The layout's own size leaves out the lines that pass beside all boxes.
  const spanOf = (key: "x" | "y", half: number) => {
    const all = [
      ...places.flatMap((place) => [place[key] - half, place[key] + half]),
      ...ways.flat().map((one) => one[key]),
    ];
    return [Math.min(...all) - margin, Math.max(...all) + margin] as const;
  };
  const [[left, right], [top, bottom]] = [spanOf("x", boxSize.width / 2), spanOf("y", boxSize.height / 2)];
  return {
    width: Math.ceil(right - left),
    height: Math.ceil(bottom - top),
    boxes: boxes.map((box, index) => {
      const { x, y } = places[index]!;
      return {
        ...box,
        left: round(x - boxSize.width / 2 - left),
        top: round(y - boxSize.height / 2 - top),
      };
    }),
    lines: lines.map((line, index) => {
      const points = ways[index]!.map(({ x, y }) => ({ x: x - left, y: y - top }));
      return { ...line, path: curve(points, direction) };
    }),
  };
}

const margin = 8;

/** A curve through the points that has the graph's direction at each of them, as an SVG path. */
function curve([first, ...rest]: readonly Point[], direction: Direction): string {
  if (!first) return "";
  let before = first;
  const parts = rest.map((point) => {
    const [x, y] = [round((before.x + point.x) / 2), round((before.y + point.y) / 2)];
    const [one, other] =
      direction === "LR"
        ? [`${x} ${round(before.y)}`, `${x} ${round(point.y)}`]
        : [`${round(before.x)} ${y}`, `${round(point.x)} ${y}`];
    before = point;
    return `C${one} ${other} ${round(point.x)} ${round(point.y)}`;
  });
  return `M${round(first.x)} ${round(first.y)}${parts.join("")}`;
}

const round = (value: number) => Math.round(value * 10) / 10;

const at = ({ x = 0, y = 0 }: { x?: number | undefined; y?: number | undefined }): Point => ({ x, y });

/** A box and all that lies before and after it. */
export function around(name: string, lines: readonly LineageLine[]): Set<string> {
  const reached = (next: (line: LineageLine, from: string) => string | undefined) => {
    const seen = new Set([name]);
    for (const one of seen)
      for (const line of lines) {
        const other = next(line, one);
        if (other !== undefined) seen.add(other);
      }
    return seen;
  };
  return new Set([
    ...reached(({ from, to }, one) => (to === one ? from : undefined)),
    ...reached(({ from, to }, one) => (from === one ? to : undefined)),
  ]);
}
