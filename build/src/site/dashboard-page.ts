import MarkdownIt from "markdown-it";
import {
  asOfWords,
  checkWords,
  dataOf,
  html,
  joinHtml,
  rawHtml,
  type Block,
  type Html,
  type Manifest,
} from "shopmetrics/display";
import type { Notebook } from "../notebook/parse.js";
import { layoutHtml, type Layout } from "./layout.js";

/**
 * A page of the dashboard: its prose and what its cells show, in the order of the notebook. Blocks that take a part of
 * the width stand side by side.
 */
export function pageHtml(
  notebook: Notebook,
  blocks: readonly Block[],
  manifest: Manifest | undefined,
  {
    look,
    sources,
    ...layout
  }: Omit<Layout, "title" | "description" | "state" | "main" | "attributes"> & {
    /** How the page's script writes amounts. */
    look?: { currency: string; locale: string };
    /** The page that tells where the figures come from, part by part. */
    sources?: string | undefined;
  },
): Html {
  const numbered = blocks.map((block, index) => ({ ...block, index }));
  const parts = notebook.cells.flatMap((cell): Part[] => {
    if (cell.kind === "markdown")
      return [{ isControl: false, content: html`<div class="prose">${proseHtml(cell.source)}</div>` }];
    const own = cell.kind === "code" ? numbered.filter((block) => block.cell === cell.number) : [];
    const [first] = own;
    return first
      ? [
          {
            isControl: first.kind === "view",
            content: joinHtml(
              own.map((block) => blockHtml(block, sources)),
              "\n",
            ),
          },
        ]
      : [];
  });
  const { title, refresh } = notebook.front;
  return layoutHtml({
    ...layout,
    title,
    description: firstSentence(notebook),
    attributes: {
      "data-page": pageName(notebook.path),
      ...(look && { "data-currency": look.currency, "data-locale": look.locale }),
      ...(refresh !== undefined && { "data-refresh": String(refresh) }),
    },
    state: manifest && stateHtml(manifest),
    main: html`<div class="grid">\n${joinHtml(joinControls(parts), "\n")}\n</div>`,
  });
}

/** `notebooks/dashboard/sales.ipynb` is the page `sales`. */
export const pageName = (notebook: string) => notebook.replace(/^.*\//, "").replace(/\.ipynb$/, "");

/** The place of a page's block on the page that tells where its figures come from. */
export const figureAnchor = (block: number) => `figure-${block}`;

function blockHtml(
  { index, kind, span, hidden, html: content, reads }: Block & { index: number },
  sources: string | undefined,
): Html {
  const link =
    sources !== undefined &&
    reads.length > 0 &&
    kind === "display" &&
    html`<a class="source" data-focus="source" href="${sources}#${figureAnchor(index)}">Source and checks</a>`;
  return html`<div class="block ${kind}" data-block="${index}" data-span="${span}"${hidden && html` hidden`}>${content}${link}</div>`;
}

/** What one cell adds to the page. */
interface Part {
  readonly isControl: boolean;
  readonly content: Html;
}

/** Puts controls that follow each other into one bar. */
const joinControls = (parts: readonly Part[]): Html[] =>
  parts.map(({ isControl, content }, index) => {
    if (!isControl) return content;
    const begins = !parts[index - 1]?.isControl;
    const ends = !parts[index + 1]?.isControl;
    const opening = begins && html`<section class="controls" aria-label="Choose what is shown">`;
    return html`${opening}${content}${ends && html`<button type="button" class="quiet" data-copy-link>Copy link</button></section>`}`;
  });

/** How old a page's data is, and the results of the checks. */
export function stateHtml(manifest: Manifest): Html {
  const { words, status } = checkWords(manifest.checks);
  const newest = dataOf(manifest);
  return html`<time data-age${newest !== null && html` datetime="${newest}"`}>${asOfWords(newest)}</time>
<span data-checks data-status="${status}">${words}</span>`;
}

/** The first paragraph after the heading, for search engines and link previews. */
function firstSentence({ cells, front }: Notebook): string {
  const prose = cells.find(({ kind }) => kind === "markdown")?.source ?? "";
  const paragraph = prose.split(/\n\s*\n/).find((part) => !part.startsWith("#")) ?? front.title;
  const [inline] = markdown.parseInline(paragraph, {});
  const words = inline!.children!.map(({ type, content }) => (type === "softbreak" ? " " : content));
  return words.join("").trim().slice(0, 200);
}

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: true });

/** Prose as HTML. Raw HTML in it is shown as text. */
export const proseHtml = (source: string): Html => rawHtml(markdown.render(source));
