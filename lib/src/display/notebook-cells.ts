import { readFileSync } from "node:fs";
import type { Statement } from "../sql/statement.js";
import { cooked, rawIndex, sqlTemplates } from "../sql/templates.js";

/** A cell that the kernel was given, in the order in which cells ran. */
interface GivenCell {
  readonly source: string;
  /** What Jupyter shows beside it, `[3]`; absent while it has not ended. */
  readonly number?: number;
}

/** A place in a cell, counted from 1. */
interface CellPlace {
  readonly cell: { readonly source: string; readonly number: number };
  readonly line: number;
  readonly column: number;
}

/** The cells that ran, as the project's kernel keeps them in the file of SHOPMETRICS_CELLS; none anywhere else. */
function givenCells(): readonly GivenCell[] {
  const file = process.env["SHOPMETRICS_CELLS"];
  if (!file) return [];
  try {
    return JSON.parse(readFileSync(file, "utf8")) as GivenCell[];
  } catch {
    return []; // a place is shown in the SQL alone then
  }
}

/**
 * Where a place in a statement's text stands in the notebook: in the cell that ran last of those that hold the statement's
 * template.
 *
 * @param part which of the statement's strings, and `index` within it
 */
export function placeInCells(
  statement: Statement,
  { part, index }: { readonly part: number; readonly index: number },
  cells: readonly GivenCell[] = givenCells(),
): CellPlace | undefined {
  const current = cells.findIndex(({ number }) => number === undefined);
  const began = current < 0 ? cells : cells.slice(0, current + 1);
  const last = Math.max(0, ...began.map(({ number }) => number ?? 0));
  for (const { source, number = last + 1 } of began.toReversed()) {
    const template = sqlTemplates(source).find(({ texts }) => isSame(texts, statement.strings));
    if (!template) continue;
    const { raw, start } = template.texts[part]!;
    const before = source.slice(0, start + rawIndex(raw, index)).split("\n");
    return { cell: { source, number }, line: before.length, column: before.at(-1)!.length + 1 };
  }
  return undefined;
}

const isSame = (texts: readonly { readonly raw: string }[], strings: readonly string[]) =>
  texts.length === strings.length && texts.every(({ raw }, index) => cooked(raw) === strings[index]);
