import {
  escapeHtml,
  extent,
  measures,
  shownColumns,
  statusSign,
  statusWord,
  type Shown,
} from "shopmetrics/display";
import type { CheckFact } from "./facts.js";

/** What `show` found, as a table; contents are text, whatever they are. */
export function shownHtml(shown: Shown | string): string {
  if (typeof shown === "string") return `<p class="absent">${escapeHtml(shown)}</p>`;
  const columns = shownColumns(shown.result);
  if (shown.result.rows.length === 0) return '<p class="absent">No rows.</p>';
  const head = columns.map(
    ({ name, type, isNumber }) =>
      `<th scope="col"${isNumber ? ' class="number"' : ""}>${escapeHtml(name)} <span class="type">${escapeHtml(type)}</span></th>`,
  );
  const rows = shown.result.rows.map((_, index) => {
    const cells = columns.map(({ isNumber, cells: values }) => {
      const { text, kind } = values[index]!;
      const classes = [isNumber ? "number" : "", kind === "none" ? "none" : ""].filter(Boolean).join(" ");
      return `<td${classes ? ` class="${classes}"` : ""}>${escapeHtml(text)}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head.join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>
<p class="extent">${escapeHtml(extent(shown))}</p>`;
}

/** Check results: one line that says how they stand, which opens to all of them with their figures. */
export function checksHtml(checks: readonly CheckFact[], options: { open?: boolean } = {}): string {
  if (checks.length === 0) return "";
  const status = worst(checks)!;
  const rows = checks.map((check) => {
    const { figure, allowed, rows: share } = measures(check);
    return `<tr><td data-status="${check.status}"><span aria-hidden="true">${statusSign[check.status]}</span> ${statusWord[check.status]}</td><th scope="row">${escapeHtml(check.name)}</th><td class="number">${escapeHtml(figure)}</td><td class="number">${escapeHtml(allowed)}</td><td class="number">${escapeHtml(share)}</td><td>${check.severity === "halt" ? "halts" : "warns"}</td></tr>`;
  });
  const isOpen = options.open || status !== "pass";
  return `<details class="checks"${isOpen ? " open" : ""}><summary data-status="${status}">${escapeHtml(checksWords(checks))}</summary>
<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Result</th><th scope="col">Check</th><th scope="col" class="number">Figure</th><th scope="col" class="number">At most</th><th scope="col" class="number">Rows</th><th scope="col">A failure</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></details>`;
}

/** The worst result among checks; undefined when there are none. */
export const worst = (checks: readonly Pick<CheckFact, "status">[]) =>
  (["fail", "warn", "pass"] as const).find((status) => checks.some((one) => one.status === status));

/** How checks stand, in words: "✓ 14 checks passed". */
export function checksWords(checks: readonly Pick<CheckFact, "status">[]): string {
  const of = (status: CheckFact["status"]) => checks.filter((one) => one.status === status).length;
  const counted = (n: number) => `${n} ${n === 1 ? "check" : "checks"}`;
  if (of("fail") > 0) return `${statusSign.fail} ${of("fail")} of ${counted(checks.length)} failed`;
  if (of("warn") > 0) return `${statusSign.warn} ${of("warn")} of ${counted(checks.length)} warned`;
  return `${statusSign.pass} ${counted(checks.length)} passed`;
}
