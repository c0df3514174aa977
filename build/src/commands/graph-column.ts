import { InputError, readSettings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { compile } from "../compile/compile.js";
import type { ColumnLineage, TableLineage } from "../compile/lineage/columns.js";
import { columnId, follow, readName, type Direction, type LineageGraph } from "../compile/lineage/follow.js";

/** Prints what a column is computed from, or what is computed from it; for a table, the same of each of its columns. */
export async function graphColumn(
  name: string,
  options: { up?: boolean; down?: boolean; json?: boolean },
): Promise<void> {
  if (options.up && options.down)
    throw new InputError("--up and --down exclude each other: give one of them.");
  const { lineage } = await compile(readSettings().root, shop);
  const { table, column } = readName(lineage, name);
  const direction = options.down ? "down" : "up";
  if (column === undefined) return printTable(lineage, table, direction, Boolean(options.json));
  const graph = follow(lineage, { table, column }, direction);
  if (options.json) console.log(JSON.stringify({ column: columnId({ table, column }), direction, ...graph }));
  else for (const line of tree(graph, direction)) console.log(line);
}

function printTable(
  lineage: readonly TableLineage[],
  table: string,
  direction: Direction,
  json: boolean,
): void {
  const written = lineage.find((other) => other.table === table);
  if (json)
    return console.log(
      JSON.stringify({ table, steps: written?.steps ?? [], columns: written?.columns ?? [] }),
    );
  const columns = written?.columns ?? filesColumns(lineage, table);
  const width = Math.max(...columns.map(({ column }) => column.length));
  for (const made of columns) {
    const { edges } = follow(lineage, { table, column: made.column }, direction);
    const id = columnId({ table, column: made.column });
    const next = edges.flatMap(({ from, to }) =>
      direction === "up" ? (to === id ? from : []) : from === id ? to : [],
    );
    const arrow = next.length === 0 ? "" : direction === "up" ? "← " : "→ ";
    console.log(`${made.column.padEnd(width)}  ${arrow}${next.join(", ")}${howIs(made)}`.trimEnd());
  }
}

/** The columns of a source that no step writes, by the names that its readers use. */
const filesColumns = (lineage: readonly TableLineage[], table: string): ColumnLineage[] =>
  [
    ...new Set(
      lineage
        .flatMap(({ columns }) => columns.flatMap(({ sources }) => sources))
        .filter((source) => source.table === table)
        .map((source) => source.column),
    ),
  ].map((column) => ({ column, kind: "constant", sources: [], expressions: [], unresolved: [] }));

/** The graph as an indented tree. A column that occurs twice is expanded once. */
function tree(graph: LineageGraph, direction: Direction): string[] {
  const [start] = graph.nodes;
  const made = new Map(graph.nodes.map((node) => [columnId(node), node.made]));
  const printed = new Set<string>();
  const lines = (id: string, lead: string, below: string): string[] => {
    const again = printed.has(id);
    printed.add(id);
    const next = graph.edges.flatMap(({ from, to }) =>
      direction === "up" ? (to === id ? from : []) : from === id ? to : [],
    );
    const computed = made.get(id);
    const own = `${lead}${id}${computed ? howIs(computed) : ""}${again && next.length > 0 ? "  (see above)" : ""}`;
    if (again) return [own];
    return [
      own,
      ...next.flatMap((other, index) => {
        const isLast = index === next.length - 1;
        return lines(other, `${below}${isLast ? "└─ " : "├─ "}`, `${below}${isLast ? "   " : "│  "}`);
      }),
    ];
  };
  return start ? lines(columnId(start), "", "") : [];
}

/** How a column is computed, in brackets: the kind and the outermost expression, cut to the length of a line. */
function howIs({ kind, expressions, unresolved }: ColumnLineage): string {
  const [outermost] = expressions;
  const said = [
    words[kind] ?? "",
    outermost === undefined ? "" : cut(outermost),
    ...unresolved.map((problem) => `NOT RESOLVED: ${problem}`),
  ].filter(Boolean);
  return said.length > 0 ? `  [${said.join(": ")}]` : "";
}

const cut = (text: string) => (text.length <= longest ? text : `${text.slice(0, longest - 1)}…`);

const longest = 100;

const words: Partial<Record<ColumnLineage["kind"], string>> = {
  aggregation: "aggregated",
  stamp: "filled in when the row is written",
  program: "written by a program",
};
