import { attributes, html, joinHtml, type Html } from "shopmetrics/display";
import type { Plan } from "shopmetrics/plan";
import { count, seconds } from "../text.js";
import { baseOf, dictionaryPage, lineagePage, notebookPage, pipelinePage } from "./addresses.js";
import { headingHtml, numberCell, scrollTable } from "./elements.js";
import type { Docs } from "./model.js";
import { checksWords, worst } from "./outputs.js";
import type { Page } from "./page.js";
import { byLayer } from "./sidebar.js";
import { capital, layerWords } from "./table-page.js";

/** The pipeline from source to dashboard, with the results of the last run. */
export function buildPipelinePage(docs: Docs): Page {
  const byLayers = byLayer(docs.plans, ({ step }) => step);
  const layers = byLayers.map(([layer, plans]) => {
    const rows = plans.map((plan) => stepRow(plan, docs));
    return html`${headingHtml(layer, capital(layer))}
<p class="what">${layerWords[layer]}</p>
${scrollTable(columns, rows, "list steps")}`;
  });
  return {
    path: pipelinePage,
    title: "Pipeline",
    description: "How every number of the dashboard is made, from the file it came from.",
    group: "",
    main: html`<div class="prose"><h1>How every number is made</h1>
${introduction}${docs.warehouseStats.missing && html`<p class="absent">${docs.warehouseStats.missing}</p>`}</div>
${joinHtml(layers, "\n")}`,
    headings: byLayers.map(([layer]) => ({ level: 2, text: capital(layer), id: layer })),
    sections: [{ id: "", heading: "", text: "Pipeline, steps, notebooks, last run" }],
  };
}

const base = baseOf(pipelinePage);

/** Each paragraph is one line of the page. */
const introduction = joinHtml(
  [
    [
      "Each step from raw export to chart-ready table is one notebook. An engineer runs it cell by cell, the compiler ",
      "turns it into a task of the daily job, and here you can read it, with the results of the last run.",
    ],
    [
      html`Looking for a table or a column? The <a href="${base}${dictionaryPage}">data dictionary</a> has them all, `,
      html`and the <a href="${base}${lineagePage}">lineage</a> follows a column from its file to the dashboard.`,
    ],
  ].map((paragraph) => html`<p>${paragraph}</p>`),
  "\n",
);

const columns = [
  { name: "Notebook" },
  { name: "Rows written", isNumber: true },
  { name: "Took", isNumber: true },
  { name: "Checks" },
];

/** A step, with the results of its last run. */
function stepRow({ step, title }: Plan, { warehouseStats }: Docs): Html {
  const last = warehouseStats.steps.get(step);
  const checks = warehouseStats.checks.filter((check) => check.step === step);
  const isFailed = last?.status === "failed";
  const status = isFailed ? "fail" : worst(checks);
  const words = isFailed ? "✗ failed" : checks.length > 0 ? checksWords(checks) : "–";
  const written = last?.rowsOut ?? undefined;
  const name = html`<a href="${base}${notebookPage(step)}">${title}</a> <code>${step}</code>`;
  const cells = [
    html`<th scope="row">${name}</th>`,
    numberCell(written === undefined ? "–" : count(written)),
    numberCell(last ? seconds(last.seconds) : "–"),
    html`<td${attributes({ "data-status": status })}>${words}</td>`,
  ];
  return html`<tr>${cells}</tr>`;
}
