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
  const tables = new Map<Statement, StoredStage>();
  for (const stage of stages.keys()) {
    const table =
      written && dialect.storedStage?.(written, names.get(stage)!, Object.keys(columns.get(stage) ?? {}));
    if (table) tables.set(stage, table);
  }
  /** The stages that become tables. */
  const stored = new Set<Statement>();

  const behind = (reader: LinkedDraft): Statement[] =>
    reader.stages.flatMap((stage) => [...(stored.has(stage) ? [] : behind(stages.get(stage)!)), stage]);
  const withStages = (reader: LinkedDraft): LinkedDraft => {
    const wanted = new Set(behind(reader));
    const expressions = [...stages].flatMap(([stage, own]) => {
      const select = stored.has(stage) ? tables.get(stage)!.select : textOf(own);
      return wanted.has(stage) ? [{ name: names.get(stage)!, select }] : [];
    });
    return { ...reader, expressions: [...expressions, ...reader.expressions] };
  };

  /** The relations that a planner meets in a statement; also if one stage more were a table. */
  const weight = (reader: LinkedDraft, more?: Statement): number => {
    const known = new Map<string, number>();
    for (const [stage, own] of stages)
      known.set(
        names.get(stage)!.toLowerCase(),
        stage === more || stored.has(stage) ? 1 : relationsIn(textOf(own), known),
      );
    return relationsIn(textOf(reader), known);
  };

  /** Makes tables of stages until a statement is light enough. */
  const lighten = (reader: LinkedDraft): void => {
    for (let weighs = weight(reader); weighs > mostRelations; weighs = weight(reader)) {
      const [best] = [...new Set(behind(reader))]
        .filter((stage) => tables.has(stage) && !stored.has(stage))
        .map((stage) => ({ stage, left: weight(reader, stage) }))
        .toSorted((a, b) => a.left - b.left);
      if (!best || best.left >= weighs) return;
      stored.add(best.stage);
      lighten(stages.get(best.stage)!);
    }
  };
  const statements = made
    .flatMap(({ stage }, index) => (stage ? [] : all[index]!))
    .filter(({ role }) => role !== "show");
  for (const [stage, own] of [...stages].toReversed()) {
    const readers = statements.filter((reader) => behind(reader).includes(stage));
    const isLong = tokensOf(textOf(own)).length > longText;
    if (tables.has(stage) && isLong && readers.length >= manyReaders) stored.add(stage);
  }
  for (const statement of statements) lighten(statement);

  const placed = made.map(({ stage }, index) => {
    if (!stage) return all[index]!.map(withStages);
    return stored.has(stage) ? [{ ...withStages(stages.get(stage)!), head: tables.get(stage)!.head }] : [];
  });
  const last = placed.findLastIndex((drafts) => drafts.some(({ role }) => role !== "show"));
  for (const stage of stored)
    placed[last]!.push({ ...draft(tables.get(stage)!.drop, { role: "write" }), stages: [] });
  return placed;
}
