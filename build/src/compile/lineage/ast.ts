/** A node of the SQL parser's tree: `{ kind: body }`, or a part of a body. */
export type Node = Record<string, unknown>;

/** A node's kind and its body. */
export function bodyOf(node: Node): [string, Node] {
  const [entry] = Object.entries(node);
  return entry && isBody(entry[1]) ? [entry[0], entry[1]] : ["", {}];
}

/** A list of nodes; none where there is no list. */
export const nodes = (value: unknown): Node[] => (Array.isArray(value) ? (value as Node[]) : []);

/** An identifier's name as SQL compares names, in lower case; empty where there is none. */
export const named = (identifier: unknown): string =>
  String((identifier as { name?: string } | null | undefined)?.name ?? "").toLowerCase();

/** The names of a list of identifiers. */
export const columnAliases = (identifiers: unknown): string[] => nodes(identifiers).map(named);

/** Whether a property's value is a body, not a list and not a plain value. */
export const isBody = (value: unknown): value is Node =>
  value !== null && typeof value === "object" && !Array.isArray(value);
