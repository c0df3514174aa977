import { escapeHtml } from "shopmetrics/display";
import { anchorOf, baseOf, lineagePage, notebookPage, tablePage } from "./addresses.js";
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
import { anchorHtml, capital } from "./table-page.js";

/**
 * The lineage: a graph of all tables, of which a script follows columns, and below it the same to read. The script knows
 * only what stands in the list, so there is one account of it.
 */
export function lineageHtml(docs: Docs, script: string): Page {
  const graph = lineageGraph(docs.lineage, docs.tables);
  const drawn = layOut(graph);
  const lists = byLayer(graph.boxes, ({ layer }) => layer).map(
    ([layer, boxes]) =>
      `<h2 id="${layer}">${capital(layer)} ${anchorHtml(layer, capital(layer))}</h2>\n${boxes.map((box) => boxHtml(box, docs)).join("\n")}`,
  );
  return {
    path: lineagePage,
    title: "Lineage",
    description: "What every column is made of, from the file it came from to the dashboard.",
    group: "",
    scripts: [script],
    headings: byLayer(graph.boxes, ({ layer }) => layer).map(([layer]) => ({
      level: 2,
      text: capital(layer),
      id: layer,
    })),
    sections: [
      { id: "", heading: "", text: "Graph of all tables and columns, upstream and downstream, impact" },
    ],
    main: `<div class="prose"><h1>Lineage</h1>
<p>What is made of what, from landed files to the dashboard, read from the SQL of the notebooks. Choose a table, then a column, to follow it up to the file it came from and down to the pages that show it.</p></div>
<section class="lineage" aria-label="Graph of all tables">
<div class="tools" hidden><button type="button" class="quiet" data-zoom="out">Smaller</button><button type="button" class="quiet" data-zoom="in">Larger</button><button type="button" class="quiet" data-zoom="fit">Whole graph</button><button type="button" class="quiet" data-clear>Clear</button></div>
<div class="canvas" tabindex="0">${svgHtml(drawn)}</div>
<div class="chosen-column" hidden aria-live="polite"></div>
</section>
${lists.join("\n")}`,
  };
}

function svgHtml({ width, height, boxes, lines }: LaidOut): string {
  const paths = lines.map(
    ({ from, to, points }) =>
      `<path data-from="${escapeHtml(from)}" data-to="${escapeHtml(to)}" d="${curve(points)}"/>`,
  );
  const nodes = boxes.map(({ name, layer, columns, x, y }) => {
    const [left, top] = [round(x - boxSize.width / 2), round(y - boxSize.height / 2)];
    const short = name.replace(/^[^./]+[./]/, "");
    return `<a href="#${anchorOf(name)}" data-box="${escapeHtml(name)}" class="${layer}"><rect x="${left}" y="${top}" width="${boxSize.width}" height="${boxSize.height}" rx="6"/><rect class="bar" x="${left}" y="${top}" width="4" height="${boxSize.height}" rx="2"/><text class="name" x="${left + 12}" y="${top + 18}">${escapeHtml(short)}</text><text class="sub" x="${left + 12}" y="${top + 33}">${layer} · ${columns.length} ${columns.length === 1 ? "column" : "columns"}</text></a>`;
  });
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-label="Tables and what they are made of"><g class="lines">${paths.join("")}</g>${nodes.join("\n")}</svg>`;
}

/** A line that leaves each point as it came, to the right. */
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

function boxHtml(box: LineageBox, docs: Docs): string {
  const base = baseOf(lineagePage);
  const page = docs.tables.has(box.name)
    ? `<a href="${base}${tablePage(box.name)}">in the data dictionary</a>`
    : docs.notebooks.has(box.name)
      ? `<a href="${base}${notebookPage(box.name)}">its notebook</a>`
      : "";
  const rows = box.columns.map((column) => columnHtml(box.name, column));
  return `<details class="box" id="${anchorOf(box.name)}" data-box="${escapeHtml(box.name)}"><summary><code>${escapeHtml(box.name)}</code></summary>
${page ? `<p class="extent">Described ${page.startsWith("<a") && docs.tables.has(box.name) ? page : `in ${page}`}.</p>` : ""}
<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Column</th><th scope="col">How</th><th scope="col">Made of</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div></details>`;
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

function columnHtml(box: string, { name, kind, from, expressions }: BoxColumn): string {
  const sources = from.map((source) => {
    const [table, column] = [
      source.slice(0, source.lastIndexOf(".")),
      source.slice(source.lastIndexOf(".") + 1),
    ];
    const words = column === "*" ? `rows of ${table}` : source;
    const anchor = column === "*" ? anchorOf(table) : columnAnchor(table, column);
    return `<a href="#${anchor}"><code>${escapeHtml(words)}</code></a>`;
  });
  const how = expressions.length > 0 ? `<code class="expression">${escapeHtml(expressions[0]!)}</code>` : "";
  return `<tr id="${columnAnchor(box, name)}" data-column="${escapeHtml(`${box}.${name}`)}" data-from="${escapeHtml(from.join(" "))}"><th scope="row"><code>${escapeHtml(name)}</code></th><td>${kindWords[kind]}${how ? `: ${how}` : ""}</td><td>${sources.join(", ")}</td></tr>`;
}

/** Columns of one name and different leading underscores are told apart by their place. */
const columnAnchor = (box: string, column: string) => anchorOf(`${box}.${column}`);
