import { html, joinHtml, rawHtml, type Content, type Html } from "shopmetrics/display";
import { InputError } from "shopmetrics/settings";
import { count, instantWords, listed, seconds, shortened } from "../text.js";
import type { Plan } from "shopmetrics/plan";
import type { Cell, Notebook } from "../notebook/parse.js";
import { anchorOf, baseOf, compiledFile, notebookPage, requirementsPage } from "./addresses.js";
import { aboutList, headingHtml } from "./elements.js";
import { writtenBy, type Docs } from "./model.js";
import type { LastRun } from "./warehouse-stats.js";
import { linkFrom } from "./links.js";
import { codeHtml, renderMarkdown, type Heading } from "./markdown.js";
import { mentionIn, tableLinks } from "./mention.js";
import { checksHtml, checksWords, shownHtml, worst } from "./outputs.js";
import type { Page, PageLink } from "./page.js";
import { unitTestsHtml } from "./unit-test.js";

/**
 * A notebook as a page: its prose and code, below each cell the results of the last run, and its compiled SQL.
 *
 * @param notebook of the plan
 */
export function buildNotebookPage(notebook: Notebook, plan: Plan, docs: Docs): Page {
  const path = notebookPage(plan.step);
  const taken = new Set(["main", "search", "search-found", "compiled-sql"]);
  const headings: Heading[] = [];
  const sections: { id: string; heading: string; text: string }[] = [];
  let lead = "";
  const parts = notebook.cells.map((cell, index): Content => {
    if (cell.kind === "code") {
      sections.at(-1)!.text += ` ${cell.source}`;
      return cellHtml(cell, plan, docs, path);
    }
    if (cell.kind !== "markdown") return undefined;
    const made = renderMarkdown(cell.source, {
      highlight: docs.highlight,
      taken,
      link: (href) => linkFrom(docs, notebook.path, href, path),
      mention: mentionIn(docs, path),
    });
    headings.push(...made.headings);
    for (const section of made.sections)
      if (section.id || section.text || index === 0) sections.push({ ...section });
    const prose = html`<div class="prose">${made.html}</div>`;
    if (lead !== "" || headings.length === 0) return prose;
    // The facts about the step come after the first heading's prose, before any code.
    lead = headings[0]!.text;
    return html`${prose}\n${aboutHtml(plan, docs, path)}`;
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
    main: html`<p class="kicker">Notebook · ${layer}</p>\n${joinHtml(parts, "\n")}`,
    headings,
    sections,
    ...turns(docs, plan),
  };
}

/** The steps before and after it along the pipeline. */
function turns({ plans }: Docs, plan: Plan): { before: PageLink | undefined; after: PageLink | undefined } {
  const at = plans.indexOf(plan);
  const link = (other: Plan | undefined) => other && { path: notebookPage(other.step), title: other.title };
  return { before: link(plans[at - 1]), after: link(plans[at + 1]) };
}

function aboutHtml(plan: Plan, docs: Docs, path: string): Html {
  const { warehouseStats } = docs;
  const last = warehouseStats.steps.get(plan.step);
  const checks = warehouseStats.checks.filter(({ step }) => step === plan.step);
  const status = worst(checks);
  const shown = docs.dashboard.get(plan.step);
  const jobs = `${listed(plan.jobs)} ${plan.jobs.length === 1 ? "job" : "jobs"}`;
  const about = aboutList([
    ["Reads", plan.reads.length > 0 && tableLinks(plan.reads, docs, path)],
    ["Writes", writtenBy(plan).length > 0 && tableLinks(writtenBy(plan), docs, path)],
    ["Satisfies", requirementLinks(plan, docs, path)],
    ["Page", shown && html`<a href="${baseOf(path)}${shown.path}">${shown.title}</a>`],
    ["Runs", `in the ${jobs}, as ${runtimeWords[plan.runtime]}`],
    ["Last run", last ? lastRunHtml(last) : (warehouseStats.missing ?? "It has not run yet.")],
    ["Rows", last && rowsHtml(last)],
    ["Checks", status && html`<span data-status="${status}">${checksWords(checks)}</span>`],
  ]);
  const failure = last?.status === "failed" && last.message;
  return html`${about}${failure && html`<p class="absent">${failure}</p>`}`;
}

/** The ids that its front matter names, each with the tests and checks that cover it. */
function requirementLinks({ step }: Plan, { notebooks, requirements }: Docs, path: string): Html | undefined {
  const ids = notebooks.get(step)?.front.requirements ?? [];
  const unknown = ids.find((id) => !requirements.has(id));
  if (unknown !== undefined)
    throw new InputError(
      `${notebooks.get(step)!.path} names the requirement ${unknown} in its front matter, which docs/requirements.md does not have.`,
    );
  const links = ids.map((id) => html`<a href="${baseOf(path)}${requirementsPage}#${anchorOf(id)}">${id}</a>`);
  return links.length > 0 ? joinHtml(links, ", ") : undefined;
}

const lastRunHtml = ({ startedAt, seconds: took, status }: LastRun): Html =>
  joinHtml(
    [
      html`<time datetime="${startedAt}">${instantWords(startedAt)}</time>`,
      seconds(took),
      status === "failed" && html`<strong data-status="fail">✗ failed</strong>`,
    ],
    " · ",
  );

function rowsHtml({ rowsIn, rowsOut, rowsMerged, rowsRejected }: LastRun): Html | undefined {
  const figures = (
    [
      ["rows in", rowsIn],
      ["written", rowsOut],
      ["merged", rowsMerged],
      ["rejected", rowsRejected],
    ] as const
  ).flatMap(([name, value]) =>
    value === null ? [] : [html`<span class="figure">${count(value)}</span> ${name}`],
  );
  return figures.length > 0 ? joinHtml(figures, " · ") : undefined;
}

const runtimeWords = {
  sql: "SQL on the warehouse",
  node: "a program",
  page: "a page whose queries are exported",
} as const;

/** A cell's code and its output. */
function cellHtml(cell: Cell, plan: Plan, docs: Docs, path: string): Html {
  const { warehouseStats, dashboard } = docs;
  const shows = plan.items
    .filter(({ kind, place }) => kind === "show" && place?.cell === cell.number)
    .flatMap((item) => warehouseStats.shows.get(item) ?? [])
    .map(shownHtml);
  const checks = checksHtml(
    warehouseStats.checks.filter(({ step, place }) => step === plan.step && place?.cell === cell.number),
  );
  const pictures = (dashboard.get(plan.step)?.blocks ?? [])
    .filter((block) => block.cell === cell.number && block.kind === "display")
    .map((block) => html`<div class="drawing">${withoutButtons(block.html)}</div>`);
  const outputs = [...shows, ...(checks ? [checks] : []), ...pictures];
  const output = outputs.length > 0 && html`<div class="output">${joinHtml(outputs, "\n")}</div>`;
  const id = `cell-${cell.number}`;
  const code = codeHtml(cell.source.trimEnd(), "typescript", docs.highlight);
  const tests = docs.unitTests
    .filter(({ step, place }) => step === plan.step && place.cell === cell.number)
    .map(({ test }) => test);
  // An example is read as rows; how they are written down is for who wants to add one.
  const shown =
    tests.length === 0
      ? code
      : html`${unitTestsHtml(tests, docs.tables, (table) => tableLinks([table], docs, path))}
<details class="compiled"><summary>As the cell writes it</summary>
${code}</details>`;
  return html`<div class="cell" id="${id}"><p class="in"><a href="#${id}">In [${cell.number}]</a></p>
${shown}${output}</div>`;
}

/** A drawing's buttons do nothing here: those in a column's heading are replaced by their text. */
const withoutButtons = (drawing: Html): Html =>
  rawHtml(
    String(drawing)
      .replace(/<div class="actions">[^]*?<\/div>/g, "")
      .replace(/<button\b[^>]*>([^]*?)<\/button>/g, "$1"),
  );

function compiledHtml(plan: Plan, text: string, docs: Docs, path: string): Html {
  const file = `${baseOf(path)}${compiledFile(plan.step)}`;
  const link = html`<a href="${file}" type="text/plain">the file as it is deployed</a>`;
  return html`${headingHtml("compiled-sql", "Compiled SQL")}
<p>What the daily job runs on the warehouse: ${link}, ${count(text.split("\n").length)} lines.</p>
<details class="compiled"><summary>Show it here</summary>
${codeHtml(text.trimEnd(), "sql", docs.highlight)}</details>`;
}
