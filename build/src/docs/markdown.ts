import MarkdownIt from "markdown-it";
import { html, rawHtml, type Content, type Html } from "shopmetrics/display";
import { requirementId } from "./addresses.js";
import { diagramHtml } from "./diagram.js";
import { anchorHtml } from "./elements.js";
import type { Highlight } from "./highlight.js";

type Token = ReturnType<InstanceType<typeof MarkdownIt>["parse"]>[number];

/** A heading one can link to. */
export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly id: string;
}

interface Rendered {
  readonly html: Html;
  readonly headings: readonly Heading[];
  /** For the search: the prose below each heading, and first the prose before any heading. */
  readonly sections: readonly { readonly id: string; readonly heading: string; readonly text: string }[];
}

interface MarkdownOptions {
  readonly highlight: Highlight;
  /** The address of a link in the site; if undefined, only the link's text is kept. */
  readonly link: (href: string) => string | undefined;
  /** The address of a picture in the site; if undefined, only the picture's description is kept. */
  readonly picture?: (href: string) => string | undefined;
  /** The address of the description of a name in the text: a table in code, a requirement's id. */
  readonly mention: (text: string) => string | undefined;
  /** Ids that other parts of the page use. */
  readonly taken: Set<string>;
}

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: true });

/** Prose as HTML: headings one can link to, code in colour, names as links. Raw HTML in it is shown as text. */
export function renderMarkdown(source: string, options: MarkdownOptions): Rendered {
  const tokens = markdown.parse(source, {});
  const headings = numberHeadings(tokens, options.taken);
  // Before names become links, which are no part of the text.
  const sections = sectionsOf(tokens);
  for (const token of tokens) if (token.children) token.children = linked(token.children, options);
  const parts = tokens.map((token, index) => tokenHtml(token, tokens, index, options));
  return { html: html`${parts}`, headings, sections };
}

function numberHeadings(tokens: readonly Token[], taken: Set<string>): Heading[] {
  return tokens.flatMap((token, index) => {
    if (token.type !== "heading_open") return [];
    const text = plainText(tokens[index + 1]);
    const id = freeId(text, taken);
    token.attrSet("id", id);
    return [{ level: Number(token.tag.slice(1)), text, id }];
  });
}

const plainText = (inline: Token | undefined) =>
  (inline?.children ?? [])
    .map(({ type, content }) => (type === "softbreak" ? " " : content))
    .join("")
    .trim();

/** A heading's id: its words, with a number if they are taken. */
function freeId(text: string, taken: Set<string>): string {
  const words = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  const first = /^\p{L}/u.test(words) ? words : `part-${words}`;
  let id = first;
  for (let n = 2; taken.has(id); n++) id = `${first}-${n}`;
  taken.add(id);
  return id;
}

/** Sets the addresses of links, removes links that lead nowhere, and makes links of names outside of links. */
function linked(children: readonly Token[], { link, mention, picture }: MarkdownOptions): Token[] {
  const made: Token[] = [];
  const open: boolean[] = [];
  for (const token of children) {
    if (token.type === "link_open") {
      const href = link(String(token.attrGet("href")));
      open.push(href !== undefined);
      if (href === undefined) continue;
      token.attrSet("href", href);
    } else if (token.type === "link_close") {
      if (!open.pop()) continue;
    } else if (token.type === "image") {
      const src = picture?.(String(token.attrGet("src")));
      if (src === undefined) {
        made.push(htmlToken(token.content));
        continue;
      }
      token.attrSet("src", src);
    } else if (!open.includes(true) && (token.type === "text" || token.type === "code_inline")) {
      made.push(...named(token, mention));
      continue;
    }
    made.push(token);
  }
  return made;
}

function named(token: Token, mention: MarkdownOptions["mention"]): Token[] {
  if (token.type === "code_inline") {
    const href = mention(token.content);
    return href === undefined ? [token] : [htmlToken(html`<a href="${href}">`), token, htmlToken(html`</a>`)];
  }
  const parts: Token[] = [];
  let at = 0;
  for (const { 0: id, index } of token.content.matchAll(requirementId)) {
    const href = mention(id);
    if (href === undefined) continue;
    parts.push(htmlToken(html`${token.content.slice(at, index)}<a href="${href}">${id}</a>`));
    at = index + id.length;
  }
  return parts.length === 0 ? [token] : [...parts, htmlToken(token.content.slice(at))];
}

/** A token of HTML made here; what people write never becomes such a token, since raw HTML is off. */
function htmlToken(content: Content): Token {
  const [inline] = markdown.parseInline("x", {});
  const token = inline!.children![0]!;
  token.type = "html_inline";
  token.content = String(html`${content}`);
  return token;
}

function tokenHtml(token: Token, tokens: Token[], index: number, { highlight }: MarkdownOptions): Html {
  const diagram =
    token.info.trim() === "mermaid" && diagramHtml(token.content.trimEnd(), above(tokens, index));
  if (diagram) return diagram;
  if (token.type === "fence" || token.type === "code_block")
    return codeHtml(token.content.replace(/\n$/, ""), token.info.trim().split(/\s+/)[0], highlight);
  if (token.type === "heading_close") {
    const id = String(tokens[index - 2]?.attrGet("id"));
    return html` ${anchorHtml(id, plainText(tokens[index - 1]))}</${token.tag}>\n`;
  }
  if (token.type === "table_open") return html`<div class="scroll" tabindex="0"><table>\n`;
  if (token.type === "table_close") return html`</table></div>\n`;
  if (token.type === "th_open") token.attrSet("scope", "col");
  return rawHtml(markdownHtml(token, tokens, index));
}

/** The heading under which a token stands. */
const above = (tokens: readonly Token[], index: number): string =>
  plainText(tokens[tokens.slice(0, index).findLastIndex(({ type }) => type === "heading_open") + 1]);

/** A token as the library itself renders it. */
function markdownHtml(token: Token, tokens: Token[], index: number): string {
  const { renderer, options } = markdown;
  if (token.type === "inline") return renderer.renderInline(token.children ?? [], options, {});
  const rule = renderer.rules[token.type];
  return rule ? rule(tokens, index, options, {}, renderer) : renderer.renderToken(tokens, index, options);
}

/** Code in a frame, with a button to copy it where scripts run. */
export function codeHtml(code: string, language: string | undefined, highlight: Highlight): Html {
  const coloured = highlight(code.replace(/[ \t]+$/gm, ""), language);
  return html`<div class="code"><pre tabindex="0"><code>${coloured}</code></pre></div>\n`;
}

function sectionsOf(tokens: readonly Token[]): Rendered["sections"] {
  const sections: { id: string; heading: string; texts: string[] }[] = [{ id: "", heading: "", texts: [] }];
  tokens.forEach((token, index) => {
    if (token.type === "heading_open")
      sections.push({
        id: String(token.attrGet("id")),
        heading: plainText(tokens[index + 1]),
        texts: [],
      });
    else if (token.type === "inline" && tokens[index - 1]?.type !== "heading_open")
      sections.at(-1)!.texts.push(plainText(token));
    else if (token.type === "fence" || token.type === "code_block")
      sections.at(-1)!.texts.push(token.content);
  });
  return sections.map(({ texts, ...rest }) => ({ ...rest, text: texts.join(" ") }));
}
