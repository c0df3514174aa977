import { statusSign, statusWord, type CheckResult } from "../run/check-result.js";
import type { UnitTest } from "../plan/unit-test.js";
import { shownColumns, type Cell, type ShownColumn } from "./cells.js";
import { html, Html, joinHtml } from "./html.js";
import type { Outcome, Shown } from "./outcome.js";
import { actionText, extent, passedText } from "./words.js";

/*
 * Styles are attributes of the elements, since Jupyter removes <style> from notebooks it does not trust. Colours come
 * from Jupyter's theme, with a fallback for viewers without one. No meaning is carried by colour alone.
 */
const dim = "opacity:.65";
const colour = {
  pass: "var(--jp-success-color0,#2e7d32)",
  warn: "var(--jp-warn-color0,#b26a00)",
  fail: "var(--jp-error-color0,#c62828)",
} as const;
const align = {
  left: "text-align:left",
  right: "text-align:right;font-variant-numeric:tabular-nums",
} as const;

/** The outcome of a verb, a check or `show`, as HTML to show below its cell; undefined when there is nothing to say. */
export function outcomeHtml(outcome: Outcome): Html | undefined {
  const { shown, figures } = outcome;
  const action = actionText(outcome);
  const parts = [
    action !== undefined && actionHtml(outcome, action),
    ...figures.warnings.map((warning) => block("warn", html`${sign("warn")} ${warning}`)),
    ...checkBlocks(figures.checks),
    shown && tableHtml(shown),
  ].filter((part) => part instanceof Html);
  if (parts.length === 0) return undefined;
  // Without these classes MathJax takes "$5 and $6" for a formula.
  const classes = "shopmetrics tex2jax_ignore mathjax_ignore";
  return html`<div class="${classes}" style="font-size:var(--jp-ui-font-size1,13px)">${parts}</div>`;
}

function actionHtml({ table, seconds }: Outcome, action: string): Html {
  const took = html`<span style="${dim}">${seconds.toFixed(2)} s</span>`;
  return line(html`${sign("pass")} <strong>${table}</strong> ${action} ${took}`);
}

/** Rows as a table: names with their types, numbers to the right, and how many of how many. */
export function tableHtml(shown: Shown): Html {
  const columns = shownColumns(shown.result);
  const head = columns.map(({ name, type, isNumber }) => {
    const side = isNumber ? align.right : align.left;
    const kind = html`<span style="font-weight:normal;font-size:85%;${dim}">${type}</span>`;
    return html`<th scope="col" style="${side};vertical-align:bottom">${name}<br>${kind}</th>`;
  });
  const rows = shown.result.rows.map(
    (_, index) => html`<tr>${columns.map((column) => valueHtml(column, column.cells[index]!))}</tr>`,
  );
  return html`<div style="overflow-x:auto">${table(head, rows)}</div>${line(
    html`<span style="${dim}">${extent(shown)}</span>`,
  )}`;
}

const table = (head: readonly Html[], rows: readonly Html[]): Html => {
  const body = html`<tbody>${joinHtml(rows, "\n")}</tbody>`;
  return html`<table style="margin:.25em 0"><thead><tr>${head}</tr></thead>${body}</table>`;
};

function valueHtml({ isNumber }: ShownColumn, { text, kind }: Cell): Html {
  const side = isNumber
    ? `${align.right};white-space:nowrap`
    : `${align.left};max-width:40em;overflow-wrap:anywhere`;
  return html`<td style="${side}${kind === "none" && `;font-style:italic;${dim}`}">${text}</td>`;
}

/** Check results: each that did not pass has a line of its own, those that passed are behind one line that opens. */
export const checksHtml = (results: readonly CheckResult[]): Html => html`${checkBlocks(results)}`;

function checkBlocks(results: readonly CheckResult[]): Html[] {
  const passed = results.filter(({ status }) => status === "pass");
  const others = results.filter(({ status }) => status !== "pass");
  const [first] = passed;
  return [
    ...others.map((result) => block(result.status, checkLine(result))),
    ...(first ? [block("pass", passed.length === 1 ? checkLine(first) : passedList(passed))] : []),
  ];
}

function checkLine({ status, name, message, table: about }: CheckResult): Html {
  const where = html`<span style="${dim}">${about}</span>`;
  return html`${sign(status)} <strong>${name}</strong> ${statusWord[status]}: ${message} ${where}`;
}

function passedList(results: readonly CheckResult[]): Html {
  const cell = (text: string) => html`<td style="${align.left}">${text}</td>`;
  const rows = results.map(({ name, message }) => html`<tr>${[name, message].map(cell)}</tr>`);
  const head = ["check", "result"].map((name) => html`<th scope="col" style="${align.left}">${name}</th>`);
  const where = html`<span style="${dim}">${results[0]?.table}</span>`;
  const summary = html`${sign("pass")} ${results.length} checks passed ${where}`;
  return html`<details><summary style="cursor:pointer">${summary}</summary>${table(head, rows)}</details>`;
}

/** A unit test that passed. */
export const passedHtml = (test: UnitTest): Html =>
  html`<div class="shopmetrics">${line(html`${sign("pass")} <strong>${test.expected.table}</strong> ${passedText(test)}`)}</div>`;

/** A remark, such as that a lock is waited for. */
export const noteHtml = (message: string): Html =>
  html`<div class="shopmetrics">${line(html`<span style="${dim}">${message}</span>`)}</div>`;

/** Texts as they are, each under a title that opens and closes it. */
export function textsHtml(passages: readonly { readonly title: string; readonly text: string }[]): Html {
  const details = passages.map(({ title, text }) => {
    const summary = html`<summary style="cursor:pointer">${title}</summary>`;
    return html`<details open>${summary}<pre style="overflow-x:auto;line-height:1.2">${text}</pre></details>`;
  });
  return html`<div class="shopmetrics tex2jax_ignore mathjax_ignore">${details}</div>`;
}

const line = (content: Html): Html => html`<div style="margin:.25em 0">${content}</div>`;

const block = (status: CheckResult["status"], content: Html): Html => {
  const style = `margin:.25em 0;padding:.15em .6em;border-left:3px solid ${colour[status]}`;
  return html`<div style="${style}">${content}</div>`;
};

const sign = (status: CheckResult["status"]): Html => {
  const style = `color:${colour[status]};font-weight:bold`;
  return html`<span aria-hidden="true" style="${style}">${statusSign[status]}</span>`;
};
