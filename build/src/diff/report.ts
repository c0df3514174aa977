import type { ResultValue, Tables } from "shopmetrics/plan";
import { terminalTable } from "../terminal-table.js";
import { count, counted } from "../text.js";
import type { ColumnDiff, RowDiff, TableDiff } from "./diff-table.js";

/** Whether the two tables hold the same rows in the same columns. */
const isSame = (diff: TableDiff) =>
  diff.in === "both" &&
  diff.added + diff.removed + diff.changed + diff.columnsAdded.length + diff.columnsRemoved.length === 0;

/** One table's differences for a terminal: the columns and totals that moved, and some rows. */
export function tableText(diff: TableDiff): string {
  const lines = [`${diff.table}: ${sentence(diff)}`];
  const columns = moved(diff);
  if (columns.length > 0) {
    lines.push(
      textTable(
        ["column", "rows changed", "total before", "total after", "difference"],
        columns.map((column) => [column.column, count(column.changed), ...totals(column)]),
      ),
    );
  }
  for (const row of diff.samples) lines.push(`  ${sampleText(row)}`);
  return lines.join("\n");
}

/** All tables' differences for a terminal, a line each. */
export function summaryText(diffs: readonly TableDiff[]): string {
  const table = textTable(
    ["table", "rows before", "rows after", "added", "removed", "changed", "figures that move"],
    diffs.map((diff) => [
      diff.table,
      ...[diff.rows.before, diff.rows.after, diff.added, diff.removed, diff.changed].map(count),
      figures(diff).slice(0, 3).join("\n"),
    ]),
  );
  const differing = diffs.filter((diff) => !isSame(diff)).length;
  const said = differing === 0 ? "No table differs." : `${differing} of ${diffs.length} tables differ.`;
  return `${table}\n${said}`;
}

/**
 * All tables' differences as GitHub's markdown: a summary, and details to open. Rows of tables with personal data are
 * left out, since not everyone who may read a pull request may read those.
 */
export function markdown(diffs: readonly TableDiff[], tables: Tables): string {
  const differing = diffs.filter((diff) => !isSame(diff));
  if (differing.length === 0) return `No rows differ in ${diffs.length} tables.\n`;
  const summary = markdownTable(
    ["table", "rows", "added", "removed", "changed", "figures that move"],
    differing.map((diff) => [
      `\`${diff.table}\``,
      `${count(diff.rows.before)} → ${count(diff.rows.after)}`,
      ...[diff.added, diff.removed, diff.changed].map(count),
      figures(diff).map(escaped).join("<br>"),
    ]),
    "lrrrrl",
  );
  const same = diffs.length - differing.length;
  return [
    summary,
    same > 0 ? `The other ${same} ${same === 1 ? "table is" : "tables are"} the same.\n` : "",
    ...differing.map((diff) => details(diff, tables)),
  ]
    .filter(Boolean)
    .join("\n");
}

function details(diff: TableDiff, tables: Tables): string {
  const columns = moved(diff);
  const isPersonal = tables.get(diff.table)?.options.tags?.["sensitivity"] === "personal";
  return [
    `<details><summary><code>${diff.table}</code>: ${sentence(diff)}</summary>\n`,
    columns.length > 0
      ? markdownTable(
          ["column", "rows changed", "total before", "total after", "difference"],
          columns.map((column) => [`\`${column.column}\``, count(column.changed), ...totals(column)]),
          "lrrrr",
        )
      : "",
    ...(isPersonal
      ? ["Its rows are personal data and not shown.\n"]
      : diff.samples.map((row) => `- ${escaped(sampleText(row))}`)),
    "\n</details>\n",
  ]
    .filter(Boolean)
    .join("\n");
}

function sentence(diff: TableDiff): string {
  if (diff.in !== "both")
    return (
      `only ${diff.in === "before" ? "in the one compared with" : "in this warehouse"}, ` +
      counted(diff.rows.before + diff.rows.after, "row")
    );
  const columns = [
    ...diff.columnsAdded.map((name) => `column ${name} is new`),
    ...diff.columnsRemoved.map((name) => `column ${name} is gone`),
  ];
  if (isSame(diff)) return `${counted(diff.rows.after, "row")}, all the same`;
  const rows = `${count(diff.rows.before)} → ${counted(diff.rows.after, "row")}`;
  const kinds = `${count(diff.added)} added, ${count(diff.removed)} removed, ${count(diff.changed)} changed`;
  return [rows, kinds, ...columns].join("; ");
}

/** The columns in which rows differ, or whose total does. */
const moved = ({ columns }: TableDiff) => columns.filter((column) => column.changed > 0 || moves(column));

const moves = ({ difference }: ColumnDiff) => difference !== undefined && Number(difference) !== 0;

const figures = (diff: TableDiff): string[] =>
  diff.columns
    .filter((column) => moves(column))
    .map((column) => `${column.column} ${number(column.before)} → ${number(column.after)}${share(column)}`);

function share({ before, difference }: ColumnDiff): string {
  const base = Number(before ?? 0);
  if (base === 0) return "";
  const percent = (Number(difference) / Math.abs(base)) * 100;
  const shown = Math.abs(percent) < 0.01 ? percent.toPrecision(1) : percent.toFixed(2);
  return ` (${percent > 0 ? "+" : ""}${shown} %)`;
}

function totals(column: ColumnDiff): string[] {
  if (column.difference === undefined) return ["", "", ""];
  const sign = Number(column.difference) > 0 ? "+" : "";
  return [number(column.before), number(column.after), `${sign}${number(column.difference)}`];
}

/** Digits in groups of three; never through a floating-point number. */
const number = (value: string | null | undefined) =>
  value === null || value === undefined
    ? "none"
    : value.replace(/^(-?\d+)/, (digits) => digits.replaceAll(/\B(?=(\d{3})+$)/g, ","));

function sampleText(row: RowDiff): string {
  if (row.change !== "changed") return `${row.change}: ${fields(row.row)}`;
  const changes = Object.entries(row.columns).map(
    ([name, { before, after }]) => `${name} ${shown(before)} → ${shown(after)}`,
  );
  return `changed: ${fields(row.key)}: ${changes.join(", ")}`;
}

const fields = (row: Readonly<Record<string, ResultValue>>) =>
  Object.entries(row)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(" ");

/** A value on one line that neither a terminal nor a page takes for more than text. */
function shown(value: ResultValue): string {
  if (value === null) return "null";
  const text = (typeof value === "object" ? JSON.stringify(value) : String(value)).replaceAll(
    /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
    " ",
  );
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

const longest = 60;

const escaped = (text: string) =>
  text.replaceAll(/[\\`*_[\]<>&|~#@]/g, (sign) => `&#${sign.codePointAt(0)};`);

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], sides: string): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = [...sides].map((side) => (side === "r" ? "--:" : ":--"));
  return `${[line(head), line(rule), ...rows.map(line)].join("\n")}\n`;
}

const textTable = (head: string[], rows: string[][]): string =>
  terminalTable({
    head,
    aligns: head.map((name) => (/^(column|table|figures)/.test(name) ? "left" : "right")),
    rows,
  });
