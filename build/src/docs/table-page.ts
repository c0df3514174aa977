import type { Column, Table } from "shopmetrics/plan";
import { rangeWords } from "shopmetrics/plan";
import { html, joinHtml, type Content, type Html } from "shopmetrics/display";
import { count, counted, instantWords, shortened } from "../text.js";
import { anchorOf, baseOf, columnAnchor, dictionaryPage, lineagePage, tablePage } from "./addresses.js";
import { aboutList, breakable, codeLink, headingHtml } from "./elements.js";
import { readersOf, writersOf, type Docs } from "./model.js";
import { mentionIn, stepLinks, withMentions } from "./mention.js";
import { checksHtml } from "./outputs.js";
import type { Page } from "./page.js";
import { isPersonal } from "./examples.js";
import { byLayer } from "./sidebar.js";

/** A table's page: its columns, their rules and some of their values, its checks, and who writes and reads it. */
export function buildTablePage(table: Table, docs: Docs): Page {
  const path = tablePage(table.name);
  const comment = withMentions(table.comment, mentionIn(docs, path));
  const columns = table.columns.map((column) => columnHtml(table, column, docs, path));
  return {
    path,
    title: table.name,
    description: shortened(table.comment),
    group: "Tables",
    main: html`<p class="kicker">Table · ${table.layer}</p>
<div class="prose"><h1><code>${breakable(table.name)}</code></h1><p>${comment}</p></div>
${aboutHtml(table, docs, path)}
${headingHtml("columns", "Columns")}
<dl class="columns">${joinHtml(columns, "\n")}</dl>
${headingHtml("checks", "Checks")}
${tableChecks(table, docs)}`,
    headings: [
      { level: 2, text: "Columns", id: "columns" },
      { level: 2, text: "Checks", id: "checks" },
    ],
    sections: [
      { id: "", heading: table.name, text: table.comment, kind: "table" },
      ...table.columns.map(({ name, comment: text }) => ({
        id: anchorOf(name),
        heading: `${table.name}.${name}`,
        text,
        kind: "column" as const,
      })),
    ],
  };
}

function tableChecks(table: Table, docs: Docs): Html {
  const checks = docs.warehouseStats.checks.filter((check) => check.table === table.name);
  const last = checks
    .map(({ checkedAt }) => checkedAt)
    .toSorted()
    .at(-1);
  if (last === undefined) return html`<p class="absent">${noChecks(table, docs)}</p>`;
  return html`<p class="extent">Last measured ${instantWords(last)}.</p>
${checksHtml(checks, { open: true })}`;
}

/** All tables by layer, each with what it is. */
export function buildDictionaryPage(docs: Docs): Page {
  const { missing, rows: rowCounts } = docs.warehouseStats;
  const mention = mentionIn(docs, dictionaryPage);
  const layers = byLayer([...docs.tables.values()], ({ name }) => name).map(([layer, tables]) => {
    const entries = tables.map(({ name, comment }) => {
      const rowCount = rowCounts.get(name);
      const link = codeLink(name.slice(layer.length + 1), `${name}.html`);
      const size = rowCount !== undefined && html`<span class="type">${counted(rowCount, "row")}</span>`;
      return html`<div class="column"><dt>${link} ${size}</dt><dd>${withMentions(comment, mention)}</dd></div>`;
    });
    return html`${headingHtml(layer, capital(layer))}
<p class="what">${layerWords[layer]}</p>
<dl class="columns">${joinHtml(entries, "\n")}</dl>`;
  });
  return {
    path: dictionaryPage,
    title: "Data dictionary",
    description: "Every table of the lakehouse: its columns, types, rules and some of its values.",
    group: "Tables",
    main: html`<div class="prose"><h1>Data dictionary</h1>
<p>${introduction}</p>${missing && html`<p class="absent">${missing}</p>`}</div>
${joinHtml(layers, "\n")}`,
    headings: [],
    sections: [{ id: "", heading: "", text: "All tables by layer" }],
  };
}

const introduction =
  "Every table and column, as their contracts declare them. The same contracts make the tables, their comments in the " +
  "catalog and the checks of every run.";

/** What each layer is for. */
export const layerWords: Readonly<Record<string, string>> = {
  sources: "Where rows begin.",
  bronze: "What arrived, as it arrived: append-only, nothing repaired.",
  silver: "Typed, validated, one row per thing. What is refused is kept with its reasons.",
  gold: "Answers: one table per question, computed from silver.",
  ops: "The pipeline’s own records: runs, checks, files loaded.",
  dashboard: "Pages whose queries are exported after gold is written.",
};

export const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function aboutHtml(table: Table, docs: Docs, path: string): Html {
  const { key, clusterBy, newest, tracks, tags = {} } = table.options;
  const columns = (names: readonly string[] = []) =>
    names.length > 0 &&
    joinHtml(
      names.map((name) => codeLink(name, `#${anchorOf(name)}`)),
      ", ",
    );
  const writers = writersOf(docs.plans, table.name);
  const readers = readersOf(docs.plans, table.name);
  const lineage = `${baseOf(path)}${lineagePage}#${anchorOf(table.name)}`;
  const tagList = Object.entries(tags).map(
    ([name, value]) => html`<span class="tag">${name}: ${String(value)}</span>`,
  );
  return aboutList([
    ["Rows", rowsHtml(table, docs)],
    ["Key", columns(key)],
    ["Newest by", columns(newest)],
    ["Tracks", columns(tracks)],
    ["Clustered by", columns(clusterBy)],
    ["Written by", writers.length > 0 ? stepLinks(writers, path) : "the runner"],
    ["Read by", readers.length > 0 ? stepLinks(readers, path) : "no step"],
    ["Lineage", table.layer !== "ops" && html`<a href="${lineage}">in the graph</a>`],
    ["Tags", tagList.length > 0 && joinHtml(tagList, " ")],
  ]);
}

function rowsHtml({ name }: Table, { warehouseStats }: Docs): Content {
  const rows = warehouseStats.rows.get(name);
  return rows === undefined
    ? (warehouseStats.missing ?? "The warehouse has no such table yet: a run makes it.")
    : html`<span class="figure">${count(rows)}</span>`;
}

function columnHtml(table: Table, column: Column, docs: Docs, path: string): Html {
  const { name, type, nullable, comment, accepts } = column;
  const mention = mentionIn(docs, path);
  const { key = [], references = {} } = table.options;
  const target = (references as Readonly<Record<string, string>>)[name];
  const marks = [
    key.includes(name) && html`<span class="mark key">key</span>`,
    html`<span class="type">${type}</span>`,
    !nullable && html`<span class="mark">not null</span>`,
  ];
  const range = rangeWords(column);
  const accepted = accepts?.map((value) => html`<code>${value}</code>`);
  const texts = [
    withMentions(comment, mention),
    range !== undefined && html`Plausible: ${range}.`,
    accepted && html`One of ${joinHtml(accepted, ", ")}.`,
    target !== undefined && html`Refers to ${referenceHtml(target, mention(target))}.`,
  ];
  const id = anchorOf(name);
  const link = codeLink(name, `#${id}`);
  return html`<div class="column" id="${id}"><dt>${link} ${joinHtml(marks, " ")}</dt>
<dd>${joinHtml(texts, " ")}</dd>
${examplesHtml(table, column, docs)}${madeOfHtml(table, column, docs, path)}</div>`;
}

/** What a column is made of, and the way to its whole lineage. */
function madeOfHtml(
  { name: table, layer }: Table,
  { name }: Column,
  docs: Docs,
  path: string,
): Html | undefined {
  const made = docs.lineage.find((one) => one.table === table)?.columns.find((one) => one.column === name);
  if (layer === "ops" || !made || made.sources.length === 0) return undefined;
  const mention = mentionIn(docs, path);
  const sources = made.sources.map(({ table: from, column }) =>
    column === "*"
      ? codeLink(`rows of ${from}`, mention(from))
      : codeLink(`${from}.${column}`, mention(`${from}.${column}`)),
  );
  const lineage = `${baseOf(path)}${lineagePage}#${columnAnchor(table, name)}`;
  return html`<dd class="made">Made of ${joinHtml(sources, ", ")}; <a href="${lineage}">its lineage</a>.</dd>`;
}

const referenceHtml = (target: string, href: string | undefined): Content =>
  href === undefined ? target : codeLink(target, href);

function examplesHtml(table: Table, { name, accepts }: Column, { warehouseStats }: Docs): Html | undefined {
  const rows = warehouseStats.rows.get(table.name);
  if (rows === undefined) return undefined;
  if (isPersonal(table, name)) return html`<dd class="examples">Personal: no values are shown.</dd>`;
  const values = warehouseStats.examples.get(`${table.name}.${name}`) ?? [];
  if (values.length > 0) {
    const samples = values.map((value) => html`<samp>${value}</samp>`);
    return html`<dd class="examples">For example ${joinHtml(samples, " ")}</dd>`;
  }
  return rows === 0 || accepts ? undefined : html`<dd class="examples">Always null so far.</dd>`;
}

function noChecks({ name, layer, options, columns }: Table, { warehouseStats }: Docs): string {
  if (warehouseStats.missing && layer !== "ops") {
    const rules = [
      ...(options.key ? [`${options.key.join(", ")} is unique`] : []),
      ...columns.filter(({ nullable }) => !nullable).map((column) => `${column.name} is not null`),
    ];
    if (layer !== "bronze") return `${warehouseStats.missing} Its contract demands: ${rules.join("; ")}.`;
  }
  if (layer === "ops") return "The runner keeps it; no step checks it.";
  return layer === "bronze"
    ? `${name} keeps what arrived as it is: it is checked when the next layer reads it.`
    : "No check has been measured yet.";
}
