/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import MiniSearch, { type SearchResult } from "minisearch";
import { searchOptions, type SearchEntry } from "../search-options.js";
import { ranked } from "../search-rank.js";

/** The search over all pages. Its index is a script, so that it works from a folder too; the focus loads it. */
export function searchBox(): void {
  const field = document.querySelector<HTMLInputElement>("#search");
  const box = document.querySelector<HTMLElement>("search .found");
  const status = document.querySelector<HTMLElement>("#search-found");
  if (!field || !box || !status) return;
  let index: Promise<MiniSearch<SearchEntry>> | undefined;
  const load = () => (index ??= loadIndex());
  const show = async () => {
    const query = field.value.trim();
    const found = query === "" ? [] : ranked((await load()).search(query), query).slice(0, 12);
    if (query !== field.value.trim()) return;
    box.replaceChildren(...found.map((result) => resultElement(result, query)));
    if (query !== "" && found.length === 0) box.textContent = "Nothing found.";
    box.hidden = query === "";
    status.textContent =
      query === "" ? "" : `${found.length || "No"} ${found.length === 1 ? "result" : "results"}`;
  };
  field.addEventListener("focus", () => void load());
  field.addEventListener("input", () => void show());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  });
  const links = () => [...box.querySelectorAll("a")];
  field.closest("search")!.addEventListener("keydown", (event) => {
    const { key } = event as KeyboardEvent;
    const at = links().indexOf(document.activeElement as HTMLAnchorElement);
    if (key === "Escape") {
      field.value = "";
      void show();
      field.focus();
    } else if (key === "Enter" && at < 0) links()[0]?.click();
    else if (key === "ArrowDown") links()[at + 1]?.focus();
    else if (key === "ArrowUp") (at > 0 ? links()[at - 1]! : field).focus();
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("search")) box.hidden = true;
  });
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

declare global {
  interface Window {
    shopmetricsSearch?: readonly SearchEntry[];
  }
}

async function loadIndex(): Promise<MiniSearch<SearchEntry>> {
  const { base = "", search = "" } = document.documentElement.dataset;
  await new Promise<void>((done) => {
    const script = document.createElement("script");
    script.src = `${base}${search}`;
    script.addEventListener("load", () => done());
    script.addEventListener("error", () => done());
    document.head.append(script);
  });
  const index = new MiniSearch<SearchEntry>(searchOptions);
  index.addAll(window.shopmetricsSearch ?? []);
  return index;
}

function resultElement(result: SearchResult & SearchEntry, query: string): HTMLAnchorElement {
  const { url, kind, page, heading, text } = result;
  const link = document.createElement("a");
  link.href = `${document.documentElement.dataset["base"] ?? ""}${url}`;
  const title = document.createElement("strong");
  title.textContent = heading || page;
  const where = document.createElement("span");
  where.className = "where";
  where.textContent = { table: "Table", column: "Column", page: "", part: heading === page ? "" : page }[
    kind
  ];
  const excerpt = document.createElement("span");
  excerpt.className = "excerpt";
  excerpt.append(...marked(around(text, [...result.terms, ...query.split(/\s+/)]), result.terms));
  link.append(title, where, excerpt);
  return link;
}

/** The text around the first of the words that is in it. */
function around(text: string, words: readonly string[]): string {
  const low = text.toLowerCase();
  const at = Math.max(0, ...words.slice(0, 1).map((word) => low.indexOf(word.toLowerCase())));
  const start = at < 40 ? 0 : text.indexOf(" ", at - 40) + 1;
  return `${start > 0 ? "… " : ""}${text.slice(start, start + 120)}${text.length > start + 120 ? " …" : ""}`;
}

function marked(text: string, terms: readonly string[]): (string | HTMLElement)[] {
  if (terms.length === 0) return [text];
  const escaped = terms
    .toSorted((a, b) => b.length - a.length)
    .map((term) => term.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return text.split(new RegExp(`(${escaped.join("|")})`, "giu")).map((part, index) => {
    if (index % 2 === 0) return part;
    const mark = document.createElement("mark");
    mark.textContent = part;
    return mark;
  });
}
