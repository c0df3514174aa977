import { SqlError } from "./sql-error.js";

/** A word, a sign or a constant of a text in Databricks SQL. Comments and spaces are between tokens. */
export interface Token {
  readonly kind: "word" | "quoted" | "string" | "number" | "sign" | "end";
  /** As it is written; of a string or a quoted name, what it means. */
  readonly text: string;
  /** In lower case, for words. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

const piece = new RegExp(
  [
    /(?<space>\s+|--[^\n]*)/u,
    /(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/u,
    /(?<word>[\p{L}_][\p{L}\p{N}_]*)/u,
    /`(?<quoted>(?:[^`]|``)*)`/u,
    /(?<sign><=>|->|=>|::|\|\||<>|!=|==|<=|>=|<<|>>|[-+*/%=<>(),.;:[\]{}?!&|^~])/u,
  ]
    .map(({ source }) => source)
    .join("|"),
  "uy",
);

/**
 * Splits a text into tokens.
 *
 * @throws SqlError for what is not closed, and for texts whose value depends on settings of the warehouse
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const opening = text[at]!;
    if (opening === "'" || opening === '"') {
      const end = closingQuote(text, at);
      if (end < 0) throw new SqlError("a text is not closed", lineAt(text, at));
      if (text[end] === opening)
        throw new SqlError(
          `a doubled quote within a text means a quote or nothing, as a warehouse is set: write \\${opening}`,
          lineAt(text, end),
        );
      tokens.push({ kind: "string", text: unescaped(text.slice(at + 1, end - 1)), word: "", start: at, end });
      at = end;
      continue;
    }
    if (text.startsWith("/*", at)) {
      const end = afterComment(text, at);
      if (end === undefined) throw new SqlError("a comment is not closed", lineAt(text, at));
      at = end;
      continue;
    }
    piece.lastIndex = at;
    const found = piece.exec(text);
    if (!found) throw new SqlError(`"${text[at]}" is no part of SQL`, lineAt(text, at));
    const { space, number, word, quoted } = found.groups!;
    const start = at;
    at = piece.lastIndex;
    if (space !== undefined) continue;
    if (number !== undefined && /[\p{L}\p{N}_]/u.test(text[at] ?? ""))
      throw new SqlError(
        `"${number}${/^[\p{L}\p{N}_]+/u.exec(text.slice(at))![0]}" is no number`,
        lineAt(text, start),
      );
    tokens.push({
      kind:
        number !== undefined
          ? "number"
          : word !== undefined
            ? "word"
            : quoted !== undefined
              ? "quoted"
              : "sign",
      text: quoted?.replaceAll("``", "`") ?? found[0],
      word: word?.toLowerCase() ?? "",
      start,
      end: at,
    });
  }
  return [...tokens, { kind: "end", text: "the end", word: "", start: text.length, end: text.length }];
}

/** Where a text or a quoted name of several lines goes on: what stands at the beginning of these lines belongs to it. */
export const linesWithinTexts = (text: string): ReadonlySet<number> =>
  new Set(
    tokensOf(text)
      .filter(({ kind }) => kind === "string" || kind === "quoted")
      .flatMap(({ start, end }) => {
        const first = lineAt(text, start);
        return Array.from({ length: lineAt(text, end) - first }, (_, index) => first + index + 1);
      }),
  );

/** What a piece of SQL leaves open: a text, a comment, or nothing. A comment to the end of its line is open at its end. */
export function openAtEnd(text: string): "a text" | "a comment" | undefined {
  let at = 0;
  while (at < text.length) {
    if (text[at] === "'" || text[at] === '"' || text[at] === "`") {
      at = text[at] === "`" ? text.indexOf("`", at + 1) + 1 || -1 : closingQuote(text, at);
      if (at < 0) return "a text";
    } else if (text.startsWith("--", at)) {
      at = text.indexOf("\n", at);
      if (at < 0) return "a comment";
    } else if (text.startsWith("/*", at)) {
      const end = afterComment(text, at);
      if (end === undefined) return "a comment";
      at = end;
    } else at++;
  }
  return undefined;
}

/** The line of a place in a text, from 1. */
export const lineAt = (text: string, at: number) => text.slice(0, at).split("\n").length;

/** After the quote that closes the text which begins here, or -1. */
function closingQuote(text: string, at: number): number {
  const quote = text[at];
  for (let index = at + 1; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === quote) return index + 1;
  }
  return -1;
}

/** After the comment that begins here, if it is closed. Comments nest. */
function afterComment(text: string, at: number): number | undefined {
  let depth = 0;
  for (let index = at; index < text.length; index++) {
    const two = text.slice(index, index + 2);
    if (two === "/*") depth++;
    if (two === "*/") depth--;
    if (two !== "/*" && two !== "*/") continue;
    index++;
    if (depth === 0) return index + 1;
  }
  return undefined;
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\u001A",
};

/** What a text means: a backslash before `%` or `_` stays, as `like` needs it; before any other character it goes. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([01][0-7]{2})|([\s\S]))/g,
    (whole, four?: string, eight?: string, octal?: string, one?: string) => {
      if (four ?? eight) return String.fromCodePoint(parseInt((four ?? eight)!, 16));
      if (octal) return String.fromCharCode(parseInt(octal, 8));
      return one === "%" || one === "_" ? whole : (escapes[one!] ?? one!);
    },
  );
}
