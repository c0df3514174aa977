import { csvText } from "../../display/csv-text.js";
import { unitOf, type Format } from "../format.js";
import type { Value } from "../snapshot-columns.js";
import { element } from "./dom.js";
import { save } from "./save.js";
import { columnsOf, currencyOf, type Rows } from "./table-body.js";

/** A button that gives rows away as a file of CSV. */
export function csvButton(document: Document, save: () => void): HTMLElement {
  const button = element(
    document,
    "button",
    { type: "button", class: "quiet", "data-focus": "csv" },
    "Download CSV",
  );
  button.addEventListener("click", save);
  return button;
}

/** Gives rows away as a file of CSV. */
export const saveCsv = (document: Document, name: string, rows: Rows): void =>
  save(
    document,
    `${name}.csv`,
    new Blob([`${byteOrderMark}${csvOf(rows)}`], { type: "text/csv;charset=utf-8" }),
  );

/** A file is called by what it answers and by what the reader has chosen. */
export const fileNameOf = (title: string, ...chosen: readonly string[]): string =>
  [title, ...chosen]
    .map((text) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
        .replaceAll(/^-|-$/g, ""),
    )
    .filter(Boolean)
    .join("-");

/** A spreadsheet takes the text for UTF-8 by it. */
const byteOrderMark = "\ufeff";

/**
 * Rows as CSV with the columns' labels and units. A text that a spreadsheet would take for a formula is
 * preceded by an apostrophe.
 */
export function csvOf(table: Rows): string {
  const { rows } = table;
  const shown = columnsOf(table);
  const labels = shown.map(({ label, format, ...column }) => {
    const units = new Set(rows.map((row) => format && unitOf(format, currencyOf(row, column))));
    const [unit] = units.size > 0 ? units : [format && unitOf(format)];
    // Where each row has its own currency, a column says which.
    return unit && units.size < 2 ? `${label} (${unit})` : label;
  });
  const lines = rows.map((row) => shown.map(({ name, format }) => plain(row[name], format)));
  return csvText([labels, ...lines]);
}

function plain(value: Value | undefined, format: Format | undefined): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString().replace("T00:00:00.000Z", "");
  // Sums of cents are exact to the cent only.
  if (typeof value === "number" && (format === "cents" || format === "money")) return value.toFixed(2);
  return typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
}
