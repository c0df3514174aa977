import { attributes, extent, html, shownColumns, type Html, type Shown } from "shopmetrics/display";
import { statusSign, statusWord } from "shopmetrics/run";
import { scrollTable } from "./elements.js";
import type { LastCheck } from "./warehouse-stats.js";

/** What `show` found, as a table; contents are text, whatever they are. */
export function shownHtml(shown: Shown | string): Html {
  if (typeof shown === "string") return html`<p class="absent">${shown}</p>`;
  const columns = shownColumns(shown.result);
  if (shown.result.rows.length === 0) return html`<p class="absent">No rows.</p>`;
  const head = columns.map(({ name, type, isNumber }) => ({
    name: html`${name} <span class="type">${type}</span>`,
    isNumber,
  }));
  const rows = shown.result.rows.map((_, index) => {
    const cells = columns.map(({ isNumber, cells: values }) => {
      const { text, kind } = values[index]!;
      const classes = [isNumber ? "number" : "", kind === "none" ? "none" : ""].filter(Boolean).join(" ");
      return html`<td${attributes({ class: classes || undefined })}>${text}</td>`;
    });
    return html`<tr>${cells}</tr>`;
  });
  return html`${scrollTable(head, rows)}
<p class="extent">${extent(shown)}</p>`;
}

/** Check results: one line that sums them up and opens to all of them with their figures. */
export function checksHtml(checks: readonly LastCheck[], options: { open?: boolean } = {}): Html | undefined {
  const status = worst(checks);
  if (status === undefined) return undefined;
  const isOpen = options.open || status !== "pass";
  const summary = html`<summary data-status="${status}">${checksWords(checks)}</summary>`;
  return html`<details class="checks"${attributes({ open: isOpen })}>${summary}
${scrollTable(checkColumns, checks.map(checkRow))}</details>`;
}

const checkColumns = [{ name: "Result" }, { name: "Check" }, { name: "Measured" }, { name: "A failure" }];

function checkRow(check: LastCheck): Html {
  const { status, name, severity, message } = check;
  const sign = html`<span aria-hidden="true">${statusSign[status]}</span>`;
  const cells = [
    html`<td data-status="${status}">${sign} ${statusWord[status]}</td>`,
    html`<th scope="row">${name}</th>`,
    html`<td>${message}</td>`,
    html`<td>${severity === "halt" ? "halts" : "warns"}</td>`,
  ];
  return html`<tr>${cells}</tr>`;
}

/** The worst result among checks; undefined when there are none. */
export const worst = (checks: readonly Pick<LastCheck, "status">[]) =>
  (["fail", "warn", "pass"] as const).find((status) => checks.some((check) => check.status === status));

/** The results of checks in words: "✓ 14 checks passed". */
export function checksWords(checks: readonly Pick<LastCheck, "status">[]): string {
  const of = (status: LastCheck["status"]) => checks.filter((check) => check.status === status).length;
  const counted = (n: number) => `${n} ${n === 1 ? "check" : "checks"}`;
  if (of("fail") > 0) return `${statusSign.fail} ${of("fail")} of ${counted(checks.length)} failed`;
  if (of("warn") > 0) return `${statusSign.warn} ${of("warn")} of ${counted(checks.length)} warned`;
  return `${statusSign.pass} ${counted(checks.length)} passed`;
}
