import { csvText } from "shopmetrics/display";
import type { Result } from "shopmetrics/plan";
import { printable } from "shopmetrics/settings";
import { terminalTable } from "../terminal-table.js";

/** Rows as a table that fits the terminal: numbers to the right, long values cut. */
export function rowsTable({ columns, rows }: Result): string {
  const isNumber = (type: string) => /^(INT|BIGINT|DOUBLE|DECIMAL)/.test(type);
  return terminalTable({
    head: columns.map((column) => column.name),
    aligns: columns.map(({ type }) => (isNumber(type) ? "right" : "left")),
    rows: rows.map((row) => columns.map((column) => cell(row[column.name]))),
  });
}

/** Rows as CSV with the columns' names; values are whole. */
export const csv = ({ columns, rows }: Result): string =>
  csvText([
    columns.map(({ name }) => name),
    ...rows.map((row) => columns.map(({ name }) => text(row[name]))),
  ]);

const text = (value: unknown): string =>
  value === null || value === undefined
    ? ""
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value as string | number);

/** A value on one line, cut to a length that suits a terminal; `--json` prints it whole. */
function cell(value: unknown): string {
  const line = text(value)
    .slice(0, longestCell + 1)
    .replaceAll(/\s/g, " ");
  return printable(line.length > longestCell ? `${line.slice(0, longestCell)}…` : line);
}

const longestCell = 200;
