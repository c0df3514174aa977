import type { Value } from "../snapshot-columns.js";
import type { DataTable, Rows, TableColumn } from "../drawing.js";
import { written } from "../format.js";
import { element } from "./dom.js";
import type { Surface } from "./surface.js";

/** Shown if the reader's choice leaves no rows. */
export const nothing = "There is nothing to show for this choice.";

/** A table with its title, a button in each column to sort by it, and one to download the rows as CSV. */
export function tableElement(table: DataTable, surface: Surface): HTMLElement {
  const { document, state, again } = surface;
  const { title, note, rows, limit = 10, csv } = table;
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
      element(
        document,
        "div",
        { class: "words" },
        element(document, "h3", {}, title),
        note !== undefined && element(document, "p", { class: "note" }, note),
      ),
      element(document, "div", { class: "actions" }, rows.length > 0 && download),
    ),
    rows.length === 0
      ? element(document, "p", { class: "empty" }, table.empty ?? nothing)
      : element(
          document,
          "section",
          { class: "scroll", tabindex: 0, "aria-label": `Rows of: ${title}` },
          tableBody(table, surface, state.all ? Infinity : limit),
        ),
    rows.length > limit && element(document, "p", { class: "more" }, more),
  );
}

/** The table itself, sorted as the reader has asked. @param limit rows at most */
export function tableBody({ rows, columns }: Rows, surface: Surface, limit: number): HTMLElement {
  const { document, state, again } = surface;
  const shown = sorted(rows, state.sort).slice(0, limit);
  const list = Object.entries(columns).map(([name, given]) => {
    const column: TableColumn = typeof given === "string" ? { label: given } : given;
    const numeric = rows.some((row) => typeof row[name] === "number");
    const most = column.bar ? Math.max(...rows.map((row) => Number(row[name] ?? 0)), 0) : 0;
    return { name, column, numeric, most, format: column.format ?? (numeric ? "decimal" : "text") } as const;
  });
  const head = list.map(({ name, column, numeric }) => {
    const isSorted = state.sort?.column === name;
    const button = element(
      document,
      "button",
      { type: "button", "data-focus": `sort-${name}` },
      column.label,
    );
    button.addEventListener("click", () => {
      // The first click sorts numbers from the greatest, words from A.
      state.sort = { column: name, descending: isSorted ? !state.sort!.descending : numeric };
      again?.();
    });
    return element(
      document,
      "th",
      {
        scope: "col",
        class: numeric && "number",
        "aria-sort": isSorted && (state.sort!.descending ? "descending" : "ascending"),
      },
      button,
    );
  });
  const body = shown.map((row) =>
    element(
      document,
      "tr",
      {},
      ...list.map(({ name, numeric, format, most }) => {
        const value = row[name];
        const bar =
          most > 0 && typeof value === "number"
            ? `--share:${((100 * Math.max(0, value)) / most).toFixed(1)}%`
            : undefined;
        return element(
          document,
          "td",
          {
            class: [numeric && "number", bar && "bar"].filter(Boolean).join(" ") || undefined,
            style: bar,
            "data-status": format === "status" && String(value),
          },
          written(value, format),
        );
      }),
    ),
  );
  return element(
    document,
    "table",
    {},
    element(document, "thead", {}, element(document, "tr", {}, ...head)),
    element(document, "tbody", {}, ...body),
  );
}

/** Nulls come last, in either direction. */
function sorted(rows: Rows["rows"], sort: Surface["state"]["sort"]): Rows["rows"] {
  if (!sort) return rows;
  const { column, descending } = sort;
  const way = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [one, other] = [a[column] ?? null, b[column] ?? null];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return way * compare(one, other);
  });
}

const compare = (a: NonNullable<Value>, b: NonNullable<Value>) =>
  typeof a === "string" && typeof b === "string" ? a.localeCompare(b, "en") : a < b ? -1 : a > b ? 1 : 0;

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
