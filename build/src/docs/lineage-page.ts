import { attributes, html, joinHtml, type Html } from "shopmetrics/display";
import { anchorOf, baseOf, columnAnchor, lineagePage, notebookPage, tablePage } from "./addresses.js";
import { codeLink, headingHtml, scrollTable } from "./elements.js";
import type { Docs } from "./model.js";
import {
  type BoxColumn,
  type LineageBox,
  type LineageLine,
  boxSize,
  layOut,
  lineageGraph,
  longestName,
} from "./lineage-graph.js";
import type { Page } from "./page.js";
import { byLayer } from "./sidebar.js";
import { capital } from "./table-page.js";

/**
 * The lineage: a graph of all tables, in which a script follows columns, and below it the same as a list. The script
 * reads the list, so the two cannot differ.
 */
export function buildLineagePage(docs: Docs, script: string): Page {
  const graph = lineageGraph(docs.lineage, docs.tables);
  const byLayers = byLayer(graph.boxes, ({ layer }) => layer);
  const lists = byLayers.map(([layer, boxes]) => {
    const entries = boxes.map((box) => boxHtml(box, docs));
    return html`${headingHtml(layer, capital(layer))}\n${joinHtml(entries, "\n")}`;
  });
  return {
    path: lineagePage,
    title: "Lineage",
    description: "What every column is made of, from the file it came from to the dashboard.",
    group: "",
    scripts: [script],
    headings: byLayers.map(([layer]) => ({ level: 2, text: capital(layer), id: layer })),
    sections: [
      { id: "", heading: "", text: "Graph of all tables and columns, upstream and downstream, impact" },
    ],
    main: html`<div class="prose"><h1>Lineage</h1>
<p>${introduction}</p></div>
<section class="lineage" aria-label="Graph of tables">
<div class="tools" hidden>${toolsHtml(byLayers)}</div>
<div class="canvas" tabindex="0">${svgHtml(graph)}</div>
<div class="chosen-column" hidden aria-live="polite"></div>
</section>
${joinHtml(lists, "\n")}`,
  };
}

const introduction =
  "What is made of what, from landed files and Kafka to the dashboard, read from the SQL of the notebooks. Begin with a table to see " +
  "only what it is made of and what is made of it, then with one of its columns. The page’s address names what is shown.";

/** The tables to begin with, and the size of the graph. Without a script it is a picture that scrolls. */
function toolsHtml(byLayers: readonly (readonly [string, readonly LineageBox[]])[]): Html {
  const groups = byLayers.map(([layer, boxes]) => {
    const options = boxes.map(({ name }) => html`<option value="${anchorOf(name)}">${name}</option>`);
    return html`<optgroup label="${capital(layer)}">${options}</optgroup>`;
  });
  const buttons = [
    ["Smaller", "out"],
    ["Larger", "in"],
    ["Whole graph", "fit"],
  ].map(([name, step]) => html`<button type="button" class="quiet" data-zoom="${step}">${name}</button>`);
  return html`<label for="lineage-start">Begin with</label>
<select id="lineage-start" autocomplete="off"><option value="">All tables</option>${groups}</select>
<span>${buttons}</span>`;
}

function svgHtml(graph: { boxes: readonly LineageBox[]; lines: readonly LineageLine[] }): Html {
  const { width, height, boxes, lines } = layOut(graph);
  const paths = lines.map(
    ({ from, to, path }) => html`<path data-from="${from}" data-to="${to}" d="${path}"/>`,
  );
  const picture = attributes({
    viewBox: `0 0 ${width} ${height}`,
    width: String(width),
    height: String(height),
    role: "group",
    "aria-label": "Tables and what they are made of",
  });
  const drawn = boxes.map(({ left, top, ...box }) => svgBox(box, `translate(${left} ${top})`));
  return html`<svg${picture}><g class="lines">${paths}</g>${joinHtml(drawn, "\n")}</svg>`;
}

function svgBox({ name, layer, columns }: LineageBox, transform: string): Html {
  const { width, height } = boxSize;
  const short = name.replace(/^[^./]+[./]/, "");
  // Of what a program reads only its rows are followed.
  const size =
    columns.length === 0 ? "rows" : `${columns.length} ${columns.length === 1 ? "column" : "columns"}`;
  const parts = [
    html`<title>${name}</title>`,
    html`<rect width="${width}" height="${height}" rx="6"/>`,
    html`<rect class="bar" width="4" height="${height}" rx="2"/>`,
    html`<text class="name" x="12" y="19">${cut(short)}</text>`,
    html`<text class="sub" x="12" y="36">${layer} · ${size}</text>`,
  ];
  return html`<a href="#${anchorOf(name)}" data-box="${name}" class="${layer}" transform="${transform}">${parts}</a>`;
}

const cut = (name: string) => (name.length <= longestName ? name : `${name.slice(0, longestName - 1)}…`);

function boxHtml(box: LineageBox, docs: Docs): Html {
  const { name, columns } = box;
  const rows = columns.map((column) => columnHtml(name, column));
  const summary = html`<summary><code>${name}</code></summary>`;
  return html`<details class="box" id="${anchorOf(name)}" data-box="${name}">${summary}
${descriptionHtml(name, docs)}
${rows.length > 0 && scrollTable([{ name: "Column" }, { name: "How" }, { name: "Made of" }], rows)}</details>`;
}

/** Where a box is described: a table in the dictionary, a page of the dashboard in its notebook. */
function descriptionHtml(box: string, docs: Docs): Html | undefined {
  const base = baseOf(lineagePage);
  if (docs.tables.has(box)) {
    const link = html`<a href="${base}${tablePage(box)}">in the data dictionary</a>`;
    return html`<p class="extent">Described ${link}.</p>`;
  }
  if (!docs.notebooks.has(box)) return undefined;
  return html`<p class="extent">Described in <a href="${base}${notebookPage(box)}">its notebook</a>.</p>`;
}

const kindWords: Readonly<Record<BoxColumn["kind"], string>> = {
  identity: "as it is",
  transformation: "computed",
  aggregation: "aggregated",
  constant: "constant",
  stamp: "filled in when written",
  program: "by a program",
  source: "as it lands",
};

function columnHtml(box: string, { name, kind, from, expressions }: BoxColumn): Html {
  const sources = from.map((source) => {
    const at = source.lastIndexOf(".");
    const [table, column] = [source.slice(0, at), source.slice(at + 1)];
    return column === "*"
      ? codeLink(`rows of ${table}`, `#${anchorOf(table)}`)
      : codeLink(source, `#${columnAnchor(table, column)}`);
  });
  const [expression] = expressions;
  const sql = expression !== undefined && html`: <code class="expression">${expression}</code>`;
  const row = attributes({
    id: columnAnchor(box, name),
    "data-column": `${box}.${name}`,
    "data-from": from.join(" "),
  });
  const cells = [
    html`<th scope="row"><code>${name}</code></th>`,
    html`<td>${kindWords[kind]}${sql}</td>`,
    html`<td>${joinHtml(sources, ", ")}</td>`,
  ];
  return html`<tr${row}>${cells}</tr>`;
}
