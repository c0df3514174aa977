import { attributes, html, joinHtml, type Html } from "shopmetrics/display";
import { anchorOf, baseOf, guidePage, notebookPage, requirementsPage } from "./addresses.js";
import { codeLink, headingHtml } from "./elements.js";
import type { Docs } from "./model.js";
import type { Evidence } from "./evidence.js";
import { mentionIn } from "./mention.js";
import type { Page } from "./page.js";

const kinds = [
  { id: "functions", title: "Functions", prefix: "FR-" },
  { id: "qualities", title: "Qualities", prefix: "NFR-" },
  { id: "acceptance", title: "Acceptance", prefix: "AC-" },
];

/** Each requirement with the places that satisfy it and their last results. */
export function buildRequirementsPage(docs: Docs): Page {
  const all = [...docs.requirements.keys()];
  const open = all.filter((id) => (docs.evidence.get(id) ?? []).length === 0);
  const failed = all.filter((id) => statusOf(docs.evidence.get(id) ?? []) === "fail");
  const groups = kinds.map(({ id, title, prefix }) => {
    const rows = all.filter((id) => id.startsWith(prefix)).map((id) => requirementHtml(id, docs));
    return html`${headingHtml(id, title)}
<dl class="requirements">${joinHtml(rows, "\n")}</dl>`;
  });
  const openLinks = open.map((id) => html`<a href="#${anchorOf(id)}">${id}</a>`);
  const failures = failed.length > 0 && `, ${failed.length} with a failure`;
  const rest = open.length === 0 ? "none is open" : html`open: ${joinHtml(openLinks, ", ")}`;
  return {
    path: requirementsPage,
    title: "Requirements",
    description: "What the shop asked for, what satisfies it, and the last result.",
    group: "",
    main: html`<div class="prose"><h1>Requirements</h1>
<p>${introduction}</p>
<p>${all.length - open.length} of ${all.length} are covered${failures}; ${rest}.</p></div>
${joinHtml(groups, "\n")}`,
    headings: kinds.map(({ id, title }) => ({ level: 2, text: title, id })),
    sections: [
      { id: "", heading: "", text: "" },
      ...all.map((id) => ({ id: anchorOf(id), heading: id, text: docs.requirements.get(id)! })),
    ],
  };
}

const introduction =
  "What the shop asked for, with the notebooks, tables, tests and guides that quote the id, and how these last came " +
  "out: checks by the warehouse’s last run, tests where a report of them was given.";

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

function requirementHtml(id: string, docs: Docs): Html {
  const evidence = docs.evidence.get(id) ?? [];
  const status = statusOf(evidence);
  const isMeasured = status === "pass" || status === "warn" || status === "fail";
  const marks = attributes({ "data-open": status === "open", "data-status": isMeasured && status });
  const verdict = html`<span class="verdict"${marks}>${words[status]}</span>`;
  const places = evidence.map((piece) => evidenceHtml(piece, docs));
  const list = places.length > 0 ? html`<ul>${places}</ul>` : html`<p>Nothing quotes it yet.</p>`;
  const anchor = anchorOf(id);
  return html`<div class="requirement" id="${anchor}"><dt><a href="#${anchor}">${id}</a> ${verdict}</dt>
<dd><p>${docs.requirements.get(id)}</p>${list}</dd></div>`;
}

const kindWords: Readonly<Record<Evidence["kind"], string>> = {
  notebook: "notebook",
  table: "table",
  test: "test",
  guide: "guide",
  code: "code",
};

function evidenceHtml({ kind, name, titles, result }: Evidence, docs: Docs): Html {
  const mention = mentionIn(docs, requirementsPage);
  const href =
    kind === "notebook" || kind === "table"
      ? hrefOf(kind, name, mention)
      : docs.guides.has(name)
        ? `${baseOf(requirementsPage)}${guidePage(name)}`
        : undefined;
  const tests = (titles ?? []).map((title) => html`<span class="title">“${title}”</span>`);
  const outcome = result
    ? html`<span data-status="${result.status}">${result.words}</span>`
    : kind === "test" && html`<span class="extent">not run here</span>`;
  const named = html`<span>${codeLink(name, href)} ${joinHtml(tests, " ")}</span>`;
  return html`<li><span class="kind">${kindWords[kind]}</span> ${named} ${outcome}</li>`;
}

/** A step and a table may have one name: here it is known which is meant. */
function hrefOf(kind: "notebook" | "table", name: string, mention: (name: string) => string | undefined) {
  const base = baseOf(requirementsPage);
  return kind === "notebook" ? `${base}${notebookPage(name)}` : mention(name);
}
