import MarkdownIt from "markdown-it";
import { asOfWords, checkWords, escapeHtml, type Block, type Manifest } from "shopmetrics/display";
import type { Notebook } from "../notebook/parse.js";
import { shellHtml, type Shell } from "./layout.js";

/**
 * A page as HTML: prose and what its cells have shown, in the order of the notebook. What has a part of the width stands
 * beside its neighbours.
 */
export function pageHtml(
  notebook: Notebook,
  blocks: readonly Block[],
  manifest: Manifest | undefined,
  shell: Omit<Shell, "title" | "description" | "state" | "main" | "attributes">,
): string {
  const numbered = blocks.map((block, index) => ({ ...block, index }));
  const parts = notebook.cells.map((cell) => {
    if (cell.kind === "markdown") return `<div class="prose">${proseHtml(cell.source)}</div>`;
    if (cell.kind !== "code") return "";
    return numbered
      .filter((block) => block.cell === cell.number)
      .map(blockHtml)
      .join("\n");
  });
  const { title, refresh } = notebook.front;
  return shellHtml({
    ...shell,
    title,
    description: firstSentence(notebook),
    attributes: {
      "data-page": pageName(notebook.path),
      ...(refresh !== undefined && { "data-refresh": String(refresh) }),
    },
    state: manifest && stateHtml(manifest),
    main: `<div class="grid">\n${joinControls(parts.filter(Boolean)).join("\n")}\n</div>`,
  });
}

/** `notebooks/dashboard/sales.ipynb` is the page `sales`. */
export const pageName = (notebook: string) => notebook.replace(/^.*\//, "").replace(/\.ipynb$/, "");

const blockHtml = ({ index, kind, span, html }: Block & { index: number }) =>
  `<div class="block ${kind}" data-block="${index}" data-span="${span}">${html}</div>`;

/** Controls that follow each other stand in one bar. */
function joinControls(parts: readonly string[]): string[] {
  const isControl = (part: string | undefined) => part?.startsWith('<div class="block view"') ?? false;
  return parts.map((part, index) => {
    if (!isControl(part)) return part;
    const opens = isControl(parts[index - 1])
      ? ""
      : '<section class="controls" aria-label="Choose what is shown">';
    return `${opens}${part}${isControl(parts[index + 1]) ? "" : "</section>"}`;
  });
}

/** How old a page's data is and how its checks stand. */
export function stateHtml({ asOf, checks }: Manifest): string {
  const { words, status } = checkWords(checks);
  return [
    `<time data-age datetime="${escapeHtml(asOf)}">${asOfWords(new Date(asOf))}</time>`,
    `<span data-checks data-status="${status}">${words}</span>`,
  ].join("\n");
}

/** The first paragraph after the heading, for search engines and link previews. */
function firstSentence({ cells, front }: Notebook): string {
  const prose = cells.find(({ kind }) => kind === "markdown")?.source ?? "";
  const paragraph = prose.split(/\n\s*\n/).find((part) => !part.startsWith("#")) ?? front.title;
  return paragraph.replaceAll(/[*_`]|\s+/g, (mark) => (mark.trim() ? "" : " ")).slice(0, 200);
}

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: true });

/** Prose as HTML. Raw HTML in it is shown as text. */
export const proseHtml = (source: string): string => markdown.render(source);
