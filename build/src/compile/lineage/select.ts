import {
  type OutputColumn,
  constantColumn,
  eitherOf,
  madeOf,
  tableColumn,
  unknownColumn,
} from "./output-columns.js";
import { parseSelect } from "shopmetrics/plan";

/** What a select gives: its columns, and the tables whose rows it is made of. */
interface Rows {
  readonly columns: readonly OutputColumn[];
  readonly tables: readonly string[];
}

/** The columns of a table by its name in SQL, in lower case; undefined where it is not known. */
type Tables = (name: string) => readonly string[] | undefined;

/**
 * Works out what each column of a select comes from, through common table expressions, joins, unions, subqueries,
 * windows and `select *`. Names are looked up as Databricks does: the columns of the select's own sources come before
 * an alias given earlier in the same select list, and these before an outer query's.
 *
 * What cannot be resolved is said in the column's `unresolved` and never guessed.
 *
 * @param ast the parsed select
 * @param textOf writes an expression as SQL
 */
function rowsOfSelect(ast: Node, options: { tables: Tables; textOf: (node: Node) => string }): Rows {
  return query(ast, { ctes: new Map(), outer: undefined, ...options });
}

interface Scope {
  readonly ctes: ReadonlyMap<string, Rows>;
  /** The select around a subquery, whose columns it may name. */
  readonly outer: Frame | undefined;
  readonly tables: Tables;
  readonly textOf: (node: Node) => string;
}

/** The sources of one select, and the aliases its list has given so far. */
interface Frame {
  readonly scope: Scope;
  readonly relations: readonly Relation[];
  readonly using: ReadonlySet<string>;
  readonly aliases: ReadonlyMap<string, OutputColumn>;
}

interface Relation extends Rows {
  /** Names by which a column of it may be qualified. */
  readonly names: readonly string[];
  /** Set where the source is not known: any column may be one of its. */
  readonly problem?: string;
}

function query(node: Node, given: Scope): Rows {
  const [kind, body] = bodyOf(node);
  const scope = withCtes(body, given);
  switch (kind) {
    case "select":
      return select(body, scope);
    case "union":
      return union([query(body["left"] as Node, scope), query(body["right"] as Node, scope)]);
    // Rows of the right side only take rows away.
    case "except":
    case "intersect":
      return query(body["left"] as Node, scope);
    case "subquery":
    case "paren":
      return query(body["this"] as Node, scope);
    case "values": {
      const [first] = nodes(body["expressions"]);
      const width = nodes(first?.["expressions"]).length;
      const columns = Array.from({ length: width }, (_, index) => constantColumn(`col${index + 1}`));
      return { columns, tables: [] };
    }
    default:
      return { columns: [], tables: [] };
  }
}

function withCtes(body: Node, scope: Scope): Scope {
  const ctes = nodes((body["with"] as Node | null)?.["ctes"]);
  if (ctes.length === 0) return scope;
  const known = new Map(scope.ctes);
  for (const cte of ctes) {
    const rows = query(cte["this"] as Node, { ...scope, ctes: known });
    known.set(named(cte["alias"]), renamed(rows, columnAliases(cte["columns"])));
  }
  return { ...scope, ctes: known };
}

function renamed(rows: Rows, names: readonly string[]): Rows {
  if (names.length === 0) return rows;
  const columns = rows.columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
  return { ...rows, columns };
}

function union(sides: readonly Rows[]): Rows {
  const [first, ...others] = sides;
  const columns = (first?.columns ?? []).map((column, index) =>
    eitherOf(column.name, [column, ...others.flatMap((side) => side.columns[index] ?? [])]),
  );
  return { columns, tables: [...new Set(sides.flatMap(({ tables }) => tables))] };
}

function select(body: Node, scope: Scope): Rows {
  const frame = frameOf(body, scope);
  const columns: OutputColumn[] = [];
  const aliases = new Map<string, OutputColumn>();
  for (const item of nodes(body["expressions"])) {
    for (const column of projection(item, { ...frame, aliases })) {
      columns.push(column);
      if (bodyOf(item)[0] === "alias") aliases.set(column.name, column);
    }
  }
  return { columns, tables: [...new Set(frame.relations.flatMap(({ tables }) => tables))] };
}

/** The sources in a select's from and joins; a lateral one sees those before it. */
function frameOf(body: Node, scope: Scope): Frame {
  const relations: Relation[] = [];
  const joins = nodes(body["joins"]);
  const using = new Set(joins.flatMap((join) => columnAliases(join["using"])));
  const frame = { scope, relations, using, aliases: new Map() };
  const sources = nodes((body["from"] as Node | null)?.["expressions"]);
  for (const source of [...sources, ...joins.map((join) => join["this"] as Node)])
    relations.push(relation(source, scope, frame));
  return frame;
}

function relation(node: Node, scope: Scope, frame: Frame): Relation {
  const [kind, body] = bodyOf(node);
  const alias = named(body["alias"]);
  const aliases = columnAliases(body["column_aliases"]);
  if (kind === "table") {
    const name = [named(body["schema"]), named(body["name"])].filter(Boolean).join(".");
    const cte = scope.ctes.get(name);
    const columns = scope.tables(name);
    const names = alias ? [alias] : [name, named(body["name"])];
    if (cte) return { ...renamed(cte, aliases), names };
    if (!columns)
      return { names, columns: [], tables: [name], problem: `the columns of ${name} are not known` };
    const rows = { columns: columns.map((column) => tableColumn(name, column)), tables: [name] };
    return { ...renamed(rows, aliases), names };
  }
  if (kind === "subquery")
    return { ...renamed(query(node, { ...scope, outer: frame }), aliases), names: [alias] };
  // A table function: each of its columns is made of its arguments.
  const made = expression(kind === "alias" ? (body["this"] as Node) : node, frame);
  const columns = aliases.map((name) => ({ ...made, name }));
  const problem = aliases.length > 0 ? undefined : `the columns of ${scope.textOf(node)} are not named`;
  return { names: [alias], columns, tables: [], ...(problem && { problem }) };
}

function projection(item: Node, frame: Frame): OutputColumn[] {
  const [kind, body] = bodyOf(item);
  if (kind === "star") return star(body, frame);
  if (kind === "alias") {
    const made = expression(body["this"] as Node, frame);
    const several = columnAliases(body["column_aliases"]);
    return several.length > 0
      ? several.map((name) => ({ ...made, name }))
      : [{ ...made, name: named(body["alias"]) }];
  }
  return [expression(item, frame)];
}

function star(body: Node, { relations }: Frame): OutputColumn[] {
  const of = named(body["table"]);
  const left = new Set(columnAliases(body["except"]));
  const chosen = of ? relations.filter(({ names }) => names.includes(of)) : relations;
  const problem = chosen.find((relation) => relation.problem)?.problem;
  if (problem) return [unknownColumn("*", problem)];
  return chosen.flatMap(({ columns }) => columns).filter(({ name }) => !left.has(name));
}

/** What an expression is made of. A column alone is that column; anything else is made of all columns it names. */
function expression(node: Node, frame: Frame): OutputColumn {
  const [kind, body] = bodyOf(node);
  if (kind === "column") return column(body, frame);
  if (kind === "paren") return expression(body["this"] as Node, frame);
  const parts: OutputColumn[] = [];
  const isAggregate = visit(kind, body, frame, parts);
  const text = frame.scope.textOf(node);
  const made = madeOf(text, parts, {
    kind: isAggregate ? "aggregation" : "transformation",
    expression: text,
  });
  if (!isAggregate || made.sources.length > 0 || made.unresolved.length > 0) return made;
  const tables = [...new Set(frame.relations.flatMap((relation) => relation.tables))];
  return {
    ...made,
    sources: tables.map((table) => ({ table, column: "*", kind: "aggregation" as const })),
  };
}

/**
 * Collects the columns that an expression names, those of its subqueries too: what these filter by decides the value.
 *
 * @returns whether it aggregates
 */
function gather(value: unknown, frame: Frame, parts: OutputColumn[]): boolean {
  if (value === null || typeof value !== "object") return false;
  const inner = Array.isArray(value)
    ? value.map((element) => gather(element, frame, parts))
    : Object.entries(value).map(([kind, body]) =>
        isBody(body) ? visit(kind, body, frame, parts) : gather(body, frame, parts),
      );
  return inner.some(Boolean);
}

function visit(kind: string, body: Node, frame: Frame, parts: OutputColumn[]): boolean {
  if (kind === "column" && body["name"]) {
    parts.push(column(body, frame));
    return false;
  }
  if (queries.has(kind)) {
    const rows = query({ [kind]: body }, { ...frame.scope, outer: frame });
    parts.push(...rows.columns, ...conditions({ [kind]: body }, { ...frame.scope, outer: frame }));
    return rows.columns.some((column) => column.kind === "aggregation");
  }
  const aggregates = gather(takesUnit(kind, body) ? nodes(body["args"]).slice(1) : body, frame, parts);
  // An aggregate over a window gives each row a value of its own.
  if (kind === "window_function") return false;
  return aggregates || aggregateKinds.has(kind) || isAggregateCall(kind, body);
}

/** The columns in a subquery's where, which decide what it gives. */
function conditions(node: Node, given: Scope): OutputColumn[] {
  const [kind, body] = bodyOf(node);
  if (kind === "subquery") return conditions(body["this"] as Node, given);
  if (kind !== "select" || !body["where_clause"]) return [];
  const parts: OutputColumn[] = [];
  gather(body["where_clause"], frameOf(body, withCtes(body, given)), parts);
  return parts.map((part) => madeOf(part.name, [part], { kind: "transformation" }));
}

function column(body: Node, frame: Frame): OutputColumn {
  const name = named(body["name"]);
  const of = named(body["table"]);
  if (!of && name.startsWith("param__")) return constantColumn(name);
  const found = of ? qualified(of, name, frame) : unqualified(name, frame);
  return (
    found ?? unknownColumn(name, `${of ? `${of}.` : ""}${name} is not a column of what it is selected from`)
  );
}

function qualified(of: string, name: string, frame: Frame): OutputColumn | undefined {
  const relation = frame.relations.find(({ names }) => names.includes(of));
  if (relation) {
    const found = relation.columns.find((column) => column.name === name);
    return found ?? (relation.problem ? unknownColumn(name, relation.problem) : undefined);
  }
  // A field of a struct.
  const struct = unqualified(of, { ...frame, scope: { ...frame.scope, outer: undefined } });
  if (struct) return madeOf(name, [struct], { kind: "transformation", expression: `${of}.${name}` });
  return frame.scope.outer && qualified(of, name, frame.scope.outer);
}

function unqualified(name: string, frame: Frame): OutputColumn | undefined {
  const found = frame.relations.flatMap(({ columns }) => columns.filter((column) => column.name === name));
  const [first] = found;
  if (first && (found.length === 1 || frame.using.has(name))) return first;
  if (first) return unknownColumn(name, `${name} is ambiguous: several sources have it`);
  const problem = frame.relations.find((relation) => relation.problem)?.problem;
  if (problem) return unknownColumn(name, problem);
  return frame.aliases.get(name) ?? (frame.scope.outer && unqualified(name, frame.scope.outer));
}

const queries = new Set(["select", "union", "except", "intersect", "subquery", "values"]);

/** Aggregates that the parser knows as such. */
const aggregateKinds = new Set(
  `count sum avg min max count_if sum_if any_value array_agg logical_or logical_and stddev stddev_pop stddev_samp variance
  var_pop var_samp median mode first last approx_distinct approx_count_distinct aggregate_function group_concat string_agg
  list_agg percentile approx_percentile approx_quantile array_concat_agg corr covar_pop covar_samp`.split(
    /\s+/,
  ),
);

/** Those that the parser takes for a function like any other. */
const isAggregateCall = (kind: string, body: Node) =>
  kind === "function" &&
  /^(percentile(_approx)?|collect_(list|set)|(max|min)_by|bool_(and|or)|every|some)$/i.test(
    String(body["name"]),
  );

/** Whether it is a function whose first argument is a unit of time, such as `hour`, which the parser takes for a column. */
const takesUnit = (kind: string, body: Node) =>
  kind === "function" &&
  nodes(body["args"]).length === 3 &&
  /^(date_?|timestamp)(add|diff)$/i.test(String(body["name"]));

/** A node of the SQL parser's tree: `{ kind: body }`, or a part of a body. */
type Node = Record<string, unknown>;

/** A node's kind and its body. */
function bodyOf(node: Node): [string, Node] {
  const [entry] = Object.entries(node);
  return entry && isBody(entry[1]) ? [entry[0], entry[1]] : ["", {}];
}

/** A list of nodes; none where there is no list. */
const nodes = (value: unknown): Node[] => (Array.isArray(value) ? (value as Node[]) : []);

/** An identifier's name as SQL compares names, in lower case; empty where there is none. */
const named = (identifier: unknown): string =>
  String((identifier as { name?: string } | null | undefined)?.name ?? "").toLowerCase();

/** The names of a list of identifiers. */
const columnAliases = (identifiers: unknown): string[] => nodes(identifiers).map(named);

/** Whether a property's value is a body, not a list and not a plain value. */
const isBody = (value: unknown): value is Node =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** A select, and the columns of the tables that it may name. */
export interface Question {
  readonly select: string;
  readonly tables: Readonly<Record<string, readonly string[]>>;
}

/** What each column of a select comes from, directly. Pure, so that answers may be kept. */
export async function analyse({ select, tables }: Question): Promise<OutputColumn[]> {
  const { ast, textOf } = await parseSelect(select);
  return [...rowsOfSelect(ast, { tables: (name) => tables[name], textOf }).columns];
}
