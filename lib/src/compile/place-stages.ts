import type { StoredStage, Surroundings } from "../engine/adapter.js";
import { draft, textOf } from "../engine/operation.js";
import { relationsIn } from "../sql/expansion.js";
import type { Statement } from "../sql/statement.js";
import { tokensOf } from "../sql/tokens.js";
import { verbNamed } from "../verbs/registry.js";
import type { DraftedItem, LinkedDraft, Target } from "./request.js";

/** A statement of more relations than these takes a planner seconds, and one of thousands all the memory of its machine. */
const mostRelations = 300;

/** A select of more words and signs than these is planned and computed once where as many statements as `manyReaders` read it. */
const longText = 300;
const manyReaders = 3;

/**
 * The items' statements for one engine, in their order. Where the dialect wants it, a stage is written into the statements
 * that read it as a common table expression, so that it costs no statement of its own. A statement has all stages that it
 * reads, also through others, beside each other and each once. A planner puts it in the place of every name that reads it. So long
 * stages with many readers become tables for the time of the step, and so do the stages that weigh most in a statement that would
 * still be too much for a planner.
 *
 * @param names what each stage is called
 * @param columns the columns of each stage with their types
 */
export function placeStages(
  made: readonly { readonly drafted: DraftedItem; readonly stage?: Statement }[],
  { name, dialect }: Target,
  names: ReadonlyMap<Statement, string>,
  columns: ReadonlyMap<Statement, Surroundings["relations"][string]>,
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
  // A name with one of these is none of a column of Delta Lake.
  const isStorable = (stage: Statement) =>
    !Object.keys(columns.get(stage) ?? {}).some((column) => /[ ,;{}()\n\t=]/.test(column));
  const store = (stage: Statement) =>
    written && dialect.storedStage && isStorable(stage)
      ? stored.set(stage, dialect.storedStage(written, names.get(stage)!))
      : undefined;
  const weight = (draft: LinkedDraft) => relationsIn(textOf(withStages(draft)));

  /** Makes tables of stages until a statement is light enough. */
  const lighten = (draft: LinkedDraft): void => {
    while (weight(draft) > mostRelations) {
      const left = [...new Set(behind(draft))].flatMap((stage) => {
        if (stored.has(stage) || !store(stage)) return [];
        const weighs = weight(draft);
        stored.delete(stage);
        return { stage, weighs };
      });
      const best = left.toSorted((a, b) => a.weighs - b.weighs)[0];
      if (!best || best.weighs >= weight(draft)) return;
      store(best.stage);
      lighten(stages.get(best.stage)!);
    }
  };
  const statements = made
    .flatMap(({ stage }, index) => (stage ? [] : all[index]!))
    .filter(({ role }) => role !== "show");
  for (const [stage, own] of [...stages].toReversed()) {
    const readers = statements.filter((draft) => behind(draft).includes(stage));
    if (readers.length >= manyReaders && tokensOf(textOf(own)).length > longText) store(stage);
  }
  for (const draft of statements) lighten(draft);

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
