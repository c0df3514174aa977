import type { SiteFile } from "../site/files.js";
import { layoutHtml, type Layout } from "../site/layout.js";
import { attributes, html, joinHtml, type Content, type Html } from "shopmetrics/display";
import { baseOf, docsHome } from "./addresses.js";
import type { Heading } from "./markdown.js";
import type { SearchKind } from "./search-options.js";

/** A page of the documentation, before its frame. */
export interface Page {
  /** From the site's root. */
  readonly path: string;
  readonly title: string;
  readonly description: string;
  /** The sidebar's group that the page is in. */
  readonly group: string;
  readonly main: Html;
  /** Those of levels 2 and 3 are listed below the page's entry in the sidebar. */
  readonly headings: readonly Heading[];
  /** What the search finds, by heading; an empty id is the page's beginning. */
  readonly sections: readonly Section[];
  readonly scripts?: readonly string[];
  readonly before?: PageLink | undefined;
  readonly after?: PageLink | undefined;
}

interface Section {
  readonly id: string;
  readonly heading: string;
  readonly text: string;
  /** By default a page at its beginning, else a part of one. */
  readonly kind?: SearchKind;
}

export interface PageLink {
  readonly path: string;
  readonly title: string;
}

/** What all pages of the site share. */
type Frame = Omit<
  Layout,
  "title" | "description" | "attributes" | "base" | "current" | "alsoStyles" | "scripts" | "main"
>;

export interface SidebarGroup {
  readonly title: string;
  readonly parts: readonly { readonly title?: string; readonly links: readonly SidebarLink[] }[];
}

interface SidebarLink extends PageLink {
  readonly isCode?: boolean;
}

/** A page with its frame: the sidebar with what is on the page, the search, previous and next. */
export function docsPage(
  page: Page,
  options: {
    frame: Frame;
    style: string;
    script: string;
    /** The search's index. */
    search: string;
    sidebar: readonly SidebarGroup[];
  },
): SiteFile {
  const { frame, style, script, search, sidebar } = options;
  const base = baseOf(page.path);
  const content = layoutHtml({
    ...frame,
    title: page.title,
    description: page.description,
    attributes: { "data-base": base, "data-search": search },
    base,
    current: docsHome,
    alsoStyles: [style],
    scripts: [script, ...(page.scripts ?? [])],
    main: html`<div class="docs">
${sidebarHtml(page, sidebar, base)}
<div class="doc">
${page.main}
${turnsHtml(page, base)}</div>
</div>`,
  });
  return { path: page.path, content: String(content) };
}

function sidebarHtml(page: Page, sidebar: readonly SidebarGroup[], base: string): Html {
  const groups = sidebar.map(({ title, parts }): Content => {
    const lists = parts.map(({ title: layer, links }) => {
      const heading = layer && html`<p class="layer">${layer}</p>`;
      return html`${heading}<ul>${links.map((link) => sidebarLink(link, page, base))}</ul>`;
    });
    if (title === "") return lists;
    const open = attributes({ open: title === page.group });
    return html`<details${open}><summary>${title}</summary>${lists}</details>`;
  });
  return html`<aside class="sidebar">
<search class="search">
<label class="unseen" for="search">Search the documentation</label>
<input id="search" type="search" placeholder="Search" autocomplete="off" spellcheck="false" aria-describedby="search-found">
<kbd aria-hidden="true">/</kbd>
<p class="unseen" id="search-found" role="status"></p>
<div class="found" hidden></div>
</search>
<details class="contents" open><summary>All pages</summary>
<nav aria-label="Documentation">${joinHtml(groups, "\n")}</nav>
</details>
</aside>`;
}

function sidebarLink({ path, title, isCode }: SidebarLink, page: Page, base: string): Html {
  const isCurrent = path === page.path;
  const current = attributes({ "aria-current": isCurrent && "page" });
  const text = isCode ? html`<code>${title}</code>` : title;
  return html`<li><a href="${base}${path}"${current}>${text}</a>${isCurrent && tocHtml(page)}</li>`;
}

/** What is on the page, below its own entry. */
function tocHtml({ headings }: Page): Html | undefined {
  const shown = headings.filter(({ level }) => level === 2 || level === 3);
  if (shown.length < 2) return undefined;
  const links = shown.map(
    ({ level, text, id }) => html`<li class="level-${level}"><a href="#${id}">${text}</a></li>`,
  );
  return html`<ul class="toc">${links}</ul>`;
}

function turnsHtml({ before, after }: Page, base: string): Html | undefined {
  if (!before && !after) return undefined;
  const turn = (link: PageLink | undefined, rel: string, word: string) => {
    if (!link) return html`<span></span>`;
    const { path, title } = link;
    return html`<a class="${rel}" rel="${rel}" href="${base}${path}"><span>${word}</span> ${title}</a>`;
  };
  const links = [turn(before, "prev", "Before"), turn(after, "next", "After")];
  return html`<nav class="turns" aria-label="Along the pipeline">${links}</nav>\n`;
}
