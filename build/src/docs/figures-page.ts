import { attributes, html, joinHtml, type Block, type Html } from "shopmetrics/display";
import type { DashboardPage } from "../site/dashboard.js";
import { figureAnchor } from "../site/dashboard-page.js";
import { instantWords } from "../text.js";
import {
  anchorOf,
  baseOf,
  columnAnchor,
  figuresPage,
  lineagePage,
  notebookPage,
  tablePage,
} from "./addresses.js";
import { breakable, codeLink, headingHtml } from "./elements.js";
import type { Docs } from "./model.js";
import { mentionIn, withMentions } from "./mention.js";
import { checksHtml, checksWords, worst } from "./outputs.js";
import type { Page } from "./page.js";
import type { LastCheck } from "./warehouse-stats.js";

/** Where the figures of a dashboard's page come from: of each its columns, up to the files, and the checks of the run that it shows. */
export function buildFiguresPage(page: DashboardPage, docs: Docs): Page {
  const path = figuresPage(page.step);
  const base = baseOf(path);
  const figures = page.blocks.flatMap((block, index) =>
    block.kind === "display" && block.reads.length > 0
      ? [{ block, id: figureAnchor(index), title: titleOf(block) }]
      : [],
  );
  const parts = figures.map(
    ({ block, id, title }) => html`${headingHtml(id, title)}\n${figureHtml(block, page, docs)}`,
  );
  const link = html`<a href="${base}${page.path}">${page.title}</a>`;
  return {
    path,
    title: `${page.title}: sources and checks`,
    description: `Where the figures of ${page.title} come from, and how the checks of their run ended.`,
    group: "Figures",
    main: html`<p class="kicker">Figures</p>
<div class="prose"><h1>Where the figures of ${page.title} come from</h1>
<p>Each figure of the page ${link} with the columns that it is made of and the checks of the tables that hold them.
${exportWords(page)}</p>${newerRunHtml(page, base)}</div>
${joinHtml(parts, "\n")}`,
    headings: figures.map(({ id, title }) => ({ level: 2, text: title, id })),
    sections: [
      { id: "", heading: "", text: `Sources and checks of ${page.title}` },
      ...figures.map(({ block, id, title }) => ({
        id,
        heading: title,
        text: `Source and checks of a figure: ${sourcesOf(block, page, docs)
          .map(({ table, column }) => `${table}.${column}`)
          .join(", ")}`,
      })),
    ],
  };
}

function exportWords({ manifest }: DashboardPage): Html | string {
  if (!manifest) return "It has not been exported yet.";
  return html`The page shows what the run <code>${manifest.run}</code> exported on ${instantWords(manifest.asOf)}.`;
}

/** Shown by a script if the dashboard has gone on since this page was made. */
function newerRunHtml({ manifest }: DashboardPage, base: string): Html | undefined {
  if (!manifest) return undefined;
  const about = attributes({
    "data-shown-run": manifest.run,
    "data-manifest": `${base}data/${manifest.page}.json`,
    hidden: true,
  });
  return html`
<p class="absent"${about}>The dashboard has newer figures by now, of the run <code></code>. What is said here is of the run before; build
the site again for the newest: <code>npm run site</code>.</p>`;
}

/** What a figure is called: the question above a chart or table, or the names of the cards. */
function titleOf({ html: drawn }: Block): string {
  const named = (tag: string) =>
    [...String(drawn).matchAll(new RegExp(`<${tag}\\b[^>]*>([^]*?)</${tag}>`, "g"))].map(([, text]) =>
      plain(text!),
    );
  const [question] = named("h3");
  return question ?? (named("dt").join(", ") || "A figure");
}

const plain = (text: string) =>
  text
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");

interface Source {
  readonly table: string;
  /** `*` means the rows, which are counted. */
  readonly column: string;
}

/** The columns of tables that a figure is made of, each once. */
function sourcesOf({ reads }: Block, { step }: DashboardPage, { lineage }: Docs): Source[] {
  const found = reads.flatMap((read) => {
    const [query, column] = read.split(".");
    const columns = lineage.find(({ table }) => table === `${step}.${query}`)?.columns ?? [];
    return columns
      .filter((one) => column === "*" || one.column === column)
      .flatMap(({ sources }) => sources.map((source) => ({ table: source.table, column: source.column })));
  });
  return [...new Map(found.map((source) => [`${source.table}.${source.column}`, source])).values()];
}

function figureHtml(block: Block, page: DashboardPage, docs: Docs): Html {
  const path = figuresPage(page.step);
  const base = baseOf(path);
  const sources = sourcesOf(block, page, docs);
  const rows = sources.map((source) => sourceRow(source, docs, path));
  const cell = `${base}${notebookPage(page.step)}#cell-${block.cell}`;
  return html`<dl class="columns">${joinHtml(rows, "\n")}</dl>
${checksOf([...new Set(sources.map(({ table }) => table))], page, docs)}
<p class="extent">How it is drawn: <a href="${cell}">cell ${block.cell} of the notebook</a>.</p>`;
}

function sourceRow({ table, column }: Source, docs: Docs, path: string): Html {
  const base = baseOf(path);
  const contract = docs.tables.get(table);
  const isRows = column === "*";
  const name = isRows ? `rows of ${table}` : `${table}.${column}`;
  const anchor = isRows ? "" : `#${anchorOf(column)}`;
  const comment = isRows
    ? contract?.comment
    : contract?.columns.find((declared) => declared.name === column)?.comment;
  const begins = originsOf({ table, column }, docs);
  const lineage = `${base}${lineagePage}#${isRows ? anchorOf(table) : columnAnchor(table, column)}`;
  const files = joinHtml(
    begins.map((origin) => html`<code>${origin}</code>`),
    ", ",
  );
  const way = table.startsWith("ops.")
    ? "The pipeline’s own record."
    : html`${begins.length > 0 && html`Begins as ${files}. `}<a href="${lineage}">Its lineage</a>`;
  return html`<div class="column"><dt>${codeLink(breakable(name), contract && `${base}${tablePage(table)}${anchor}`)}</dt>
<dd>${comment && withMentions(comment, mentionIn(docs, path))}</dd>
<dd class="made">${way}</dd></div>`;
}

/** The files' and the topic's columns from which a column comes, at whatever distance; of counted rows the files alone. */
function originsOf(source: Source, { lineage }: Docs): string[] {
  const seen = new Map<string, Source>();
  const add = ({ table, column }: Source) => seen.set(`${table}.${column}`, { table, column });
  add(source);
  for (const { table, column } of seen.values())
    for (const made of lineage.find((one) => one.table === table)?.columns ?? []) {
      if (column !== "*" && made.column !== column) continue;
      for (const from of made.sources) add({ table: from.table, column: column === "*" ? "*" : from.column });
    }
  const origins = [...seen].filter(([, { table }]) => /^(landing|kafka|service)\//.test(table));
  return origins.map(([name]) => name.replace(/\.\*$/, ""));
}

/** How the checks of some tables had ended after the run that the page shows. */
function checksOf(tables: readonly string[], page: DashboardPage, docs: Docs): Html {
  const { warehouseStats } = docs;
  const run = page.manifest?.run;
  const all = (run !== undefined && warehouseStats.checksAfter.get(run)) || [];
  const own = all.filter(({ table }) => tables.includes(table));
  const known = checksHtml(own);
  if (!known || run === undefined) {
    const why =
      warehouseStats.missing ??
      (tables.every((table) => table.startsWith("ops."))
        ? "The runner keeps these tables; no step checks them."
        : "The warehouse has no check results of this run.");
    return html`<p class="absent">${why}</p>`;
  }
  const earlier = new Set(own.filter((check) => check.run !== run).map((check) => check.run));
  const when =
    earlier.size === 0
      ? html`Measured in the run that the page shows, <code>${run}</code>.`
      : html`As they stood after the run that the page shows, <code>${run}</code>. It left some tables as they were, since nothing had
come in for them: their checks are those of the run before that changed them.`;
  return html`<p class="extent">${when}</p>
${known}
${upstreamHtml(tables, all, page, docs)}`;
}

/** The verdict on every table further up, from which these are made. */
function upstreamHtml(
  tables: readonly string[],
  checks: readonly LastCheck[],
  { step }: DashboardPage,
  docs: Docs,
): Html | undefined {
  const seen = new Set(tables);
  for (const table of seen)
    for (const { sources } of docs.lineage.find((one) => one.table === table)?.columns ?? [])
      for (const source of sources) seen.add(source.table);
  const base = baseOf(figuresPage(step));
  const verdicts = [...seen]
    .filter((table) => !tables.includes(table))
    .flatMap((table) => {
      const own = checks.filter((check) => check.table === table);
      if (own.length === 0) return [];
      const link = codeLink(table, `${base}${tablePage(table)}#checks`);
      return [html`<li>${link} <span data-status="${worst(own)!}">${checksWords(own)}</span></li>`];
    });
  return verdicts.length > 0
    ? html`<p class="extent">Checked before, of what these are made of:</p>
<ul class="verdicts">${verdicts}</ul>`
    : undefined;
}
