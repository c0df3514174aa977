import { escapeHtml } from "shopmetrics/display";
import { count, instantWords, listed, seconds, shortened } from "../text.js";
import type { Plan } from "shopmetrics/plan";
import type { Cell, Notebook } from "../notebook/parse.js";
import { baseOf, compiledFile, notebookPage } from "./addresses.js";
import { writtenBy, type Docs } from "./model.js";
import { linkFrom } from "./links.js";
import { codeHtml, renderMarkdown, type Heading } from "./markdown.js";
import { mentionIn, tableLinks } from "./mention.js";
import { checksHtml, checksWords, shownHtml, worst } from "./outputs.js";
import type { Page, PageLink } from "./page.js";

/**
 * A notebook as a page: its prose and code, below each cell what the last run came to, and the SQL it was compiled to.
 *
 * @param notebook of the plan
 */
export function notebookHtml(notebook: Notebook, plan: Plan, docs: Docs): Page {
  const path = notebookPage(plan.step);
  const taken = new Set(["main", "search", "search-found", "compiled-sql"]);
  const headings: Heading[] = [];
  const sections: { id: string; heading: string; text: string }[] = [];
  let lead = "";
  const parts = notebook.cells.map((cell, index) => {
    if (cell.kind === "code") {
      sections.at(-1)!.text += ` ${cell.source}`;
      return cellHtml(cell, plan, docs);
    }
    if (cell.kind !== "markdown") return "";
    const made = renderMarkdown(cell.source, {
      highlight: docs.highlight,
      taken,
      link: (href) => linkFrom(docs, notebook.path, href, path),
      mention: mentionIn(docs, path),
    });
    headings.push(...made.headings);
    for (const section of made.sections)
      if (section.id || section.text || index === 0) sections.push({ ...section });
    const html = `<div class="prose">${made.html}</div>`;
    if (lead !== "" || headings.length === 0) return html;
    // What the step is stands under the first heading's prose, before any code.
    lead = headings[0]!.text;
    return `${html}\n${aboutHtml(plan, docs, path)}`;
  });
  const compiled = docs.compiled.get(plan.step);
  if (compiled !== undefined) {
    headings.push({ level: 2, text: "Compiled SQL", id: "compiled-sql" });
    parts.push(compiledHtml(plan, compiled, docs, path));
  }
  const [layer = ""] = plan.step.split(".");
  return {
    path,
    title: plan.title,
    description: shortened(sections.map(({ text }) => text).find((text) => text.trim() !== "") ?? plan.title),
    group: "Notebooks",
    main: `<p class="kicker">Notebook · ${escapeHtml(layer)}</p>\n${parts.filter(Boolean).join("\n")}`,
    headings,
    sections,
    ...turns(docs, plan),
  };
}

/** The steps before and after it along the pipeline. */
function turns({ plans }: Docs, plan: Plan): { before: PageLink | undefined; after: PageLink | undefined } {
  const at = plans.indexOf(plan);
  const link = (one: Plan | undefined) => one && { path: notebookPage(one.step), title: one.title };
  return { before: link(plans[at - 1]), after: link(plans[at + 1]) };
}

function aboutHtml(plan: Plan, docs: Docs, path: string): string {
  const { facts } = docs;
  const fact = facts.steps.get(plan.step);
  const checks = facts.checks.filter(({ step }) => step === plan.step);
  const row = (name: string, html: string) => (html ? `<div><dt>${name}</dt><dd>${html}</dd></div>` : "");
  const figures = fact
    ? [
        figure("rows in", fact.rowsIn),
        figure("written", fact.rowsOut),
        figure("merged", fact.rowsMerged),
        figure("rejected", fact.rowsRejected),
      ].filter(Boolean)
    : [];
  const last = fact
    ? [
        `<time datetime="${escapeHtml(fact.startedAt)}">${instantWords(fact.startedAt)}</time>`,
        seconds(fact.seconds),
        ...(fact.status === "failed" ? ['<strong data-status="fail">✗ failed</strong>'] : []),
      ].join(" · ")
    : escapeHtml(facts.missing ?? "It has not run yet.");
  const shown = docs.dashboard.get(plan.step);
  return `<dl class="about">
${[
  row("Reads", tableLinks(plan.reads, docs, path)),
  row("Writes", tableLinks(writtenBy(plan), docs, path)),
  row("Page", shown ? `<a href="${baseOf(path)}${shown.path}">${escapeHtml(shown.title)}</a>` : ""),
  row(
    "Runs",
    `in the ${escapeHtml(listed(plan.jobs))} ${plan.jobs.length === 1 ? "job" : "jobs"}, as ${runtimeWords[plan.runtime]}`,
  ),
  row("Last run", last),
  row("Rows", figures.join(" · ")),
  row(
    "Checks",
    checks.length > 0 ? `<span data-status="${worst(checks)}">${escapeHtml(checksWords(checks))}</span>` : "",
  ),
]
  .filter(Boolean)
  .join("\n")}
</dl>${fact?.message && fact.status === "failed" ? `<p class="absent">${escapeHtml(fact.message)}</p>` : ""}`;
}

const runtimeWords = {
  sql: "SQL on the warehouse",
  node: "a program",
  page: "a page whose queries are exported",
} as const;

const figure = (name: string, value: number | null) =>
  value === null ? "" : `<span class="figure">${count(value)}</span> ${name}`;

/** A cell's code and what it came to. */
function cellHtml(cell: Cell, plan: Plan, docs: Docs): string {
  const { facts, drawings } = docs;
  const outputs = [
    ...plan.items
      .filter(({ kind, place }) => kind === "show" && place?.cell === cell.number)
      .map((item) => facts.shows.get(item))
      .flatMap((shown) => (shown === undefined ? [] : [shownHtml(shown)])),
    checksHtml(facts.checks.filter(({ step, place }) => step === plan.step && place?.cell === cell.number)),
    ...(drawings.get(plan.step) ?? [])
      .filter((one) => one.cell === cell.number && one.kind === "display")
      .map(({ html }) => `<div class="drawing">${withoutButtons(html)}</div>`),
  ].filter(Boolean);
  const output = outputs.length > 0 ? `<div class="output">${outputs.join("\n")}</div>` : "";
  return `<div class="cell" id="cell-${cell.number}"><p class="in"><a href="#cell-${cell.number}">In [${cell.number}]</a></p>
${codeHtml(cell.source.trimEnd(), "typescript", docs.highlight)}${output}</div>`;
}

/** A drawing's buttons do nothing here: those that name a column stay as its name. */
const withoutButtons = (html: string) =>
  html.replace(/<div class="actions">[^]*?<\/div>/g, "").replace(/<button\b[^>]*>([^]*?)<\/button>/g, "$1");

function compiledHtml(plan: Plan, text: string, docs: Docs, path: string): string {
  const file = `${baseOf(path)}${compiledFile(plan.step)}`;
  return `<h2 id="compiled-sql">Compiled SQL <a class="anchor" href="#compiled-sql" aria-label="Link to “Compiled SQL”">#</a></h2>
<p>What the daily job runs on the warehouse: <a href="${file}" type="text/plain">the file as it is deployed</a>, ${count(text.split("\n").length)} lines.</p>
<details class="compiled"><summary>Show it here</summary>
${codeHtml(text.trimEnd(), "sql", docs.highlight)}</details>`;
}
