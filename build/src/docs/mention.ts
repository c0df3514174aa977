import { html, joinHtml, type Html } from "shopmetrics/display";
import { anchorOf, baseOf, notebookPage, requirementId, requirementsPage, tablePage } from "./addresses.js";
import { codeLink } from "./elements.js";
import type { Docs } from "./model.js";

/** Finds the address of what a name in a page's text means: a table, a column, a step or a requirement. */
export function mentionIn(docs: Pick<Docs, "requirements" | "notebooks" | "tables">, page: string) {
  const to = (href: string) => (href === page ? undefined : `${baseOf(page)}${href}`);
  return (name: string): string | undefined => {
    if (docs.requirements.has(name)) return to(`${requirementsPage}#${anchorOf(name)}`);
    if (docs.tables.has(name)) return to(tablePage(name));
    const [layer, table, column, ...rest] = name.split(".");
    const contract = docs.tables.get(`${layer}.${table}`);
    if (
      column !== undefined &&
      rest.length === 0 &&
      contract?.columns.some((declared) => declared.name === column)
    )
      return to(`${tablePage(contract.name)}#${anchorOf(column)}`);
    return docs.notebooks.has(name) ? to(notebookPage(name)) : undefined;
  };
}

/** Names of tables as links to their pages. */
export function tableLinks(
  tables: readonly string[],
  docs: Pick<Docs, "requirements" | "notebooks" | "tables">,
  page: string,
): Html {
  const mention = mentionIn(docs, page);
  return joinHtml(
    tables.map((name) => codeLink(name, mention(name))),
    ", ",
  );
}

/** Steps as links to their notebooks. */
export const stepLinks = (steps: readonly string[], page: string): Html =>
  joinHtml(
    steps.map((step) => codeLink(step, `${baseOf(page)}${notebookPage(step)}`)),
    ", ",
  );

/** Plain text as HTML, in which requirements' ids and tables' names are links. */
export function withMentions(text: string, mention: (name: string) => string | undefined): Html {
  const parts = text.split(names).map((part, index) => {
    const href = index % 2 === 1 ? mention(part) : undefined;
    if (href === undefined) return part;
    return part.includes(".") ? codeLink(part, href) : html`<a href="${href}">${part}</a>`;
  });
  return html`${parts}`;
}

/** In a group, so that `split` keeps them. */
const names = new RegExp(`(${requirementId.source}|\\b(?:bronze|silver|gold|ops)\\.\\w+\\b)`);
