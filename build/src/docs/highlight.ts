import { html, rawHtml, type Content, type Html } from "shopmetrics/display";
import { type HighlighterCore, createHighlighterCore } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import { cachedTexts } from "../cache.js";

type Language = "typescript" | "sql" | "shellscript" | "json" | "yaml";

/** Code as HTML: each kind of word is a span with a class, which the style sheet colours. */
export type Highlight = (code: string, language: string | undefined) => Html;

/** Loads the grammars. Code in any other language is shown plain. */
export async function loadHighlight(): Promise<Highlight> {
  const highlighter = await createHighlighterCore({
    engine: createJavaScriptRegexEngine(),
    themes: [{ name: "kinds", type: "light", fg: codeOf("plain"), bg: "#ffffff", settings }],
    langs: [
      import("shiki/langs/typescript.mjs"),
      import("shiki/langs/sql.mjs"),
      import("shiki/langs/shellscript.mjs"),
      import("shiki/langs/json.mjs"),
      import("shiki/langs/yaml.mjs"),
    ],
  });
  return (code, language = "") => {
    const known = aliases[language];
    if (!known) return html`${code}`;
    const tokens = tokenize(highlighter, code, known);
    const shown =
      known === "typescript" ? sqlInTypescript(tokens, (sql) => tokenize(highlighter, sql, "sql")) : tokens;
    return html`${shown.map(tokenHtml)}`;
  };
}

/** Remembers what it has coloured once: that takes half of the time in which the documentation is made. */
export async function rememberedHighlight(): Promise<{ highlight: Highlight; save: () => Promise<void> }> {
  const highlight = await loadHighlight();
  const memory = await cachedTexts("code", (text) => {
    const end = text.indexOf("\n");
    return highlight(text.slice(end + 1), text.slice(0, end)).toString();
  });
  return {
    highlight: (code, language = "") => rawHtml(memory.ask(`${language}\n${code}`)),
    save: memory.save,
  };
}

const aliases: Readonly<Record<string, Language>> = {
  typescript: "typescript",
  ts: "typescript",
  js: "typescript",
  sql: "sql",
  sh: "shellscript",
  bash: "shellscript",
  console: "shellscript",
  json: "json",
  yaml: "yaml",
  yml: "yaml",
};

/** A theme tells scopes apart by colour: here each kind of word has a colour of its own, from which it is read back. */
const kinds = [
  "plain",
  "comment",
  "string",
  "number",
  "keyword",
  "function",
  "type",
  "property",
  "tag",
  "template",
  "open",
  "close",
  "hole",
  "filled",
] as const;
type Kind = (typeof kinds)[number];

const codeOf = (kind: Kind) => `#${(kinds.indexOf(kind) + 1).toString(16).padStart(6, "0")}`;
const kindOf = new Map(kinds.map((kind) => [codeOf(kind), kind]));

const scopes: Partial<Record<Kind, string[]>> = {
  comment: ["comment", "punctuation.definition.comment"],
  string: ["string", "punctuation.definition.string"],
  number: ["constant.numeric", "constant.language"],
  keyword: ["keyword", "storage", "keyword.operator.new", "keyword.operator.expression"],
  plain: ["keyword.operator", "meta.template.expression", "punctuation", "string variable"],
  function: ["entity.name.function", "support.function", "entity.name.command"],
  type: ["entity.name.type", "support.type", "support.class"],
  property: ["meta.object-literal.key", "support.type.property-name.json", "entity.name.tag.yaml"],
  tag: ["entity.name.function.tagged-template"],
  template: ["string.template"],
  open: ["punctuation.definition.string.template.begin"],
  close: ["punctuation.definition.string.template.end"],
  hole: ["punctuation.definition.template-expression.begin"],
  filled: ["punctuation.definition.template-expression.end"],
};

const settings = Object.entries(scopes).map(([kind, scope]) => ({
  scope,
  settings: { foreground: codeOf(kind as Kind) },
}));

function tokenize(highlighter: HighlighterCore, code: string, language: Language): Token[] {
  // By default a line that takes longer than half a second loses its colours: a page must not depend on the machine.
  const { tokens } = highlighter.codeToTokens(code, { lang: language, theme: "kinds", tokenizeTimeLimit: 0 });
  return tokens.flatMap((line, index) => [
    ...(index > 0 ? [{ text: "\n", kind: "plain" as const }] : []),
    ...line.map(({ content, color }): Token => ({
      text: content,
      kind: kindOf.get((color ?? "").toLowerCase()) ?? "plain",
    })),
  ]);
}

/** The kinds that mark templates only serve to find SQL: they are shown as strings. */
const shownAs: Partial<Record<Kind, string>> = {
  tag: "function",
  template: "string",
  open: "string",
  close: "string",
  hole: "keyword",
  filled: "keyword",
};

function tokenHtml({ text, kind }: Token): Content {
  if (kind === "plain" || text.trim() === "") return text;
  return html`<span class="code-${shownAs[kind] ?? kind}">${text}</span>`;
}

/** A piece of code and what kind of word it is. */
interface Token {
  readonly text: string;
  readonly kind: Kind;
}

interface Template {
  readonly isSql: boolean;
  /** Pieces of the template's own text, and between them its holes, in their order. */
  readonly pieces: { start: number; end: number }[];
}

/**
 * Replaces the text in sql`…` templates by SQL tokens, also in templates within the holes of others. All texts of one
 * template are read together, with a name in place of each hole, so that a string or a comment is recognised even if
 * there are holes in it.
 */
function sqlInTypescript(tokens: readonly Token[], sqlTokens: (sql: string) => Token[]): Token[] {
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

/** Stands for a hole; no SQL contains this name. */
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
