import { statusSign, statusWord, type CheckResult } from "../run/check-result.js";
import { shownColumns, type ShownColumn } from "./cells.js";
import type { Outcome, Shown } from "./outcome.js";
import { actionText, extent } from "./words.js";

/** The outcome of a verb, a check or `show`, as plain text. Empty when there is nothing to say. */
export function outcomeText(outcome: Outcome): string {
  const { table, seconds, shown, figures } = outcome;
  const action = actionText(outcome);
  return [
    ...(action === undefined ? [] : [`✓ ${table}: ${action} (${seconds.toFixed(2)} s)`]),
    ...figures.warnings.map((warning) => `! ${warning}`),
    ...checksText(figures.checks),
    ...(shown ? [tableText(shown)] : []),
  ].join("\n");
}

function checksText(results: readonly CheckResult[]): string[] {
  const passed = results.filter(({ status }) => status === "pass");
  const others = results.filter(({ status }) => status !== "pass");
  const [first] = passed;
  return [
    ...others.map(checkText),
    ...(passed.length === 1 && first ? [checkText(first)] : []),
    ...(passed.length > 1 && first ? [`✓ ${passed.length} checks of ${first.table} passed`] : []),
  ];
}

const checkText = ({ status, table, name, message }: CheckResult): string =>
  `${statusSign[status]} ${table}: "${name}" ${statusWord[status]}: ${message}`;

/** Rows as a table of text: names, types, a rule, the values. */
export function tableText(shown: Shown): string {
  const columns = shownColumns(shown.result).map((column) => {
    const texts = [column.name, column.type, ...column.cells.map(({ text }) => text)];
    return { ...column, texts, width: Math.max(...texts.map(widthOf)) };
  });
  const lines = Array.from({ length: shown.result.rows.length + 2 }, (_, index) =>
    columns
      .map((column) => padded(column, column.texts[index]!, column.width))
      .join("  ")
      .trimEnd(),
  );
  const rule = columns.map(({ width }) => "─".repeat(width)).join("  ");
  return [...lines.slice(0, 2), rule, ...lines.slice(2), extent(shown)].join("\n");
}

function padded({ isNumber }: ShownColumn, text: string, width: number): string {
  const room = " ".repeat(width - widthOf(text));
  return isNumber ? room + text : text + room;
}

const widthOf = (text: string) => [...text].length;
