import type { Column, Table } from "shopmetrics/plan";
import { escapeHtml } from "shopmetrics/display";
import { count, instantWords, shortened } from "../text.js";
import { anchorOf, baseOf, dictionaryPage, lineagePage, tablePage } from "./addresses.js";
import { readersOf, writersOf, type Docs } from "./model.js";
import { mentionIn, stepLinks, withMentions } from "./mention.js";
import { checksHtml } from "./outputs.js";
import type { Page } from "./page.js";
import { isPersonal } from "./examples.js";
import { byLayer } from "./sidebar.js";

/** A table's page: its columns, their rules and some of their values, its checks, and who writes and reads it. */
export function tableHtml(table: Table, docs: Docs): Page {
  const path = tablePage(table.name);
  const mention = mentionIn(docs, path);
  const checks = docs.facts.checks.filter((one) => one.table === table.name);
  const checked = checks.map(({ checkedAt }) => checkedAt).toSorted();
  const parts = [
    `<p class="kicker">Table · ${table.layer}</p>
<div class="prose"><h1><code>${escapeHtml(table.name)}</code></h1><p>${withMentions(table.comment, mention)}</p></div>`,
    aboutHtml(table, docs, path),
    `<h2 id="columns">Columns ${anchorHtml("columns", "Columns")}</h2>
<dl class="columns">${table.columns.map((column) => columnHtml(table, column, docs, path)).join("\n")}</dl>`,
    `<h2 id="checks">Checks ${anchorHtml("checks", "Checks")}</h2>
${
  checks.length > 0
    ? `<p class="extent">Last measured ${instantWords(checked.at(-1)!)}.</p>\n${checksHtml(checks, { open: true })}`
    : `<p class="absent">${escapeHtml(noChecks(table, docs))}</p>`
}`,
  ];
  return {
    path,
    title: table.name,
    description: shortened(table.comment),
    group: "Tables",
    main: parts.join("\n"),
    headings: [
      { level: 2, text: "Columns", id: "columns" },
      { level: 2, text: "Checks", id: "checks" },
    ],
    sections: [
      { id: "", heading: table.name, text: table.comment },
      ...table.columns.map(({ name, comment }) => ({
        id: anchorOf(name),
        heading: `${table.name}.${name}`,
        text: comment,
      })),
    ],
  };
}

/** All tables by layer, each with what it is. */
export function dictionary(docs: Docs): Page {
  const mention = mentionIn(docs, dictionaryPage);
  const layers = byLayer([...docs.tables.values()], ({ name }) => name).map(([layer, tables]) => {
    const rows = tables.map((table) => {
      const rowCount = docs.facts.rows.get(table.name);
      return `<tr><th scope="row"><a href="${table.name}.html"><code>${escapeHtml(table.name.slice(layer.length + 1))}</code></a></th><td>${withMentions(table.comment, mention)}</td><td class="number">${rowCount === undefined ? "–" : count(rowCount)}</td></tr>`;
    });
    return `<h2 id="${layer}">${capital(layer)} ${anchorHtml(layer, capital(layer))}</h2>
<p class="what">${layerWords[layer] ?? ""}</p>
<div class="scroll" tabindex="0"><table class="list"><thead><tr><th scope="col">Table</th><th scope="col">What it holds</th><th scope="col" class="number">Rows</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
  });
  return {
    path: dictionaryPage,
    title: "Data dictionary",
    description: "Every table of the lakehouse: its columns, types, rules and some of its values.",
    group: "Tables",
    main: `<div class="prose"><h1>Data dictionary</h1>
<p>Every table and column, as their contracts declare them. The same contracts make the tables, their comments in the catalog and the checks of every run.</p>${docs.facts.missing ? `<p class="absent">${escapeHtml(docs.facts.missing)}</p>` : ""}</div>
${layers.join("\n")}`,
    headings: [],
    sections: [{ id: "", heading: "", text: "All tables by layer" }],
  };
}

/** What each layer is for. */
export const layerWords: Readonly<Record<string, string>> = {
  sources: "Where rows begin.",
  bronze: "What arrived, as it arrived: append-only, nothing repaired.",
  silver: "Typed, validated, one row per thing. What is refused is kept with its reasons.",
  gold: "Answers: one table per question, computed from silver.",
  ops: "The pipeline’s own books: runs, checks, files taken in.",
  dashboard: "Pages whose queries are exported after gold is written.",
};

export const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

export const anchorHtml = (id: string, name: string) =>
  `<a class="anchor" href="#${id}" aria-label="Link to “${escapeHtml(name)}”">#</a>`;

function aboutHtml(table: Table, docs: Docs, path: string): string {
  const { key, clusterBy, newest, tracks, tags = {} } = table.options;
  const codes = (names: readonly string[] | undefined) =>
    (names ?? [])
      .map((name) => `<a href="#${anchorOf(name)}"><code>${escapeHtml(name)}</code></a>`)
      .join(", ");
  const writers = writersOf(docs.plans, table.name);
  const readers = readersOf(docs.plans, table.name);
  const rows = docs.facts.rows.get(table.name);
  const row = (name: string, html: string) => (html ? `<div><dt>${name}</dt><dd>${html}</dd></div>` : "");
  return `<dl class="about">
${[
  row(
    "Rows",
    rows === undefined
      ? escapeHtml(docs.facts.missing ?? "The warehouse has no such table yet: a run makes it.")
      : `<span class="figure">${count(rows)}</span>`,
  ),
  row("Key", codes(key)),
  row("Newest by", codes(newest)),
  row("Tracks", codes(tracks)),
  row("Clustered by", codes(clusterBy)),
  row("Written by", writers.length > 0 ? stepLinks(writers, path) : "the runner"),
  row("Read by", readers.length > 0 ? stepLinks(readers, path) : "no step"),
  row(
    "Lineage",
    table.layer === "ops"
      ? ""
      : `<a href="${baseOf(path)}${lineagePage}#${anchorOf(table.name)}">in the graph</a>`,
  ),
  row(
    "Tags",
    Object.entries(tags)
      .map(([name, value]) => `<span class="tag">${escapeHtml(name)}: ${escapeHtml(String(value))}</span>`)
      .join(" "),
  ),
]
  .filter(Boolean)
  .join("\n")}
</dl>`;
}

function columnHtml(table: Table, column: Column, docs: Docs, path: string): string {
  const { name, type, nullable, comment, accepts } = column;
  const mention = mentionIn(docs, path);
  const { key = [], references = {} } = table.options;
  const target = (references as Readonly<Record<string, string>>)[name];
  const marks = [
    ...(key.includes(name) ? [`<span class="mark key">key</span>`] : []),
    `<span class="type">${escapeHtml(type)}</span>`,
    ...(nullable ? [] : [`<span class="mark">not null</span>`]),
  ];
  const href = target === undefined ? undefined : mention(target);
  const more = [
    accepts ? `One of ${accepts.map((value) => `<code>${escapeHtml(value)}</code>`).join(", ")}.` : "",
    target
      ? `Refers to ${href ? `<a href="${href}"><code>${escapeHtml(target)}</code></a>` : escapeHtml(target)}.`
      : "",
  ].filter(Boolean);
  const id = anchorOf(name);
  return `<div class="column" id="${id}"><dt><a href="#${id}"><code>${escapeHtml(name)}</code></a> ${marks.join(" ")}</dt>
<dd>${withMentions(comment, mention)}${more.length > 0 ? ` ${more.join(" ")}` : ""}</dd>
${examplesHtml(table, column, docs)}</div>`;
}

function examplesHtml(table: Table, { name, accepts }: Column, { facts }: Docs): string {
  if (!facts.rows.has(table.name)) return "";
  if (isPersonal(table, name)) return '<dd class="examples">Personal: no values are shown.</dd>';
  const values = facts.examples.get(`${table.name}.${name}`) ?? [];
  if (values.length === 0)
    return facts.rows.get(table.name) === 0 || accepts ? "" : '<dd class="examples">Always null so far.</dd>';
  return `<dd class="examples">For example ${values.map((value) => `<samp>${escapeHtml(value)}</samp>`).join(" ")}</dd>`;
}

function noChecks({ name, layer, options, columns }: Table, { facts }: Docs): string {
  if (facts.missing && layer !== "ops") {
    const rules = [
      ...(options.key ? [`${options.key.join(", ")} is unique`] : []),
      ...columns.filter(({ nullable }) => !nullable).map((column) => `${column.name} is not null`),
    ];
    if (layer !== "bronze") return `${facts.missing} Its contract demands: ${rules.join("; ")}.`;
  }
  if (layer === "ops") return "The runner keeps it; no step checks it.";
  return layer === "bronze"
    ? `${name} keeps what arrived as it is: it is judged when the next layer reads it.`
    : "No check has been measured yet.";
}
