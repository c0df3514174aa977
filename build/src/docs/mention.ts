import { escapeHtml } from "shopmetrics/display";
import { anchorOf, baseOf, notebookPage, requirementsPage, tablePage } from "./addresses.js";
import type { Docs } from "./model.js";

/** Where a page finds what a name in its text stands for: a table, a column, a step or a requirement. */
export function mentionIn(docs: Pick<Docs, "requirements" | "notebooks" | "tables">, page: string) {
  const to = (href: string) => (href === page ? undefined : `${baseOf(page)}${href}`);
  return (name: string): string | undefined => {
    if (docs.requirements.has(name)) return to(`${requirementsPage}#${anchorOf(name)}`);
    if (docs.tables.has(name)) return to(tablePage(name));
    const [layer, table, column, ...rest] = name.split(".");
    const contract = docs.tables.get(`${layer}.${table}`);
    if (column !== undefined && rest.length === 0 && contract?.columns.some((one) => one.name === column))
      return to(`${tablePage(contract.name)}#${anchorOf(column)}`);
    return docs.notebooks.has(name) ? to(notebookPage(name)) : undefined;
  };
}

/** Names of tables as links to their pages. */
export function tableLinks(
  tables: readonly string[],
  docs: Pick<Docs, "requirements" | "notebooks" | "tables">,
  page: string,
): string {
  const mention = mentionIn(docs, page);
  return tables
    .map((name) => {
      const href = mention(name);
      const code = `<code>${escapeHtml(name)}</code>`;
      return href ? `<a href="${href}">${code}</a>` : code;
    })
    .join(", ");
}

/** Steps as links to their notebooks. */
export const stepLinks = (steps: readonly string[], page: string) =>
  steps
    .map((step) => `<a href="${baseOf(page)}${notebookPage(step)}"><code>${escapeHtml(step)}</code></a>`)
    .join(", ");

/** Plain text as HTML, in which requirements' ids and tables' names are links. */
export function withMentions(text: string, mention: (name: string) => string | undefined): string {
  return escapeHtml(text).replace(names, (name) => {
    const href = mention(name);
    if (!href) return name;
    return `<a href="${href}">${name.includes(".") ? `<code>${name}</code>` : name}</a>`;
  });
}

const names = /\b(?:N?FR|AC)-\d{3}\b|\b(?:bronze|silver|gold|ops)\.\w+\b/g;
