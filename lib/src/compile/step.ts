import type { Item, Place, Plan } from "../plan/plan.js";
import { isQuery } from "../sql/render.js";
import { isStatement, type SqlValue, type Statement } from "../sql/statement.js";
import type { Param } from "../sql/param.js";
import type { Surroundings } from "../engine/adapter.js";
import { verbNamed, verbOf, type VerbRequest } from "../verbs/registry.js";
import { placeStages } from "./place-stages.js";
import {
  draftRequest,
  draftStage,
  finished,
  type CompiledItem,
  type DraftedItem,
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

  const placed = new Map(
    targets.map((target) => [target.name, placeStages(made, target, stages, stageColumns)]),
  );
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
