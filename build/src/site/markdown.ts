import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: true });

/** Prose as HTML. Raw HTML in it is shown as text. */
export const proseHtml = (source: string): string => markdown.render(source);
