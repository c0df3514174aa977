import type { Item, Place, Plan } from "../plan/plan.js";
import { isQuery } from "../sql/render.js";
import { isStatement, type SqlValue, type Statement } from "../sql/statement.js";
import type { Param } from "../sql/param.js";
import type { StoredStage, Surroundings } from "../engine/adapter.js";
import { draft, textOf } from "../engine/operation.js";
import { relationsIn } from "../sql/expansion.js";
import { verbNamed, verbOf, type VerbRequest } from "../verbs/registry.js";
import {
  draftRequest,
  draftStage,
  finished,
  type CompiledItem,
  type DraftedItem,
  type LinkedDraft,
  type Target,
} from "./request.js";

/** A request with the place in the notebook where it was made. */
export interface Asked {
  readonly request: VerbRequest;
  readonly place: Place | undefined;
}

/**
 * Makes a step's requests into items. A select that several of them read is computed once, as a stage.
 *
 * @param options.placeOf where a statement was made
 * @param options.failed what an error of compiling an item becomes
 */
export async function compileStep(
  requests: readonly Asked[],
  options: {
    readonly targets: readonly Target[];
    readonly literal: (value: SqlValue) => Param;
    readonly placeOf: (statement: Statement) => Place | undefined;
    readonly failed: (error: unknown, place: Place | undefined) => unknown;
    /** Names of all tables of the project. */
    readonly tables?: readonly string[];
  },
): Promise<CompiledItem[]> {
  const { targets, placeOf, failed } = options;
  const stageColumns = new Map<Statement, Surroundings["relations"][string]>();
  const given = { ...options, stageColumns };
  const toStage = shared(requests);
  const stages = new Map<Statement, string>();
  const made: { drafted: DraftedItem; stage?: Statement }[] = [];

  const add = async (place: Place | undefined, draft: () => Promise<DraftedItem>, stage?: Statement) => {
    const drafted = await draft().catch((error: unknown) => {
      throw failed(error, place);
    });
    made.push({ drafted, ...(stage && { stage }) });
  };

  const stage = async (statement: Statement): Promise<void> => {
    for (const value of statement.values) if (isStatement(value)) await stage(value);
    if (!toStage.has(statement) || stages.has(statement)) return;
    const place = placeOf(statement);
    const name = freeName(statement.name ?? "part", new Set(stages.values()));
    const draft = async () => {
      const { columns, ...drafted } = await draftStage(statement, name, { ...given, stages, place });
      stageColumns.set(statement, columns);
      return drafted;
    };
    await add(place, draft, statement);
    stages.set(statement, name);
  };

  let kept: VerbRequest | undefined;
  for (const { request, place } of requests) {
    const verb = verbOf(request);
    if (!verb.isShown) for (const [select] of verb.readers(request)) await stage(select);
    await add(place, () => draftRequest(request, { ...given, stages, kept, place }));
    if (verb.role === "keep") kept = request;
  }

  const placed = new Map(targets.map((target) => [target.name, placeStages(made, target, stages)]));
  return made.map(({ drafted: { drafts: _drafts, item, ...rest } }, index) => ({
    ...rest,
    item: {
      ...item,
      scripts: Object.fromEntries(
        targets.map((target) => [
          target.name,
          placed.get(target.name)![index]!.map((draft) => finished(draft, target)),
        ]),
      ),
    } satisfies Item,
  }));
}

/** What a step reads and writes, and the parameters that its statements bind. */
export function partsOf(
  requests: readonly VerbRequest[],
  made: readonly CompiledItem[],
): Pick<Plan, "reads" | "writes" | "changes" | "takes" | "hasSeed" | "params" | "items"> {
  const tablesOf = (...roles: string[]) =>
    requests.flatMap((request) =>
      roles.includes(verbOf(request).role) && "table" in request ? [request.table.name] : [],
    );
  const writes = [...new Set(tablesOf("load", "keep"))];
  const active = made.filter(({ item }) => !verbNamed(item.kind)?.isShown);
  const reads = [
    ...new Set([...active.flatMap(({ reads: tables }) => tables), ...tablesOf("check", "care")]),
  ].filter((table) => !writes.includes(table));
  const changes = [...new Set(active.flatMap((item) => item.changes))];
  const takes = [...new Set(active.flatMap((item) => item.takes))];
  return {
    reads,
    writes,
    changes,
    takes: takes.length > 0 ? takes : changes.slice(0, 1),
    ...(requests.some((request) =>
      verbOf(request)
        .readers(request)
        .some(([select]) => readsSeed(select)),
    ) && {
      hasSeed: true,
    }),
    params: [
      ...new Map(
        made.flatMap(({ params }) => params.map((param): [string, Param] => [param.name, param])),
      ).values(),
    ],
    items: made.map(({ item }) => item),
  };
}

const readsSeed = ({ isSeed, values }: Statement): boolean =>
  isSeed === true || values.some((value) => isStatement(value) && readsSeed(value));

/** Selects that more than one request or statement reads: they are computed once. */
function shared(requests: readonly Asked[]): Set<Statement> {
  const readers = new Map<Statement, Set<object>>();
  const visit = (statement: Statement, reader: object) => {
    const known = readers.get(statement);
    readers.set(statement, (known ?? new Set()).add(reader));
    if (known) return;
    for (const value of statement.values) if (isStatement(value)) visit(value, statement);
  };
  for (const { request } of requests) {
    const verb = verbOf(request);
    if (verb.isShown) continue;
    for (const [select, reader] of verb.readers(request)) visit(select, reader);
  }
  return new Set(
    [...readers]
      .filter(([statement, by]) => by.size > 1 && isQuery(statement))
      .map(([statement]) => statement),
  );
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted}_${n}`;
  return name;
}

/** A statement of more relations than these takes a planner seconds, and one of thousands all the memory of its machine. */
const mostRelations = 300;

/**
 * The items' statements for one engine, in their order. Where the dialect wants it, a stage is written into the statements
 * that read it as a common table expression, so that it costs no statement of its own. A statement has all stages that it
 * reads, also through others, beside each other and each once. Where it would still be too much for a planner, which puts a stage
 * in the place of every name that reads it, the stages that weigh most become tables for the time of the step.
 */
function placeStages(
  made: readonly { readonly drafted: DraftedItem; readonly stage?: Statement }[],
  { name, dialect }: Target,
  names: ReadonlyMap<Statement, string>,
): LinkedDraft[][] {
  const all = made.map(({ drafted }) => [...(drafted.drafts.get(name) ?? [])]);
  if (!dialect.inlinesStages) return all;
  const stages = new Map<Statement, LinkedDraft>();
  made.forEach(({ stage }, index) => {
    const [own] = all[index]!;
    if (stage && own) stages.set(stage, { ...own, head: "" });
  });
  const written = made.find(({ drafted: { item } }) => verbNamed(item.kind)?.role === "keep")?.drafted.item
    .table;
  const stored = new Map<Statement, StoredStage>();

  const textOfStage = (stage: Statement) => stored.get(stage)?.select ?? textOf(stages.get(stage)!);
  const behind = (draft: LinkedDraft): Statement[] =>
    draft.stages.flatMap((stage) => [...(stored.has(stage) ? [] : behind(stages.get(stage)!)), stage]);
  const withStages = (draft: LinkedDraft): LinkedDraft => {
    const wanted = new Set(behind(draft));
    const expressions = [...stages.keys()].flatMap((stage) =>
      wanted.has(stage) ? [{ name: names.get(stage)!, select: textOfStage(stage) }] : [],
    );
    return { ...draft, expressions: [...expressions, ...draft.expressions] };
  };
  const weight = (draft: LinkedDraft) => relationsIn(textOf(withStages(draft)));

  /** Makes tables of stages until a statement is light enough. */
  const lighten = (draft: LinkedDraft): void => {
    if (!dialect.storedStage || !written) return;
    while (weight(draft) > mostRelations) {
      const weights = [...new Set(behind(draft))]
        .filter((stage) => !stored.has(stage))
        .map((stage) => {
          const one = dialect.storedStage!(written, names.get(stage)!);
          stored.set(stage, one);
          const left = weight(draft);
          stored.delete(stage);
          return { stage, one, left };
        });
      const best = weights.toSorted((a, b) => a.left - b.left)[0];
      if (!best || best.left >= weight(draft)) return;
      stored.set(best.stage, best.one);
      lighten(stages.get(best.stage)!);
    }
  };
  for (const [index, { stage }] of made.entries()) if (!stage) all[index]!.forEach(lighten);

  const placed = made.map(({ stage }, index) => {
    if (!stage) return all[index]!.map(withStages);
    const one = stored.get(stage);
    return one ? [{ ...withStages(stages.get(stage)!), head: one.head }] : [];
  });
  const last = placed.findLastIndex((drafts) => drafts.some(({ role }) => role !== "show"));
  for (const { drop } of stored.values())
    placed[last]!.push({ ...draft(drop, { role: "write" }), stages: [] });
  return placed;
}
