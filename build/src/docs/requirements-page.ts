import { escapeHtml } from "shopmetrics/display";
import { anchorOf, baseOf, guidePage, notebookPage, requirementsPage } from "./addresses.js";
import type { Docs } from "./model.js";
import type { Evidence } from "./evidence.js";
import { mentionIn } from "./mention.js";
import type { Page } from "./page.js";
import { anchorHtml } from "./table-page.js";

const kinds = [
  { id: "functions", title: "Functions", prefix: "FR-" },
  { id: "qualities", title: "Qualities", prefix: "NFR-" },
  { id: "acceptance", title: "Acceptance", prefix: "AC-" },
];

/** Each requirement with the places that satisfy it and their last results. */
export function requirementsHtml(docs: Docs): Page {
  const all = [...docs.requirements.keys()];
  const open = all.filter((id) => (docs.evidence.get(id) ?? []).length === 0);
  const failed = all.filter((id) => statusOf(docs.evidence.get(id) ?? []) === "fail");
  const groups = kinds.map(({ id, title, prefix }) => {
    const rows = all.filter((one) => one.startsWith(prefix)).map((one) => rowHtml(one, docs));
    return `<h2 id="${id}">${title} ${anchorHtml(id, title)}</h2>
<dl class="requirements">${rows.join("\n")}</dl>`;
  });
  return {
    path: requirementsPage,
    title: "Requirements",
    description: "What the shop asked for, what satisfies it, and the last result.",
    group: "",
    main: `<div class="prose"><h1>Requirements</h1>
<p>What the shop asked for, with the notebooks, tables, tests and guides that quote the id, and how these last came out: checks by the warehouse’s last run, tests where a report of them was given.</p>
<p>${all.length - open.length} of ${all.length} are covered${failed.length > 0 ? `, ${failed.length} with a failure` : ""}; ${open.length === 0 ? "none is open" : `open: ${open.map((id) => `<a href="#${anchorOf(id)}">${id}</a>`).join(", ")}`}.</p></div>
${groups.join("\n")}`,
    headings: kinds.map(({ id, title }) => ({ level: 2, text: title, id })),
    sections: [
      { id: "", heading: "", text: "" },
      ...all.map((id) => ({ id: anchorOf(id), heading: id, text: docs.requirements.get(id)! })),
    ],
  };
}

function statusOf(evidence: readonly Evidence[]): "open" | "fail" | "warn" | "pass" | "unmeasured" {
  if (evidence.length === 0) return "open";
  const results = new Set(evidence.map(({ result }) => result?.status));
  return (["fail", "warn", "pass"] as const).find((status) => results.has(status)) ?? "unmeasured";
}

const words = {
  open: "Open",
  fail: "✗ Fails",
  warn: "! Warns",
  pass: "✓ Holds",
  unmeasured: "Not measured here",
} as const;

function rowHtml(id: string, docs: Docs): string {
  const evidence = docs.evidence.get(id) ?? [];
  const status = statusOf(evidence);
  const shown = ["pass", "warn", "fail"].includes(status) ? ` data-status="${status}"` : "";
  return `<div class="requirement" id="${anchorOf(id)}"><dt><a href="#${anchorOf(id)}">${id}</a> <span class="verdict"${status === "open" ? " data-open" : shown}>${words[status]}</span></dt>
<dd><p>${escapeHtml(docs.requirements.get(id)!)}</p>${evidence.length > 0 ? `<ul>${evidence.map((one) => evidenceHtml(one, docs)).join("")}</ul>` : "<p>Nothing quotes it yet.</p>"}</dd></div>`;
}

const kindWords: Readonly<Record<Evidence["kind"], string>> = {
  notebook: "notebook",
  table: "table",
  test: "test",
  guide: "guide",
  code: "code",
};

function evidenceHtml({ kind, name, titles, result }: Evidence, docs: Docs): string {
  const mention = mentionIn(docs, requirementsPage);
  const href =
    kind === "notebook" || kind === "table"
      ? hrefOf(kind, name, mention)
      : docs.guides.has(name)
        ? `${baseOf(requirementsPage)}${guidePage(name)}`
        : undefined;
  const code = `<code>${escapeHtml(name)}</code>`;
  const named = href ? `<a href="${href}">${code}</a>` : code;
  const tests = (titles ?? []).map((title) => `<span class="title">“${escapeHtml(title)}”</span>`).join(" ");
  const outcome = result
    ? `<span data-status="${result.status}">${escapeHtml(result.words)}</span>`
    : kind === "test"
      ? '<span class="extent">not run here</span>'
      : "";
  return `<li><span class="kind">${kindWords[kind]}</span> <span>${named} ${tests}</span> ${outcome}</li>`;
}

/** A step and a table may have one name: here it is known which is meant. */
function hrefOf(kind: "notebook" | "table", name: string, mention: (name: string) => string | undefined) {
  const base = baseOf(requirementsPage);
  return kind === "notebook" ? `${base}${notebookPage(name)}` : mention(name);
}
