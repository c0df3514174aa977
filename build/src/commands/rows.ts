import Table from "cli-table3";
import { csvText } from "shopmetrics/display";
import type { Result } from "shopmetrics/plan";
import { printable } from "shopmetrics/settings";

/** Rows as a table for a terminal: numbers to the right, long values cut. */
export function rowsTable({ columns, rows }: Result): string {
  const isNumber = (type: string) => /^(INT|BIGINT|DOUBLE|DECIMAL)/.test(type);
  const table = plainTable(
    columns.map((column) => column.name),
    columns.map(({ type }) => (isNumber(type) ? "right" : "left")),
  );
  for (const row of rows) table.push(columns.map((column) => cell(row[column.name])));
  return table.toString();
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

export const plainTable = (head: string[], colAligns: ("left" | "right")[]) =>
  new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
