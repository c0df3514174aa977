import { parser } from "@lezer/javascript";

/** A code cell of an open notebook. */
export interface OpenCell {
  readonly id: string;
  readonly source: string;
  /** What it held when it ran last with success in this kernel, and which run of the kernel that was. */
  readonly ran:
    { readonly source: string; readonly turn: number; readonly number: number | null } | undefined;
}

/**
 * Which cells show what no longer holds, with the reason: a name or a table that they read comes from a cell above that was
 * run again or edited since, or is stale itself.
 *
 * @param cells in the order of the notebook
 */
export function staleCells(cells: readonly OpenCell[]): Map<string, string> {
  const stale = new Map<string, string>();
  const makers = new Map<string, OpenCell>();
  for (const cell of cells) {
    const { reads, makes } = namesIn(cell.source);
    const reason =
      cell.ran && reads.map((name) => reasonOf(cell, name, makers.get(name), stale)).find(Boolean);
    if (reason) stale.set(cell.id, reason);
    for (const name of makes) makers.set(name, cell);
  }
  return stale;
}

function reasonOf(
  cell: OpenCell,
  name: string,
  maker: OpenCell | undefined,
  stale: ReadonlyMap<string, string>,
): string | undefined {
  if (!maker?.ran || maker.id === cell.id) return undefined;
  const which = maker.ran.number === null ? "the cell" : `cell [${maker.ran.number}]`;
  if (maker.source !== maker.ran.source) return `Stale: ${which}, which makes ${name}, has been edited.`;
  if (maker.ran.turn > cell.ran!.turn) return `Stale: ${which}, which makes ${name}, has run again.`;
  if (stale.has(maker.id)) return `Stale: ${which}, which makes ${name}, is stale.`;
  return undefined;
}

const typescript = parser.configure({ dialect: "ts" });
const known = new Map<string, { readonly reads: string[]; readonly makes: string[] }>();

/** The names and tables that a cell reads, and those that it makes. What it imports counts as neither. */
function namesIn(source: string) {
  const found = known.get(source);
  if (found) return found;
  const makes = new Set<string>();
  const reads = new Set<string>();
  const text = (node: { readonly from: number; readonly to: number }) => source.slice(node.from, node.to);
  typescript.parse(source).iterate({
    enter(node) {
      if (node.name === "ImportDeclaration") return false;
      if (node.name === "VariableDefinition" && isTop(node.node)) makes.add(text(node));
      if (node.name === "VariableName") reads.add(text(node));
      if (node.name === "MemberExpression" && /^(?:bronze|silver|gold|ops)\.\w+$/.test(text(node)))
        reads.add(text(node));
      return undefined;
    },
  });
  for (const [, table] of source.matchAll(writes)) makes.add(table!);
  const names = { reads: [...reads].filter((name) => !makes.has(name)), makes: [...makes] };
  known.set(source, names);
  return names;
}

/** A verb that keeps its first argument's rows. */
const writes = /\b(?:load|append|merge|history|refresh)\(\s*((?:bronze|silver|gold)\.\w+)/g;

/** Whether a definition is of the cell itself, not within a function or a block. */
function isTop(node: {
  readonly parent: { readonly name: string; readonly parent: unknown } | null;
}): boolean {
  let above = node.parent as { readonly name: string; readonly parent: unknown } | null;
  const own = above?.name;
  if (own === "FunctionDeclaration" || own === "ClassDeclaration") above = above!.parent as typeof above;
  while (above && above.name !== "Script") {
    if (
      [
        "Block",
        "ArrowFunction",
        "FunctionExpression",
        "FunctionDeclaration",
        "ParamList",
        "ClassBody",
      ].includes(above.name)
    )
      return false;
    above = above.parent as typeof above;
  }
  return true;
}
