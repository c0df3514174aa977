import { attributes, html, joinHtml, type Html } from "shopmetrics/display";
import { anchorOf, baseOf, notebookPage, requirementsPage } from "./addresses.js";
import { codeLink, headingHtml } from "./elements.js";
import type { Docs } from "./model.js";
import type { Evidence } from "./evidence.js";
import type { Page } from "./page.js";

const kinds = [
  { id: "functions", title: "Functions", prefix: "FR-" },
  { id: "qualities", title: "Qualities", prefix: "NFR-" },
  { id: "acceptance", title: "Acceptance", prefix: "AC-" },
  { id: "constraints", title: "Constraints", prefix: "C-" },
  { id: "risks", title: "Risks", prefix: "R-" },
];

/** Each requirement with the tests and checks that cover it and their last results. */
export function buildRequirementsPage(docs: Docs): Page {
  const all = [...docs.requirements.keys()];
  const withStatus = (...wanted: Status[]) => all.filter((id) => wanted.includes(statusOf(id, docs)));
  const open = withStatus("open");
  const [byHand, failed] = [withStatus("by hand").length, withStatus("fail").length];
  const groups = kinds.map(({ id, title, prefix }) => {
    const rows = all.filter((id) => id.startsWith(prefix)).map((id) => requirementHtml(id, docs));
    return html`${headingHtml(id, title)}
<dl class="requirements">${joinHtml(rows, "\n")}</dl>`;
  });
  const openLinks = open.map((id) => html`<a href="#${anchorOf(id)}">${id}</a>`);
  const rest = open.length === 0 ? "none is uncovered" : html`not covered: ${joinHtml(openLinks, ", ")}`;
  const failures = failed > 0 && `, ${failed} with a failure`;
  const counted = all.length - open.length - byHand;
  const summary = `${counted} of ${all.length} are covered by a test or a check`;
  return {
    path: requirementsPage,
    title: "Requirements",
    description: "What the shop asked for, the test or check that covers it, and its last result.",
    group: "",
    main: html`<div class="prose"><h1>Requirements</h1>
<p>${introduction}</p>
<p>${summary}${failures}; ${byHand} by hand; ${rest}.</p></div>
${joinHtml(groups, "\n")}`,
    headings: kinds.map(({ id, title }) => ({ level: 2, text: title, id })),
    sections: [
      { id: "", heading: "", text: "" },
      ...all.map((id) => ({ id: anchorOf(id), heading: id, text: docs.requirements.get(id)!.text })),
    ],
  };
}

const introduction =
  "What the business document SHOPMETRICS-DATA-001 asks for, and the tests and checks that cover it. A check shows its result " +
  "in the warehouse’s last run, a test its result in the report that was given.";

type Status = "open" | "by hand" | "fail" | "warn" | "pass" | "unmeasured";

function statusOf(id: string, docs: Docs): Status {
  const evidence = docs.evidence.get(id) ?? [];
  if (evidence.length === 0) return "open";
  if (evidence.every(({ cover }) => cover.kind === "by hand")) return "by hand";
  const results = new Set(evidence.map(({ result }) => result?.status));
  return (["fail", "warn", "pass"] as const).find((status) => results.has(status)) ?? "unmeasured";
}

const words = {
  open: "Not covered",
  "by hand": "By hand",
  fail: "✗ Fails",
  warn: "! Warns",
  pass: "✓ Holds",
  unmeasured: "Not measured here",
} as const;

function requirementHtml(id: string, docs: Docs): Html {
  const { text, gap } = docs.requirements.get(id)!;
  const evidence = docs.evidence.get(id) ?? [];
  const status = statusOf(id, docs);
  const isMeasured = status === "pass" || status === "warn" || status === "fail";
  const marks = attributes({ "data-open": status === "open", "data-status": isMeasured && status });
  const verdict = html`<span class="verdict"${marks}>${words[status]}</span>`;
  const places = evidence.map(evidenceHtml);
  const list = places.length > 0 && html`<ul>${places}</ul>`;
  const why = gap !== undefined && html`<p>Not covered: ${gap}</p>`;
  const anchor = anchorOf(id);
  return html`<div class="requirement" id="${anchor}"><dt><a href="#${anchor}">${id}</a> ${verdict}</dt>
<dd><p>${text}</p>${list}${why}</dd></div>`;
}

function evidenceHtml({ cover, result }: Evidence): Html {
  if (cover.kind === "by hand")
    return html`<li><span class="kind">by hand</span> <span>${cover.words}</span></li>`;
  const outcome = result
    ? html`<span data-status="${result.status}">${result.words}</span>`
    : html`<span class="extent">not run here</span>`;
  const place =
    cover.kind === "test"
      ? codeLink(cover.file, undefined)
      : codeLink(cover.step, `${baseOf(requirementsPage)}${notebookPage(cover.step)}`);
  const title = cover.kind === "test" ? cover.title : cover.name;
  const named = html`<span>${place} <span class="title">“${title}”</span></span>`;
  return html`<li><span class="kind">${cover.kind}</span> ${named} ${outcome}</li>`;
}
