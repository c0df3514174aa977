import { escapeHtml } from "shopmetrics/display";
import { count, seconds } from "../text.js";
import {
  baseOf,
  dictionaryPage,
  docsHome,
  lineagePage,
  notebookPage,
  requirementsPage,
} from "./addresses.js";
import type { Docs } from "./model.js";
import { checksWords, worst } from "./outputs.js";
import type { Page } from "./page.js";
import { byLayer } from "./sidebar.js";
import { anchorHtml, capital, layerWords } from "./table-page.js";

/** The documentation's front page: the pipeline from source to dashboard, step by step, as its last run left it. */
export function homePage(docs: Docs): Page {
  const base = baseOf(docsHome);
  const layers = byLayer(docs.plans, ({ step }) => step).map(([layer, plans]) => {
    const rows = plans.map(({ step, title }) => {
      const fact = docs.facts.steps.get(step);
      const checks = docs.facts.checks.filter((one) => one.step === step);
      const status = fact?.status === "failed" ? "fail" : worst(checks);
      return `<tr><th scope="row"><a href="${base}${notebookPage(step)}">${escapeHtml(title)}</a> <code>${escapeHtml(step)}</code></th><td class="number">${fact?.rowsOut === undefined || fact.rowsOut === null ? "–" : count(fact.rowsOut)}</td><td class="number">${fact ? seconds(fact.seconds) : "–"}</td><td${status ? ` data-status="${status}"` : ""}>${fact?.status === "failed" ? "✗ failed" : checks.length > 0 ? escapeHtml(checksWords(checks)) : "–"}</td></tr>`;
    });
    return `<h2 id="${layer}">${capital(layer)} ${anchorHtml(layer, capital(layer))}</h2>
<p class="what">${layerWords[layer] ?? ""}</p>
<div class="scroll" tabindex="0"><table class="list steps"><thead><tr><th scope="col">Notebook</th><th scope="col" class="number">Rows written</th><th scope="col" class="number">Took</th><th scope="col">Checks</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
  });
  return {
    path: docsHome,
    title: "Documentation",
    description: "How every number of the dashboard is made, from the file it came from.",
    group: "",
    main: `<div class="prose"><h1>How every number is made</h1>
<p>Each step from raw export to chart-ready table is one notebook. An engineer runs it cell by cell, the compiler turns it into a task of the daily job, and here it is to be read, with what the last run came to.</p>
<p>Looking for a table or a column? The <a href="${base}${dictionaryPage}">data dictionary</a> has them all, and the <a href="${base}${lineagePage}">lineage</a> follows a column from its file to the dashboard. What was asked for, and how it stands, is among the <a href="${base}${requirementsPage}">requirements</a>.</p>${docs.facts.missing ? `<p class="absent">${escapeHtml(docs.facts.missing)}</p>` : ""}</div>
${layers.join("\n")}`,
    headings: byLayer(docs.plans, ({ step }) => step).map(([layer]) => ({
      level: 2,
      text: capital(layer),
      id: layer,
    })),
    sections: [{ id: "", heading: "", text: "Pipeline, steps, notebooks, last run" }],
  };
}
