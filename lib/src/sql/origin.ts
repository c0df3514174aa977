import { isStatement, type Statement } from "./statement.js";

/** A place in what a person wrote: a string of a statement, and an index within it. */
interface Origin {
  readonly statement: Statement;
  readonly part: number;
  readonly index: number;
}

/**
 * Which of the statements that a select consists of has written the word at a place of its text. Each place where the word
 * stands is tried: with another word of the same length there, the text changes at that place or it does not.
 *
 * @param textOf how a statement becomes text; a statement that does not is passed over
 */
export function originOf(
  select: Statement,
  { word, offset }: { readonly word: string; readonly offset: number },
  textOf: (select: Statement) => string,
): Origin | undefined {
  const mark = (/^z+$/i.test(word) ? "y" : "z").repeat(word.length);
  for (const statement of partsOf(select))
    for (const [part, text] of statement.strings.entries())
      for (const index of occurrences(text, word)) {
        const strings = statement.strings.with(part, spliced(text, index, mark));
        const changed = replaced(select, statement, { ...statement, strings });
        if (hasAt(() => textOf(changed), mark, offset)) return { statement, part, index };
      }
  return undefined;
}

/** Where a word stands in a text as a word of its own, whatever its case. */
export const occurrences = (text: string, word: string): number[] =>
  [...text.matchAll(new RegExp(`(?<!\\w)${word.replace(/[^\w]/g, "\\$&")}(?!\\w)`, "gi"))].map(
    ({ index }) => index,
  );

function partsOf(select: Statement, parts = new Set<Statement>()): Set<Statement> {
  if (parts.has(select)) return parts;
  parts.add(select);
  for (const value of select.values) if (isStatement(value)) partsOf(value, parts);
  return parts;
}

function replaced(select: Statement, part: Statement, by: Statement): Statement {
  if (select === part) return by;
  const made = new Map<Statement, Statement>([[part, by]]);
  const copy = (statement: Statement): Statement => {
    const known = made.get(statement);
    if (known) return known;
    const values = statement.values.map((value) => (isStatement(value) ? copy(value) : value));
    const changed = { ...statement, values };
    made.set(statement, changed);
    return changed;
  };
  return copy(select);
}

const spliced = (text: string, index: number, word: string) =>
  text.slice(0, index) + word + text.slice(index + word.length);

function hasAt(text: () => string, word: string, offset: number): boolean {
  try {
    return text().startsWith(word, offset);
  } catch {
    return false;
  }
}
