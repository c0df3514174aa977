import { attributes, html, joinHtml, type Html } from "shopmetrics/display";
import { anchorOf, baseOf, lineagePage, notebookPage, tablePage } from "./addresses.js";
import { codeLink, headingHtml, scrollTable } from "./elements.js";
import type { Docs } from "./model.js";
import {
  type BoxColumn,
  type LaidOut,
  type LineageBox,
  type Point,
  boxSize,
  layOut,
  lineageGraph,
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
<section class="lineage" aria-label="Graph of all tables">
<div class="tools" hidden>${tools}</div>
<div class="canvas" tabindex="0">${svgHtml(layOut(graph))}</div>
<div class="chosen-column" hidden aria-live="polite"></div>
</section>
${joinHtml(lists, "\n")}`,
  };
}

const introduction =
  "What is made of what, from landed files and Kafka to the dashboard, read from the SQL of the notebooks. Choose a table, then " +
  "a column, to follow it up to the file it came from and down to the pages that show it.";

const tools = [
  { name: "Smaller", action: html`data-zoom="out"` },
  { name: "Larger", action: html`data-zoom="in"` },
  { name: "Whole graph", action: html`data-zoom="fit"` },
  { name: "Clear", action: html`data-clear` },
].map(({ name, action }) => html`<button type="button" class="quiet" ${action}>${name}</button>`);

function svgHtml({ width, height, boxes, lines }: LaidOut): Html {
  const paths = lines.map(
    ({ from, to, points }) => html`<path data-from="${from}" data-to="${to}" d="${curve(points)}"/>`,
  );
  const picture = attributes({
    viewBox: `0 0 ${width} ${height}`,
    width: String(width),
    height: String(height),
    role: "group",
    "aria-label": "Tables and what they are made of",
  });
  return html`<svg${picture}><g class="lines">${paths}</g>${joinHtml(boxes.map(svgBox), "\n")}</svg>`;
}

function svgBox({ name, layer, columns, x, y }: LaidOut["boxes"][number]): Html {
  const { width, height } = boxSize;
  const [left, top] = [round(x - width / 2), round(y - height / 2)];
  const short = name.replace(/^[^./]+[./]/, "");
  // Of what a program reads only its rows are followed.
  const size =
    columns.length === 0 ? "rows" : `${columns.length} ${columns.length === 1 ? "column" : "columns"}`;
  const parts = [
    html`<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="6"/>`,
    html`<rect class="bar" x="${left}" y="${top}" width="4" height="${height}" rx="2"/>`,
    html`<text class="name" x="${left + 12}" y="${top + 18}">${short}</text>`,
    html`<text class="sub" x="${left + 12}" y="${top + 33}">${layer} · ${size}</text>`,
  ];
  return html`<a href="#${anchorOf(name)}" data-box="${name}" class="${layer}">${parts}</a>`;
}

/** A curve through the points that is horizontal at each of them. */
function curve([first, ...rest]: readonly Point[]): string {
  if (!first) return "";
  let before = first;
  const parts = rest.map((point) => {
    const middle = round((before.x + point.x) / 2);
    const part = `C${middle} ${round(before.y)} ${middle} ${round(point.y)} ${round(point.x)} ${round(point.y)}`;
    before = point;
    return part;
  });
  return `M${round(first.x)} ${round(first.y)}${parts.join("")}`;
}

const round = (value: number) => Math.round(value * 10) / 10;

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

/** The anchor of a column's row in the list. */
const columnAnchor = (box: string, column: string) => anchorOf(`${box}.${column}`);
