import type { CheckResult } from "../run/step.js";
import { shownColumns, type Cell, type ShownColumn } from "./cells.js";
import type { Outcome, Shown } from "./outcome.js";
import { deed, extent, measures, statusSign, statusWord } from "./words.js";

/*
 * Styles stand on the elements, since Jupyter takes <style> out of notebooks it does not trust, and colours come from
 * Jupyter's theme, with a fallback for viewers that have none. Colour never carries a meaning alone.
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

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML shows it; nothing that comes from a database is HTML. */
export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character]!);

/** What a verb, a check or `show` came to, as HTML for below its cell. Empty when there is nothing to say. */
export function outcomeHtml(outcome: Outcome): string {
  const { shown, figures } = outcome;
  const done = deed(outcome);
  const parts = [
    done === undefined ? "" : deedHtml(outcome, done),
    ...figures.warnings.map((warning) => block("warn", `${sign("warn")} ${escapeHtml(warning)}`)),
    checksHtml(figures.checks),
    shown ? tableHtml(shown) : "",
  ].filter(Boolean);
  // MathJax would take "$5 and $6" for a formula.
  return parts.length === 0
    ? ""
    : `<div class="shopmetrics tex2jax_ignore mathjax_ignore" style="font-size:var(--jp-ui-font-size1,13px)">${parts.join("")}</div>`;
}

function deedHtml({ table, seconds }: Outcome, done: string): string {
  const took = `<span style="${dim}">${seconds.toFixed(2)} s</span>`;
  return line(`${sign("pass")} <strong>${escapeHtml(table ?? "")}</strong> ${escapeHtml(done)} ${took}`);
}

/** Rows as a table: names with their types, numbers to the right, and how many of how many. */
export function tableHtml(shown: Shown): string {
  const columns = shownColumns(shown.result);
  const head = columns.map(({ name, type, isNumber }) => {
    const side = isNumber ? align.right : align.left;
    const kind = `<span style="font-weight:normal;font-size:85%;${dim}">${escapeHtml(type)}</span>`;
    return `<th scope="col" style="${side};vertical-align:bottom">${escapeHtml(name)}<br>${kind}</th>`;
  });
  const rows = shown.result.rows.map(
    (_, index) => `<tr>${columns.map((column) => valueHtml(column, column.cells[index]!)).join("")}</tr>`,
  );
  return [
    `<div style="overflow-x:auto"><table style="margin:.25em 0"><thead><tr>${head.join("")}</tr></thead>`,
    `<tbody>${rows.join("\n")}</tbody></table></div>`,
    line(`<span style="${dim}">${extent(shown)}</span>`),
  ].join("");
}

function valueHtml({ isNumber }: ShownColumn, { text, kind }: Cell): string {
  const side = isNumber
    ? `${align.right};white-space:nowrap`
    : `${align.left};max-width:40em;overflow-wrap:anywhere`;
  return `<td style="${side}${kind === "none" ? `;font-style:italic;${dim}` : ""}">${escapeHtml(text)}</td>`;
}

/** Check results: those that did not pass each on a line of its own, passed ones behind one line that opens. */
export function checksHtml(results: readonly CheckResult[]): string {
  const passed = results.filter(({ status }) => status === "pass");
  const others = results.filter(({ status }) => status !== "pass");
  const first = passed[0];
  return [
    ...others.map((result) => block(result.status, checkLine(result))),
    passed.length === 1 && first ? block("pass", checkLine(first)) : "",
    passed.length > 1 ? block("pass", passedList(passed)) : "",
  ].join("");
}

function checkLine(result: CheckResult): string {
  const { figure, allowed, rows } = measures(result);
  const figures = `${figure}, at most ${allowed}${rows ? ` · ${rows}` : ""}`;
  return (
    `${sign(result.status)} <strong>${escapeHtml(result.name)}</strong> ${statusWord[result.status]}: ${figures} ` +
    `<span style="${dim}">${escapeHtml(result.table)}</span>`
  );
}

function passedList(results: readonly CheckResult[]): string {
  const rows = results.map((result) => {
    const { figure, allowed, rows: share } = measures(result);
    const figures = [figure, allowed, share]
      .map((text) => `<td style="${align.right}">${text}</td>`)
      .join("");
    return `<tr><td style="${align.left}">${escapeHtml(result.name)}</td>${figures}</tr>`;
  });
  const head = ["check", "figure", "at most", "rows"].map(
    (name, index) => `<th scope="col" style="${index === 0 ? align.left : align.right}">${name}</th>`,
  );
  return (
    `<details><summary style="cursor:pointer">${sign("pass")} ${results.length} checks passed ` +
    `<span style="${dim}">${escapeHtml(results[0]?.table ?? "")}</span></summary>` +
    `<table style="margin:.25em 0"><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></details>`
  );
}

/** A remark, such as that a lock is waited for. */
export const noteHtml = (message: string) =>
  `<div class="shopmetrics">${line(`<span style="${dim}">${escapeHtml(message)}</span>`)}</div>`;

/** Texts as they are, each under a title that opens and closes it. */
export const textsHtml = (passages: readonly { readonly title: string; readonly text: string }[]) =>
  `<div class="shopmetrics tex2jax_ignore mathjax_ignore">${passages
    .map(
      ({ title, text }) =>
        `<details open><summary style="cursor:pointer">${escapeHtml(title)}</summary>` +
        `<pre style="overflow-x:auto;line-height:1.2">${escapeHtml(text)}</pre></details>`,
    )
    .join("")}</div>`;

const line = (html: string) => `<div style="margin:.25em 0">${html}</div>`;

const block = (status: CheckResult["status"], html: string) =>
  `<div style="margin:.25em 0;padding:.15em .6em;border-left:3px solid ${colour[status]}">${html}</div>`;

const sign = (status: CheckResult["status"]) =>
  `<span aria-hidden="true" style="color:${colour[status]};font-weight:bold">${statusSign[status]}</span>`;
