/** HTML, as opposed to text, which is escaped when it is put into HTML. */
export class Html {
  private readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

/** What a template may hold. A list gives its parts one after another; null, undefined and false give nothing. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/**
 * HTML from a template. Text is escaped, so that nothing from a database or a file is read as HTML, both between
 * tags and in quoted attributes.
 *
 * @example
 * html`<ul title="${title}">${names.map((name) => html`<li>${name}</li>`)}</ul>`;
 */
export const html = (strings: TemplateStringsArray, ...values: readonly Content[]): Html =>
  new Html(String.raw({ raw: strings }, ...values.map(markupOf)));

/** Takes a text for HTML as it is: for the output of another library. */
export const rawHtml = (markup: string): Html => new Html(markup);

/** Joins parts with a separator; a part that gives nothing, or empty text, is left out. */
export const joinHtml = (parts: readonly Content[], separator: string): Html =>
  new Html(parts.filter(isThere).map(markupOf).join(escaped(separator)));

/** Attributes, each after a space. One that is undefined or false is left out; true gives the name alone. */
export const attributes = (given: Readonly<Record<string, string | boolean | undefined>>): Html =>
  html`${Object.entries(given).map(([name, value]) => {
    if (value === undefined || value === false) return undefined;
    return value === true ? ` ${name}` : html` ${name}="${value}"`;
  })}`;

const isThere = (part: Content) => part !== null && part !== undefined && part !== false && part !== "";

function markupOf(content: Content): string {
  if (!isThere(content)) return "";
  if (content instanceof Html) return content.toString();
  return typeof content === "object" ? content!.map(markupOf).join("") : escaped(String(content));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character]!);
