import type { Drawing } from "../drawing.js";
import { written } from "../format.js";
import { csvButton } from "../render/csv.js";
import { element } from "../render/dom.js";
import type { Surface } from "../render/surface.js";
import { tableBody, type Rows } from "../render/table-body.js";
import { emptyElement, titleElement, type Titled } from "../render/titled.js";

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
      element(document, "div", { class: "actions" }, rows.length > 0 && csvButton(document, csv, table)),
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
