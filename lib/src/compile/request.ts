import { givenColumns, historyColumns, originColumns, type Dialect } from "../engine/dialect.js";
import { databricksDialect } from "../engine/databricks/dialect.js";
import { duckdbDialect } from "../engine/duckdb/dialect.js";
import { operation } from "../engine/operation.js";
import type { DialectName, Item, LoadFiles, Operation, Place } from "../plan/plan.js";
import type { Request } from "../session/session.js";
import { marker, render, withMarkers, type Param, type Rendered } from "../sql/render.js";
import type { SqlValue, Statement } from "../sql/statement.js";

/** An engine's dialect, with how a select gets into it and how it marks a bound parameter. */
export interface Target {
  readonly dialect: Dialect;
  readonly translate: (text: string) => Promise<string>;
  readonly mark: (param: string) => string;
}

export const duckdbTarget = (translate: (text: string) => Promise<string>): Target => ({
  dialect: duckdbDialect,
  translate,
  mark: (param) => `$${param}`,
});

/** Keeps parameters as identifiers: a SQL file declares variables of these names, a client binds them. */
export const databricksTarget: Target = {
  dialect: databricksDialect,
  translate: async (text) => text,
  mark: marker,
};

/** The target of an engine. @param translate makes Databricks SQL DuckDB's; only that engine needs it */
export const targetOf = (engine: DialectName, translate: (text: string) => Promise<string>): Target =>
  engine === "duckdb" ? duckdbTarget(translate) : databricksTarget;

/** A request made into statements, with what it reads and binds. */
export interface CompiledItem {
  readonly item: Item;
  readonly params: readonly Param[];
  readonly reads: readonly string[];
  readonly changes: readonly string[];
  readonly takes: readonly string[];
  /** The rows as the first target selects them and the columns they must have, for verbs that write. */
  readonly shape?: { readonly sql: string; readonly columns: readonly string[] };
}

/** Gives each literal of a step a parameter of its own: p1, p2 … */
export function literals(): (value: SqlValue) => Param {
  const known = new Map<string, Param>();
  return (value) => {
    const key = `${typeof value} ${String(value)}`;
    const param = known.get(key) ?? { name: `p${known.size + 1}`, kind: "literal" as const, value };
    known.set(key, param);
    return param;
  };
}

/** Makes a request into an item: each target's own statements for it. Pure but for loading the translator. */
export async function compileRequest(
  request: Request,
  options: {
    targets: readonly Target[];
    stages?: ReadonlyMap<Statement, string>;
    literal: (value: SqlValue) => Param;
    place?: Place | undefined;
  },
): Promise<CompiledItem> {
  const rendered = new Map<Statement, Rendered>();
  const params = new Map<string, Param>();
  const textOf = (statement: Statement): string => {
    const stage = options.stages?.get(statement);
    if (stage) return `select * from ${stage}`;
    const made = rendered.get(statement) ?? render(statement, options);
    rendered.set(statement, made);
    return made.text;
  };
  const bind = (value: SqlValue) => {
    const param = options.literal(value);
    params.set(param.name, param);
    return marker(param.name);
  };

  const rowsOf = async (rows: Statement, target: Target) =>
    withMarkers(await target.translate(textOf(rows)), target.mark);

  const scripts: Record<DialectName, readonly Operation[]> = { duckdb: [], databricks: [] };
  for (const { dialect, translate, mark } of options.targets) {
    const select = (statement: Statement) => translate(textOf(statement));
    const operations = await operationsOf(request, dialect, select, bind);
    scripts[dialect.name] = operations.map((one) => ({ ...one, sql: withMarkers(one.sql, mark) }));
    for (const { params: used } of operations) for (const name of used) addRunParam(params, name);
  }
  for (const made of rendered.values()) for (const param of made.params) params.set(param.name, param);

  const all = [...rendered.values()];
  const wanted = columnsWanted(request);
  const written = "rows" in request ? request.rows : "what" in request ? request.what : undefined;
  const [first] = options.targets;
  return {
    ...(wanted && first && written && { shape: { columns: wanted, sql: await rowsOf(written, first) } }),
    item: {
      kind: request.kind,
      ...("table" in request && { table: request.table.name }),
      name: nameOf(request),
      place: options.place,
      ...(request.kind === "load" && { load: loadOf(request) }),
      ...(request.kind === "rows" && request.snapshot && { snapshot: request.snapshot }),
      ...(written && { select: textOf(written) }),
      ...(request.kind === "history" && { of: request.of }),
      ...(request.kind === "reject" && { of: request.raw.name }),
      scripts,
    },
    params: [...params.values()],
    reads: [...new Set([...all.flatMap(({ reads }) => reads), ...alsoRead(request)])],
    changes: [...new Set(all.flatMap(({ changes }) => changes))],
    takes: [...new Set(all.flatMap(({ takes }) => takes))],
  };
}

/** A stage as an item: a select computed once and read by several items. */
export async function compileStage(
  statement: Statement,
  name: string,
  options: Parameters<typeof compileRequest>[1],
): Promise<CompiledItem> {
  const made = render(statement, options);
  const scripts: Record<DialectName, readonly Operation[]> = { duckdb: [], databricks: [] };
  for (const { dialect, translate, mark } of options.targets) {
    const operations = dialect.stage(name, await translate(made.text));
    scripts[dialect.name] = operations.map((one) => ({ ...one, sql: withMarkers(one.sql, mark) }));
  }
  return {
    item: { kind: "stage", name, place: options.place, select: made.text, scripts },
    params: made.params,
    reads: made.reads,
    changes: made.changes,
    takes: made.takes,
  };
}

/** The statements a request is about, in the order in which they are read. */
export function statementsOf(request: Request): Statement[] {
  switch (request.kind) {
    case "load":
    case "maintain":
      return [];
    case "check":
      return [request.measure];
    case "show":
    case "rows":
      return [request.what];
    case "refresh":
      return [...(request.of ? [request.of.select] : []), request.rows];
    default:
      return [request.rows];
  }
}

/** Tables that a request reads beside those its selects name: the raw rows of rejects, and the contract's references. */
function alsoRead(request: Request): string[] {
  if (request.kind === "reject") return [request.raw.name];
  if (!["append", "merge", "history", "refresh"].includes(request.kind) || !("table" in request)) return [];
  const targets = Object.values((request.table.options.references ?? {}) as Record<string, string>);
  return targets.map((column) => column.slice(0, column.lastIndexOf(".")));
}

/** What a select lacks of the columns it must give, or has beside them, in words; undefined if it fits. */
export function misfit(item: Item, wanted: readonly string[], given: readonly string[]): string | undefined {
  const missing = wanted.filter((name) => !given.includes(name));
  const extra = item.kind === "reject" ? [] : given.filter((name) => !wanted.includes(name));
  const problem = [
    missing.length ? `lacks ${missing.join(", ")}` : "",
    extra.length ? `has ${extra.join(", ")}, which ${item.table ?? `query "${item.name}"`} does not` : "",
  ];
  return problem.filter(Boolean).join(" and ") || undefined;
}

/** The columns a notebook's select must give for a request, where there are such. */
export function columnsWanted(request: Request): readonly string[] | undefined {
  switch (request.kind) {
    case "append":
    case "merge":
    case "refresh":
      return givenColumns(request.table).map(({ name }) => name);
    case "history":
      return [...givenColumns(request.table, historyColumns).map(({ name }) => name), ...originColumns];
    case "reject":
      return ["reasons", "source_file", "source_row"];
    case "rows":
      return request.snapshot && Object.keys(request.snapshot.columns);
    default:
      return undefined;
  }
}

async function operationsOf(
  request: Request,
  dialect: Dialect,
  select: (statement: Statement) => Promise<string>,
  bind: (value: SqlValue) => string,
): Promise<Operation[]> {
  switch (request.kind) {
    case "load":
      return [];
    case "append":
      return dialect.append({ table: request.table, rows: await select(request.rows) });
    case "merge":
      return dialect.merge({ table: request.table, rows: await select(request.rows) });
    case "history":
      return dialect.history({ table: request.table, rows: await select(request.rows), of: request.of });
    case "refresh": {
      const scope = request.of && { columns: request.of.columns, select: await select(request.of.select) };
      return dialect.refresh({ table: request.table, rows: await select(request.rows), scope });
    }
    case "reject":
      return dialect.reject({ table: request.table, rows: await select(request.rows), raw: request.raw });
    case "check":
      return dialect.check({
        measure: await select(request.measure),
        name: bind(request.name),
        severity: bind(request.severity),
        max: bind(request.max),
      });
    case "show":
      return dialect.show(await select(request.what), request.limit, request.offset);
    case "rows":
      return [operation(await select(request.what), { kind: "show" })];
    case "maintain":
      return dialect.maintain(request.table);
  }
}

function nameOf(request: Request): string {
  if ("name" in request) return request.name;
  if (request.kind === "rows" && request.snapshot) return request.snapshot.name;
  return "table" in request ? request.table.name : "show";
}

const loadOf = (request: Request & { kind: "load" }): LoadFiles => ({
  table: request.table.name,
  folder: request.folder,
  format: request.table.options.files ?? "csv",
  columns: request.table.columns.map(({ name }) => name).filter((name) => !auditColumns.has(name)),
});

const auditColumns = new Set(["_rescued_data", "source_file", "source_row", "ingested_at"]);

/** Parameters that verbs bind of themselves: the run's values and the batch of the table written. */
function addRunParam(params: Map<string, Param>, name: string): void {
  if (params.has(name)) return;
  if (["run_id", "run_date", "now", "full"].includes(name)) params.set(name, { name, kind: "run" });
  const batch = /^batch_(bronze|silver|gold|ops)_(\w+)$/.exec(name);
  if (batch) params.set(name, { name, kind: "batch", table: `${batch[1]}.${batch[2]}` });
}
