import type { Drawing } from "../drawing.js";
import { written } from "../format.js";
import { element } from "../render/dom.js";
import type { Surface } from "../render/surface.js";
import { tableBody, type Rows } from "../render/table-body.js";
import { emptyElement, titleElement, type Titled } from "../render/titled.js";
import type { Value } from "../snapshot-columns.js";

interface TableOptions extends Titled, Rows {
  /** A column's name, with a minus before it for the greatest first. */
  readonly sort?: string;
  /** Rows shown until the reader asks for all. Default 10. */
  readonly limit?: number;
  /** Name of the CSV file, without its ending. */
  readonly csv: string;
}

/** A table that the reader can sort and take away as CSV. */
export const table = (options: TableOptions): Drawing => ({
  span: options.span,
  element: (surface) => tableElement(options, surface),
});

/** A table with its title, a button in each column to sort by it, and one to download the rows as CSV. */
function tableElement(table: TableOptions, surface: Surface): HTMLElement {
  const { document, state, again } = surface;
  const { title, rows, limit = 10, csv } = table;
  if (!state.sort && table.sort)
    state.sort = { column: table.sort.replace("-", ""), descending: table.sort.startsWith("-") };
  const download = element(
    document,
    "button",
    { type: "button", class: "quiet", "data-focus": "csv" },
    "Download CSV",
  );
  download.addEventListener("click", () => save(document, `${csv}.csv`, csvOf(table)));
  const more = element(
    document,
    "button",
    { type: "button", class: "quiet", "data-focus": "all", "aria-expanded": String(Boolean(state.all)) },
    state.all ? `Show the first ${limit}` : `Show all ${written(rows.length, "integer")}`,
  );
  more.addEventListener("click", () => {
    state.all = !state.all;
    again?.();
  });
  return element(
    document,
    "section",
    { class: "data-table", "aria-label": title },
    element(
      document,
      "div",
      { class: "caption" },
      titleElement(table, document),
      element(document, "div", { class: "actions" }, rows.length > 0 && download),
    ),
    rows.length === 0
      ? emptyElement(table, document)
      : element(
          document,
          "section",
          { class: "scroll", tabindex: 0, "aria-label": `Rows of: ${title}` },
          tableBody(table, surface, state.all ? Infinity : limit),
        ),
    rows.length > limit && element(document, "p", { class: "more" }, more),
  );
}

/**
 * Rows as CSV with the columns' labels, as RFC 4180 has it. A text that a spreadsheet would take for a formula is
 * preceded by an apostrophe.
 */
export function csvOf({ rows, columns }: Rows): string {
  const labels = Object.values(columns).map((column) => (typeof column === "string" ? column : column.label));
  const lines = rows.map((row) => Object.keys(columns).map((name) => plain(row[name])));
  return `${[labels, ...lines].map((line) => line.map(quoted).join(",")).join("\r\n")}\r\n`;
}

function plain(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString().replace("T00:00:00.000Z", "");
  return typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function save(document: Document, name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = element(document, "a", { href: url, download: name }) as HTMLAnchorElement;
  link.click();
  URL.revokeObjectURL(url);
}
