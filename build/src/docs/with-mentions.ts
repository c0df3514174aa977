import { escapeHtml } from "shopmetrics/internal/display/html";

/** Plain text as HTML, in which requirements' ids and tables' names are links. */
export function withMentions(text: string, mention: (name: string) => string | undefined): string {
  return escapeHtml(text).replace(names, (name) => {
    const href = mention(name);
    if (!href) return name;
    return `<a href="${href}">${name.includes(".") ? `<code>${name}</code>` : name}</a>`;
  });
}

const names = /\b(?:N?FR|AC)-\d{3}\b|\b(?:bronze|silver|gold|ops)\.\w+\b/g;
