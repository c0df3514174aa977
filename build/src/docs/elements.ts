import { attributes, html, joinHtml, type Content, type Html } from "shopmetrics/display";

/** A heading one can link to. */
export const headingHtml = (id: string, title: string): Html =>
  html`<h2 id="${id}">${title} ${anchorHtml(id, title)}</h2>`;

export const anchorHtml = (id: string, name: string): Html =>
  html`<a class="anchor" href="#${id}" aria-label="Link to “${name}”">#</a>`;

/** A long name, which may be broken after its dots. */
export const breakable = (name: string): Html =>
  html`${name.split(/(?<=\.)/).map((part, index) => html`${index > 0 && html`<wbr>`}${part}`)}`;

/** A name as code, as a link where there is an address for it. */
export function codeLink(name: Content, href: string | undefined): Html {
  const code = html`<code>${name}</code>`;
  return href === undefined ? code : html`<a href="${href}">${code}</a>`;
}

/** What there is to know about a thing, each under its name; an entry that has nothing to say is left out. */
export function aboutList(entries: readonly (readonly [name: string, Content])[]): Html {
  const rows = entries.map(([name, text]) => text && html`<div><dt>${name}</dt><dd>${text}</dd></div>`);
  return html`<dl class="about">\n${joinHtml(rows, "\n")}\n</dl>`;
}

/** A column of a table: its heading, and whether it holds numbers. */
interface TableColumn {
  readonly name: Content;
  readonly isNumber?: boolean;
}

/** A table in a frame that scrolls where it is wider than the page. @param rows each a `tr` */
export function scrollTable(columns: readonly TableColumn[], rows: readonly Html[], classes?: string): Html {
  const cells = columns.map(
    ({ name, isNumber = false }) =>
      html`<th scope="col"${attributes({ class: isNumber && "number" })}>${name}</th>`,
  );
  const head = html`<thead><tr>${cells}</tr></thead>`;
  const body = html`<tbody>${joinHtml(rows, "\n")}</tbody>`;
  const table = html`<table${attributes({ class: classes })}>${head}${body}</table>`;
  return html`<div class="scroll" tabindex="0">${table}</div>`;
}

export const numberCell = (content: Content): Html => html`<td class="number">${content}</td>`;
