import type { EngineAdapter, Surroundings, Writing } from "../engine/adapter.js";
import { textOf, type CommonTableExpression, type Draft } from "../engine/operation.js";
import type { Column } from "../contracts/table.js";
import { batchColumns, loggedColumns } from "../plan/kept-columns.js";
import type { Item, Operation, Place } from "../plan/plan.js";
import { batchParam, marker, paramsIn, runParams, withMarkers, type Param } from "../sql/param.js";
import { afterImageName, beforeTable, render, type Rendered } from "../sql/render.js";
import { SqlError } from "../sql/sql-error.js";
import type { SqlValue, Statement } from "../sql/statement.js";
import { verbOf, type VerbRequest } from "../verbs/registry.js";

/** A request that waits for its engines' statements, with what it reads and binds. */
export interface CompiledItem {
  readonly item: Item;
  readonly params: readonly Param[];
  readonly reads: readonly string[];
  readonly changes: readonly string[];
  readonly takes: readonly string[];
  /** The select of a verb that wants certain columns, as the first engine gets it, and these columns. */
  readonly shape?: Shape;
}

interface Shape {
  readonly sql: string;
  /** Names of the parameters that it binds. */
  readonly params: readonly string[];
  readonly columns: readonly string[];
}

/** What the compiler needs of an engine. */
export type Target = Pick<EngineAdapter, "name" | "dialect" | "translate" | "mark">;

interface CompileOptions {
  readonly targets: readonly Target[];
  /** The names of statements that have been staged. */
  readonly stages?: ReadonlyMap<Statement, string>;
  /** The verb's requests before this one in the step: on some engines a check sees what they will have written. */
  readonly kept?: VerbRequest | undefined;
  readonly literal: (value: SqlValue) => Param;
  readonly place?: Place | undefined;
  /** What the statements that have been staged give. */
  readonly stageColumns?: ReadonlyMap<Statement, Surroundings["relations"][string]>;
  /** Names of all tables of the project, for the words of an error. */
  readonly tables?: readonly string[];
}

/** A request or a stage with each engine's statements still as data. */
export interface DraftedItem extends Omit<CompiledItem, "item"> {
  readonly item: Omit<Item, "scripts">;
  readonly drafts: ReadonlyMap<string, readonly LinkedDraft[]>;
}

/** A draft with the stages that it reads. */
export interface LinkedDraft extends Draft {
  readonly stages: readonly Statement[];
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

/** Makes a request into an item: each engine's own statements for it. Pure but for loading the translator. */
export async function compileRequest(request: VerbRequest, options: CompileOptions): Promise<CompiledItem> {
  const { drafts, item, ...rest } = await draftRequest(request, options);
  const scripts = Object.fromEntries(
    options.targets.map((target) => [
      target.name,
      (drafts.get(target.name) ?? []).map((draft) => finished(draft, target)),
    ]),
  );
  return { ...rest, item: { ...item, scripts } };
}

/** The same with the statements still as data, for a step whose stages have not been placed. */
export async function draftRequest(request: VerbRequest, options: CompileOptions): Promise<DraftedItem> {
  const verb = verbOf(request);
  const bound = new Map<string, Param>();
  const rendered: Rendered[] = [];
  const drafts = new Map<string, readonly LinkedDraft[]>();
  let shape: Shape | undefined;
  const selected = verb.select?.(request);
  const plain = renderer(options, options.stages, undefined);
  for (const target of options.targets) {
    const { kept } = options;
    const image = verb.role === "check" && kept && "table" in kept ? target.dialect.afterImage : undefined;
    const renderOf =
      image && kept && "table" in kept ? renderer(options, options.stages, kept.table.name) : plain;
    const texts = new Map<Statement, string>();
    const asked = new Set<Statement>();
    for (const [select] of verb.readers(request)) {
      const { sql, columns } = await translated(target, renderOf(select), options);
      texts.set(select, sql);
      if (select === selected && columns) refuseOtherTypes(request, columns, verb.types?.(request) ?? {});
    }
    const writing: Writing = {
      sqlOf(select) {
        asked.add(select);
        return texts.get(select)!;
      },
      bind(value) {
        const param = options.literal(value);
        bound.set(param.name, param);
        return marker(param.name);
      },
    };
    const parts = partOf(target, request)(request, writing);
    refuseUnsaid(request, asked, parts);
    const made = parts.map((draft) => linked(draft, renderOf));
    drafts.set(
      target.name,
      image && kept && "table" in kept
        ? made.map((draft) => withImage(draft, renderOf, kept.table.name, image(kept.table, kept.kind)))
        : made,
    );
    rendered.push(...verb.readers(request).map(([select]) => renderOf(select)));
    const columns = verb.columns?.(request);
    if (!shape && columns && selected) {
      const text = texts.get(selected)!;
      shape = { sql: withMarkers(text, target.mark), params: paramsIn(text), columns };
    }
    for (const name of parts.flatMap((draft) => paramsIn(textOf(draft))))
      addStepParam(bound, name, [request, kept]);
  }
  for (const made of rendered) for (const param of made.params) bound.set(param.name, param);
  for (const draft of [...drafts.values()].flat())
    for (const name of paramsIn(textOf(draft))) addStepParam(bound, name, [request, options.kept]);
  const table = "table" in request ? request.table : undefined;
  return {
    ...(shape && { shape }),
    item: {
      kind: request.kind,
      ...(table && { table: table.name }),
      name: verb.title?.(request) ?? table?.name ?? request.kind,
      place: options.place,
      ...verb.item?.(request),
      ...(selected && { select: plain(selected).text }),
      ...(verb.role === "keep" && table?.options.tracks && { before: beforeTable(table) }),
    },
    drafts,
    params: [...bound.values()],
    reads: [...new Set([...rendered.flatMap(({ reads }) => reads), ...(verb.alsoReads?.(request) ?? [])])],
    changes: [...new Set(rendered.flatMap(({ changes }) => changes))],
    takes: [...new Set(rendered.flatMap(({ takes }) => takes))],
  };
}

/** A stage: a select computed once and read by several requests. */
export async function draftStage(
  statement: Statement,
  name: string,
  options: CompileOptions,
): Promise<DraftedItem & { readonly columns: Surroundings["relations"][string] }> {
  const made = render(statement, options);
  const drafts = new Map<string, readonly LinkedDraft[]>();
  let columns: Surroundings["relations"][string] = {};
  for (const target of options.targets) {
    const translation = await translated(target, made, options);
    columns = translation.columns ?? columns;
    drafts.set(target.name, [
      { ...target.dialect.stage(name, translation.sql, statement), stages: made.stages },
    ]);
  }
  return {
    columns,
    item: { kind: "stage", name, place: options.place, select: made.text },
    drafts,
    params: made.params,
    reads: made.reads,
    changes: made.changes,
    takes: made.takes,
  };
}

const translated = (target: Target, made: Rendered, options: CompileOptions) =>
  target.translate(made.text, surroundingsOf(made, options));

/** What a select may read: tables with their batches, the logs of tracked columns, stages; and its parameters. */
function surroundingsOf(made: Rendered, { stages, stageColumns, tables }: CompileOptions): Surroundings {
  const relations: Record<string, Record<string, string>> = {};
  for (const table of made.tables) {
    const typed = (columns: readonly Column[]) =>
      Object.fromEntries(columns.map(({ name, type }) => [name, type]));
    const columns = {
      ...typed(table.columns),
      ...Object.fromEntries(batchColumns(table).map((name) => [name, "BIGINT"])),
    };
    relations[table.name] = columns;
    if (made.images.includes(table.name)) relations[afterImageName(table.name)] = columns;
    if (table.options.tracks)
      relations[beforeTable(table)] = { ...typed(loggedColumns(table)), _batch: "BIGINT" };
  }
  for (const stage of made.stages) relations[stages?.get(stage) ?? ""] = stageColumns?.get(stage) ?? {};
  return {
    relations,
    params: Object.fromEntries(made.params.map((param) => [param.name, typeOf(param)])),
    ...(tables && { tables }),
  };
}

/** A parameter's type as engines bind it. */
function typeOf(param: Param): string {
  if (param.kind === "run") return runTypes[param.name] ?? "STRING";
  if (param.kind !== "literal") return "BIGINT";
  const { value } = param;
  if (typeof value === "string") return "STRING";
  if (typeof value === "boolean") return "BOOLEAN";
  if (value === null) return "VOID";
  return typeof value === "bigint" || Number.isSafeInteger(value) ? "BIGINT" : "DOUBLE";
}

const runTypes: Readonly<Record<string, string>> = {
  run_date: "DATE",
  now: "TIMESTAMP",
  keep_from: "TIMESTAMP",
  full: "BOOLEAN",
  from_date: "DATE",
  to_date: "DATE",
};

/** A draft as the engine gets it. */
export function finished(
  { head, expressions, body, tail, samples, reads: _reads, stages: _stages, ...rest }: LinkedDraft,
  { mark }: Pick<Target, "mark">,
): Operation {
  const marked = (text: string) => ({ sql: withMarkers(text, mark), params: paramsIn(text) });
  return {
    ...marked(textOf({ head, expressions, body, tail })),
    ...rest,
    ...(samples && { samples: marked(samples) }),
  };
}

/** What a select lacks of the columns it must give, or has in addition, in words; undefined if it fits. */
export function columnMismatch(
  item: Item,
  wanted: readonly string[],
  given: readonly string[],
): string | undefined {
  const missing = wanted.filter((name) => !given.includes(name));
  const extra = item.kind === "reject" ? [] : given.filter((name) => !wanted.includes(name));
  const problem = [
    missing.length ? `lacks ${missing.join(", ")}` : "",
    extra.length ? `has ${extra.join(", ")}, which ${item.table ?? `query "${item.name}"`} does not` : "",
  ];
  return problem.filter(Boolean).join(" and ") || undefined;
}

type Render = (statement: Statement) => Rendered;

/** Renders statements, each once. A statement that is a stage is read by its name. */
function renderer(
  options: CompileOptions,
  stages: ReadonlyMap<Statement, string> | undefined,
  afterImage: string | undefined,
): Render {
  const known = new Map<Statement, Rendered>();
  const images = afterImage === undefined ? undefined : new Set([afterImage]);
  return (statement) => {
    const before = known.get(statement);
    if (before) return before;
    const stage = stages?.get(statement);
    const made: Rendered = stage
      ? {
          text: `select * from ${stage}`,
          params: [],
          reads: [],
          changes: [],
          takes: [],
          stages: [statement],
          images: [],
          tables: [],
        }
      : render(statement, { ...options, ...(stages && { stages }), ...(images && { afterImages: images }) });
    known.set(statement, made);
    return made;
  };
}

const linked = (draft: Draft, renderOf: Render): LinkedDraft => ({
  ...draft,
  stages: [...new Set(draft.reads.flatMap((select) => renderOf(select).stages))],
});

/** The draft with what a table will hold in front, where it reads that. */
function withImage(draft: LinkedDraft, renderOf: Render, table: string, image: string): LinkedDraft {
  if (!draft.reads.some((select) => renderOf(select).images.length > 0)) return draft;
  const expression: CommonTableExpression = { name: afterImageName(table), select: image };
  return { ...draft, expressions: [expression, ...draft.expressions] };
}

/** What orders changes is compared, so a number that came as text would be sorted by its digits. */
function refuseOtherTypes(
  { kind, ...request }: VerbRequest,
  given: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): void {
  for (const [name, type] of Object.entries(wanted)) {
    const own = given[name]?.toUpperCase();
    if (own === undefined || own === type || (isWhole(own) && isWhole(type))) continue;
    const table = "table" in request ? ` ${request.table.name}` : "";
    throw new SqlError(
      `the select for ${kind}${table} gives ${name} as ${own}, and it has to be ${type}`,
      undefined,
      name,
    );
  }
}

const isWhole = (type: string) => ["TINYINT", "SMALLINT", "INT", "BIGINT"].includes(type);

/** A verb's part in a dialect. */
function partOf(target: Target, request: VerbRequest) {
  return target.dialect.verbs[request.kind] as (request: VerbRequest, writing: Writing) => Draft[];
}

/** A dialect must say which selects each statement reads: stages are placed by that. */
function refuseUnsaid(request: VerbRequest, asked: ReadonlySet<Statement>, parts: readonly Draft[]): void {
  const said = new Set(parts.flatMap(({ reads }) => reads));
  if ([...asked].some((select) => !said.has(select)))
    throw new Error(
      `The dialect's part of ${request.kind} reads a select that none of its statements names in \`reads\`.`,
    );
}

/** Parameters that verbs bind of themselves: the run's values and the batch of a table that is written. */
function addStepParam(
  params: Map<string, Param>,
  name: string,
  requests: readonly (VerbRequest | undefined)[],
): void {
  if (params.has(name)) return;
  const batches = requests.flatMap((request) =>
    request && "table" in request ? [batchParam(request.table.name)] : [],
  );
  const found = [...runParams, ...batches].find((param) => param.name === name);
  if (found) params.set(name, found);
}
