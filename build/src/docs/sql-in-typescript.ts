import type { Kind } from "./highlight.js";

/** A piece of code and what kind of word it is. */
export interface Token {
  readonly text: string;
  readonly kind: Kind;
}

interface Template {
  readonly isSql: boolean;
  /** Pieces of the template's own text, and between them its holes, in their order. */
  readonly pieces: { start: number; end: number }[];
}

/**
 * Puts SQL's own tokens in place of the text in sql`…` templates, also of templates within the holes of others. All
 * texts of one template are read together, with a name in place of each hole, so that a string or a comment is known
 * as such wherever the holes are.
 */
export function sqlInTypescript(tokens: readonly Token[], sqlTokens: (sql: string) => Token[]): Token[] {
  const made: Token[][] = tokens.map((token) => [token]);
  for (const { isSql, pieces } of templatesOf(tokens)) {
    if (!isSql) continue;
    const texts = pieces.map(({ start, end }) => textOf(tokens.slice(start, end)));
    const parts = split(sqlTokens(texts.join(hole)), texts);
    pieces.forEach(({ start, end }, index) => {
      for (let at = start; at < end; at++) made[at] = at === start ? parts[index]! : [];
    });
  }
  return made.flat();
}

/** A name that no SQL has, for what is in a hole. */
const hole = "\u2039hole\u203a";

const textOf = (tokens: readonly Token[]) => tokens.map(({ text }) => text).join("");

function templatesOf(tokens: readonly Token[]): Template[] {
  const found: Template[] = [];
  const open: { template: Template; start: number }[] = [];
  const endPiece = (end: number) => {
    const top = open.at(-1);
    if (top && end > top.start) top.template.pieces.push({ start: top.start, end });
    else if (top) top.template.pieces.push({ start: end, end });
  };
  tokens.forEach(({ kind }, index) => {
    if (kind === "open") {
      const before = tokens[index - 1];
      const isSql = before?.kind === "tag" && before.text.trim() === "sql";
      open.push({ template: { isSql, pieces: [] }, start: index + 1 });
    } else if (kind === "close") {
      endPiece(index);
      const done = open.pop();
      if (done) found.push(done.template);
    } else if (kind === "hole") endPiece(index);
    else if (kind === "filled") {
      const top = open.at(-1);
      if (top) top.start = index + 1;
    }
  });
  return found;
}

/** Cuts tokens of texts that were joined with holes into those of each text. */
function split(tokens: readonly Token[], texts: readonly string[]): Token[][] {
  const parts: Token[][] = texts.map(() => []);
  const bounds: { start: number; end: number }[] = [];
  let length = 0;
  for (const text of texts) {
    bounds.push({ start: length, end: length + text.length });
    length += text.length + hole.length;
  }
  let at = 0;
  for (const { text, kind } of tokens) {
    bounds.forEach(({ start, end }, index) => {
      const [from, to] = [Math.max(start, at), Math.min(end, at + text.length)];
      if (to > from) parts[index]!.push({ text: text.slice(from - at, to - at), kind });
    });
    at += text.length;
  }
  return parts;
}
