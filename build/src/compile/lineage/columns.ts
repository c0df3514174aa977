import {
  arrivedColumns,
  batchColumns,
  beforeTable,
  isAuditColumn,
  landingFolderOf,
  loggedColumns,
  rejected_rows,
  verbNamed,
  type Item,
  type Plan,
  type Table,
  type Tables,
} from "shopmetrics/plan";
import type { Question } from "./select.js";
import {
  constantColumn,
  eitherOf,
  madeOf,
  tableColumn,
  type ColumnSource,
  type OutputColumn,
  type Transformation,
} from "./output-columns.js";

/**
 * What a column of a table comes from. `stamp`: the verb fills it in, such as when the row was written. `program`: the
 * step is a program: only the tables, folders and topics it reads are known.
 */
export interface ColumnLineage {
  readonly column: string;
  readonly kind: Transformation | "constant" | "stamp" | "program";
  readonly sources: readonly ColumnSource[];
  /** The expressions on the way, the outermost first. */
  readonly expressions: readonly string[];
  /** What could not be resolved. */
  readonly unresolved: readonly string[];
}

/** What a table's columns come from, and the steps that write it. */
export interface TableLineage {
  readonly table: string;
  readonly steps: readonly string[];
  readonly columns: readonly ColumnLineage[];
}

/**
 * What the columns of all tables that the plans write come from, of the dashboard's queries too, read from the plans'
 * selects. Files are named by their folder: `landing/orders`.
 *
 * @param ask tells what a select's columns come from directly
 */
export async function lineageOf(
  plans: readonly Plan[],
  tables: Tables,
  ask: (question: Question) => Promise<readonly OutputColumn[]>,
): Promise<TableLineage[]> {
  const written = new Map<string, { steps: string[]; columns: Map<string, ColumnLineage[]> }>();
  for (const plan of plans) {
    for (const { table, columns } of await lineageOfPlan(plan, tables, ask)) {
      const entry = written.get(table) ?? { steps: [], columns: new Map<string, ColumnLineage[]>() };
      written.set(table, entry);
      if (!entry.steps.includes(plan.step)) entry.steps.push(plan.step);
      for (const column of columns)
        entry.columns.set(column.column, [...(entry.columns.get(column.column) ?? []), column]);
    }
  }
  return [...written].map(([table, { steps, columns }]) => ({
    table,
    steps,
    columns: [...columns.values()].map(merged),
  }));
}

type Written = Pick<TableLineage, "table" | "columns">;

async function lineageOfPlan(
  plan: Plan,
  tables: Tables,
  ask: (question: Question) => Promise<readonly OutputColumn[]>,
): Promise<Written[]> {
  if (plan.runtime === "node") return plan.writes.flatMap((table) => byProgram(plan, table, tables));
  const known = columnsKnown(plan, tables);
  const logged = new Map(
    [...tables.values()]
      .filter(({ options }) => options.tracks)
      .map((table) => [beforeTable(table), table.name]),
  );
  const stages = new Map<string, readonly OutputColumn[]>();
  const made: Written[] = [];
  for (const item of plan.items) {
    if (item.load) made.push(loaded(item.load, tables));
    if (item.select === undefined || verbNamed(item.kind)?.isShown) continue;
    const direct = await ask({ select: item.select, tables: known });
    const columns = direct.map((column) => resolved(column, stages, logged));
    if (item.kind === "stage") {
      stages.set(item.name, columns);
      known[item.name] = columns.map(({ name }) => name);
    } else made.push(...writtenBy(plan, item, columns, tables));
  }
  return made;
}

/** The columns of the tables that a plan may name, those that the verbs add and the logs of earlier values too. */
function columnsKnown(plan: Plan, tables: Tables): Record<string, readonly string[]> {
  const known: Record<string, readonly string[]> = {};
  for (const table of tables.values()) {
    if (!plan.reads.includes(table.name) && !plan.writes.includes(table.name)) continue;
    known[table.name] = [...table.columns.map(({ name }) => name), ...batchColumns(table)];
    if (table.options.tracks)
      known[beforeTable(table)] = [...loggedColumns(table).map(({ name }) => name), "_batch"];
  }
  return known;
}

/** Puts in place of a stage's columns what these come from, and in place of a log's columns those of its table. */
function resolved(
  column: OutputColumn,
  stages: ReadonlyMap<string, readonly OutputColumn[]>,
  logged: ReadonlyMap<string, string>,
): OutputColumn {
  if (column.sources.length === 0) return column;
  const parts = column.sources.map((source) => {
    const stage = stages.get(source.table);
    const from = stage
      ? source.column === "*"
        ? madeOf("*", stage.map(rowsOf), { kind: "aggregation" })
        : stage.find(({ name }) => name === source.column)!
      : tableColumn(logged.get(source.table) ?? source.table, source.column);
    return madeOf(column.name, [from], { kind: source.kind });
  });
  const made = madeOf(column.name, parts, { kind: "identity" });
  return {
    ...made,
    // A stage's column may be a constant; what is counted stays counted.
    kind: made.sources.length === 0 && column.kind === "aggregation" ? column.kind : made.kind,
    expressions: [...new Set([...column.expressions, ...made.expressions])],
    unresolved: [...new Set([...column.unresolved, ...made.unresolved])],
  };
}

/** The rows that a column's value is taken from. */
const rowsOf = (column: OutputColumn): OutputColumn => ({
  ...column,
  sources: column.sources.map((source) => ({ ...source, column: "*", kind: "aggregation" as const })),
  expressions: [],
});

function writtenBy(plan: Plan, item: Item, columns: readonly OutputColumn[], tables: Tables): Written[] {
  if (item.snapshot)
    return [{ table: `${plan.step}.${item.name}`, columns: columns.map((column) => plain(column)) }];
  if (verbNamed(item.kind)?.role === "reject") return [rejected(item, columns, tables)];
  const table = item.table === undefined ? undefined : tables.get(item.table);
  if (!table || verbNamed(item.kind)?.role !== "keep") return [];
  const given = new Map(columns.map((column) => [column.name, column]));
  if (item.by !== undefined) addHistory(given, item.by, item.deleted);
  return [
    {
      table: table.name,
      columns: table.columns.map(({ name }) => columnOf(table, name, given.get(name))),
    },
  ];
}

function columnOf(table: Table, name: string, made: OutputColumn | undefined): ColumnLineage {
  if (isAuditColumn(table, name)) return stamp(name);
  if (!made)
    return { ...plain(constantColumn(name)), unresolved: [`the select for ${table.name} does not give it`] };
  // Rows that a table takes over from itself are not where they come from.
  const others = made.sources.filter((source) => source.table !== table.name);
  if (others.length === 0 && made.sources.length > 0)
    return { ...plain(made), unresolved: [...made.unresolved, `comes only from ${table.name} itself`] };
  return { ...plain(made), sources: others };
}

/** What `history` works out from the changes it is given. */
function addHistory(given: Map<string, OutputColumn>, of: string, deleted: string | undefined): void {
  const start = given.get("effective_start_date");
  const entity = given.get(of);
  const parts = [...(entity ? [entity] : []), ...(start ? [start] : [])];
  const add = (name: string, from: readonly OutputColumn[], expression: string) =>
    given.set(name, madeOf(name, from, { kind: "transformation", expression }));
  add("surrogate_key", parts, `md5(${of}, effective_start_date)`);
  add("effective_end_date", parts, `lead(effective_start_date) over (partition by ${of})`);
  add("is_current", parts, "effective_end_date is null");
  const flag = deleted === undefined ? undefined : given.get(deleted);
  add("end_reason", flag ? [...parts, flag] : parts, flag ? `lead(${deleted})` : "'changed'");
}

function rejected(item: Item, columns: readonly OutputColumn[], tables: Tables): Written {
  const raw = tables.get(item.raw ?? "");
  const given = new Map(columns.map((column) => [column.name, column]));
  const arrived = raw ? arrivedColumns(raw).map(({ name }) => tableColumn(raw.name, name)) : [];
  given.set(
    "raw_row",
    madeOf("raw_row", arrived, { kind: "transformation", expression: "to_json(raw row)" }),
  );
  given.set("table_name", constantColumn("table_name", [`'${item.table}'`]));
  return {
    table: rejected_rows.name,
    columns: rejected_rows.columns.map(({ name }) => columnOf(rejected_rows, name, given.get(name))),
  };
}

function loaded({ table: name, folder, columns }: NonNullable<Item["load"]>, tables: Tables): Written {
  const files = `landing/${folder}`;
  const whole = { table: files, column: "*", kind: "transformation" as const };
  return {
    table: name,
    columns: tables.get(name)!.columns.map(({ name: column }) => {
      if (columns.includes(column)) return plain(tableColumn(files, column), column);
      return column === "_rescued_data"
        ? { ...plain(constantColumn(column)), kind: whole.kind, sources: [whole] }
        : stamp(column);
    }),
  };
}

function byProgram({ sources: read, reads }: Plan, name: string, tables: Tables): Written[] {
  const own = `landing/${landingFolderOf(name)}`;
  // A program that loads several folders loads each into the table that is called after it.
  const from = read.includes(own)
    ? read.filter((source) => source === own || !source.startsWith("landing/"))
    : read;
  const sources = [...from, ...reads].map((table) => ({
    table,
    column: "*",
    kind: "transformation" as const,
  }));
  const columns = tables.get(name)?.columns ?? [];
  const table = tables.get(name);
  if (table && read.includes(own) && (table.options.files ?? "csv") === "csv") {
    // Whoever landed the exports, they have the table's columns.
    const kept = arrivedColumns(table).flatMap((one) => (one.name === "_rescued_data" ? [] : [one.name]));
    const folder = landingFolderOf(name);
    const made = loaded({ table: name, folder, format: "csv", columns: kept }, tables);
    const others = sources.filter((source) => source.table !== own);
    const asked = (column: ColumnLineage) => ({ ...column, sources: [...column.sources, ...others] });
    return [{ ...made, columns: made.columns.map((one) => (one.kind === "stamp" ? one : asked(one))) }];
  }
  return [
    {
      table: name,
      columns: columns.map(({ name: column }) => ({
        ...plain(constantColumn(column)),
        kind: "program",
        sources,
      })),
    },
  ];
}

const stamp = (column: string): ColumnLineage => ({ ...plain(constantColumn(column)), kind: "stamp" });

const plain = ({ name, ...made }: OutputColumn, column = name): ColumnLineage => ({ column, ...made });

/** A column that several statements or steps write. */
function merged(columns: readonly ColumnLineage[]): ColumnLineage {
  const [first] = columns;
  if (columns.length === 1) return first!;
  const made = columns.flatMap(({ column, kind, ...rest }): OutputColumn[] =>
    kind === "stamp" || kind === "program" ? [] : [{ name: column, kind, ...rest }],
  );
  return made.length === 0 ? first! : plain(eitherOf(first!.column, made));
}
