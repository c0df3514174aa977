import type { Choice } from "../control.js";
import type { Drawing } from "../drawing.js";
import { counted, written } from "../format.js";
import { csvButton, fileNameOf, saveCsv } from "../render/csv.js";
import { element } from "../render/dom.js";
import { foundRows } from "../render/search.js";
import type { Search, Surface } from "../render/surface.js";
import { tableBody, type Row, type Rows, type TextColumn } from "../render/table-body.js";
import { emptyElement, titleElement, type Titled } from "../render/titled.js";

interface TableOptions<R extends Row = Row> extends Titled, Rows<R> {
  /** A column's name, with a minus before it for the greatest first. */
  readonly sort?: string;
  /** Rows shown until the reader asks for more. Default 10. A table with more rows can be searched. */
  readonly limit?: number;
  /** Name of the CSV file, without its ending. */
  readonly csv: string;
  /** The choice that a click on a row's first cell sets, to what the row has in the column called as the choice's key. */
  readonly sets?: Choice<TextColumn<R>>;
}

interface Table extends Omit<TableOptions, "sets"> {
  readonly sets?: Choice;
}

/** A table that the reader can search, sort and take away as CSV. */
export const table = <R extends Row>(options: TableOptions<R>): Drawing => ({
  span: options.span,
  hidden: options.hidden,
  element: (surface) => tableElement(options as unknown as Table, surface),
});

/** Rows that one click adds: as many as a browser draws without a pause. */
const atOnce = 100;

/** A table with its title, a button in each column to sort by it, a search, and a button to download the rows as CSV. */
function tableElement(table: Table, surface: Surface): HTMLElement {
  const { document, state } = surface;
  const { title, rows, limit = 10, csv } = table;
  if (!state.sort && table.sort)
    state.sort = { column: table.sort.replace("-", ""), descending: table.sort.startsWith("-") };
  const body = element(document, "div", { class: "rows" });
  const told = element(document, "p", { class: "found", role: "status" });
  const found = () => foundRows(table, state.search);
  const draw = () => {
    const shown = found();
    const search = state.search?.field.value.trim() ?? "";
    told.textContent =
      search === ""
        ? ""
        : shown.length === 0
          ? `Nothing found for “${search}”.`
          : `${written(shown.length, "integer")} of ${counted(rows.length, "row")} found.`;
    body.replaceChildren(...rowElements({ ...table, rows: shown }, surface));
  };
  if (table.sets) table.sets.isSet.value = true;
  if (rows.length > limit || state.search) state.search = searchOf(document, title, state.search, draw);
  draw();
  return element(
    document,
    "section",
    { class: "data-table", "aria-label": title },
    element(
      document,
      "div",
      { class: "caption" },
      titleElement(table, document),
      element(
        document,
        "div",
        { class: "actions" },
        state.search?.field,
        rows.length > 0 &&
          csvButton(document, () =>
            saveCsv(document, fileNameOf(csv, state.search?.field.value ?? ""), { ...table, rows: found() }),
          ),
      ),
    ),
    told,
    body,
  );
}

/** The rows shown, as many as the reader has asked for, and buttons for more and for less. */
function rowElements(table: Table, surface: Surface): HTMLElement[] {
  const { document, state, again } = surface;
  const { title, rows, limit = 10, sets } = table;
  if (rows.length === 0) return state.search?.field.value ? [] : [emptyElement(table, document)];
  const { more = 0 } = state;
  const left = rows.length - limit - more;
  const button = (words: string, wanted: number) => {
    const made = element(document, "button", { type: "button", class: "quiet", "data-focus": "more" }, words);
    made.addEventListener("click", () => {
      state.more = wanted;
      again?.();
    });
    return made;
  };
  const all = written(rows.length, "integer");
  return [
    element(
      document,
      "section",
      { class: "scroll", tabindex: 0, "aria-label": `Rows of: ${title}` },
      tableBody(table, surface, limit + more, sets),
    ),
    element(
      document,
      "p",
      { class: "more" },
      left > 0 && button(left > atOnce ? `Show ${atOnce} more of ${all}` : `Show all ${all}`, more + atOnce),
      more > 0 && button(`Show the first ${limit}`, 0),
    ),
  ];
}

/** The field of a table's search: the one that it had before, if it had one. */
function searchOf(document: Document, title: string, before: Search | undefined, draw: () => void): Search {
  if (before) return Object.assign(before, { draw });
  const field = element(document, "input", {
    type: "search",
    placeholder: "Search",
    autocomplete: "off",
    "aria-label": `Search in: ${title}`,
    "data-focus": "search",
  }) as HTMLInputElement;
  const search: Search = { field, draw };
  field.addEventListener("input", () => search.draw());
  return search;
}
