import type { SiteFile } from "../site/browser-build.js";
import { shellHtml, type Shell } from "../site/layout.js";
import { escapeHtml } from "shopmetrics/display";
import { baseOf, docsHome } from "./addresses.js";
import type { Heading } from "./markdown.js";

/** A page of the documentation, before its frame. */
export interface Page {
  /** From the site's root. */
  readonly path: string;
  readonly title: string;
  readonly description: string;
  /** The sidebar's group that the page is in. */
  readonly group: string;
  /** HTML. */
  readonly main: string;
  /** Listed below the page's entry in the sidebar. */
  readonly headings: readonly Heading[];
  /** What the search finds, by heading; an empty id is the page's beginning. */
  readonly sections: readonly Section[];
  readonly scripts?: readonly string[];
  readonly before?: PageLink | undefined;
  readonly after?: PageLink | undefined;
}

export interface Section {
  readonly id: string;
  readonly heading: string;
  readonly text: string;
}

export interface PageLink {
  readonly path: string;
  readonly title: string;
}

/** What all pages of the site share. */
export type Frame = Omit<
  Shell,
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
  const content = shellHtml({
    ...frame,
    title: page.title,
    description: page.description,
    attributes: { "data-base": base, "data-search": search },
    base,
    current: docsHome,
    alsoStyles: [style],
    scripts: [script, ...(page.scripts ?? [])],
    main: `<div class="docs">
${sidebarHtml(page, sidebar, base)}
<div class="doc">
${page.main}
${turnsHtml(page, base)}</div>
</div>`,
  });
  return { path: page.path, content };
}

function sidebarHtml(page: Page, sidebar: readonly SidebarGroup[], base: string): string {
  const groups = sidebar.map(({ title, parts }) => {
    const lists = parts.map(
      (part) =>
        `${part.title ? `<p class="layer">${escapeHtml(part.title)}</p>` : ""}<ul>${part.links
          .map((link) => sidebarLink(link, page, base))
          .join("")}</ul>`,
    );
    return title === ""
      ? lists.join("")
      : `<details${title === page.group ? " open" : ""}><summary>${escapeHtml(title)}</summary>${lists.join("")}</details>`;
  });
  return `<aside class="sidebar">
<search class="search">
<label class="unseen" for="search">Search the documentation</label>
<input id="search" type="search" placeholder="Search" autocomplete="off" spellcheck="false" aria-describedby="search-found">
<kbd aria-hidden="true">/</kbd>
<p class="unseen" id="search-found" role="status"></p>
<div class="found" hidden></div>
</search>
<details class="contents" open><summary>All pages</summary>
<nav aria-label="Documentation">${groups.join("\n")}</nav>
</details>
</aside>`;
}

function sidebarLink({ path, title, isCode }: SidebarLink, page: Page, base: string): string {
  const isCurrent = path === page.path;
  const text = isCode ? `<code>${escapeHtml(title)}</code>` : escapeHtml(title);
  return `<li><a href="${base}${path}"${isCurrent ? ' aria-current="page"' : ""}>${text}</a>${isCurrent ? tocHtml(page) : ""}</li>`;
}

/** What is on the page, below its own entry. */
function tocHtml({ headings }: Page): string {
  const shown = headings.filter(({ level }) => level === 2 || level === 3);
  if (shown.length < 2) return "";
  const links = shown.map(
    ({ level, text, id }) => `<li class="level-${level}"><a href="#${id}">${escapeHtml(text)}</a></li>`,
  );
  return `<ul class="toc">${links.join("")}</ul>`;
}

function turnsHtml({ before, after }: Page, base: string): string {
  if (!before && !after) return "";
  const turn = (link: PageLink | undefined, rel: string, word: string) =>
    link
      ? `<a class="${rel}" rel="${rel}" href="${base}${link.path}"><span>${word}</span> ${escapeHtml(link.title)}</a>`
      : "<span></span>";
  return `<nav class="turns" aria-label="Along the pipeline">${turn(before, "prev", "Before")}${turn(after, "next", "After")}</nav>\n`;
}
