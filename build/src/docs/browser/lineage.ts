/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { around, longestName } from "../lineage-graph.js";
import { readColumns, walk, type Columns } from "./lineage-columns.js";
import { drawingIn, type Part } from "./lineage-drawing.js";
import { zoomTools } from "./lineage-zoom.js";

const columns = readColumns(document);
const frame = document.querySelector<HTMLElement>(".lineage")!;
const canvas = frame.querySelector<HTMLElement>(".canvas")!;
const chosen = frame.querySelector<HTMLElement>(".chosen-column")!;
const start = frame.querySelector<HTMLSelectElement>("#lineage-start")!;
const { boxes, lines, draw } = drawingIn(canvas.querySelector("svg")!);
const words = new Map(boxes.map(({ name, element }) => [name, subOf(element).textContent]));

const zoom = zoomTools(frame);
start.addEventListener("change", () => {
  history.pushState(null, "", `${location.pathname}${location.search}${start.value && `#${start.value}`}`);
  show();
});
addEventListener("hashchange", show);
addEventListener("popstate", show);
show();
// Once all is loaded, the browser scrolls to the entry in the list; scroll back to the graph.
addEventListener("load", () =>
  setTimeout(() => frame.classList.contains("following") && frame.scrollIntoView()),
);

/** Shows what the address names: a table with all around it, or a column with its sources and its uses; else all tables. */
function show(): void {
  const name = decodeURIComponent(location.hash.slice(1));
  // By the anchor, or by the name as it is written in SQL.
  const element =
    document.getElementById(name) ??
    document.querySelector(`details[data-box="${CSS.escape(name)}"], [data-column="${CSS.escape(name)}"]`);
  if (!(element instanceof HTMLElement)) return showAll();
  const { column, box } = element.dataset;
  if (column) showColumn(column);
  else if (box) showBox(box);
  else showAll();
}

function showAll(): void {
  begin(undefined);
  mark(new Map());
  start.value = "";
  chosen.hidden = true;
  frame.classList.remove("following");
}

/** Draws the boxes anew, with one in the middle. */
function begin(part: Part | undefined, middle?: string): void {
  const size = draw(part, canvas.clientWidth);
  zoom.begin(size, boxes.find(({ name }) => name === middle)?.element);
  for (const { name, element } of boxes) element.classList.toggle("begun", name === middle);
}

function showBox(box: string): void {
  begin({ boxes: around(box, lines) }, box);
  mark(new Map());
  const own = [...columns.values()].filter((column) => column.box === box).map(({ id }) => id);
  chosen.replaceChildren(
    heading(box),
    ...described(box),
    ...(own.length > 0
      ? [note("Choose a column to follow it:"), list(own, (id) => columns.get(id)!.name)]
      : []),
  );
  reveal(box);
}

function showColumn(id: string): void {
  const [up, down] = [walk(columns, [id], "up"), walk(columns, [id], "down")];
  const { box, how } = columns.get(id)!;
  const involved = byBox([...up, ...down]);
  begin({ boxes: new Set(involved.keys()), joins: joinsOf([...up, ...down]) }, box);
  mark(involved);
  const others = (ids: ReadonlySet<string>) => [...ids].filter((other) => other !== id);
  const parts: HTMLElement[] = [heading(id), note(how)];
  const made = others(up);
  const feeds = others(down);
  parts.push(note(made.length > 0 ? "Made of:" : "Nothing in the pipeline comes before it."));
  if (made.length > 0) parts.push(list(made));
  parts.push(note(feeds.length > 0 ? "Feeds:" : "Nothing is made of it."));
  if (feeds.length > 0) parts.push(list(feeds));
  chosen.replaceChildren(...parts);
  reveal(box);
}

/** Whether one of some columns is made of another, box by box. */
function joinsOf(ids: readonly string[]): NonNullable<Part["joins"]> {
  const known = new Set(ids);
  const pairs = ids.flatMap((id) => {
    const { box, from } = columns.get(id)!;
    return from.filter((source) => known.has(source)).map((source) => `${columns.get(source)!.box} ${box}`);
  });
  const joined = new Set(pairs);
  return (from, to) => joined.has(`${from} ${to}`);
}

/** Where the box is described, as the list says. */
function described(box: string): Node[] {
  const entry = listOf(box)?.querySelector(".extent");
  return entry ? [entry.cloneNode(true)] : [];
}

function listOf(box: string): Element | null {
  return document.querySelector(`details[data-box="${CSS.escape(box)}"]`);
}

function reveal(box: string): void {
  start.value = listOf(box)?.id ?? "";
  chosen.hidden = false;
  frame.classList.add("following");
  frame.scrollIntoView();
}

/** The columns involved, by their box. */
function byBox(ids: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const id of ids) {
    const { box, name } = columns.get(id)!;
    found.set(box, (found.get(box) ?? new Set()).add(name));
  }
  return found;
}

/** Names the columns that are involved, in each box. */
function mark(involved: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const { name, element } of boxes) {
    const names = involved.get(name);
    element.classList.toggle("on", names !== undefined);
    const text = names && [...names].join(", ");
    subOf(element).textContent =
      text === undefined
        ? words.get(name)!
        : text.length <= longestName || names!.size === 1
          ? cut(text)
          : `${names!.size} columns`;
  }
}

function cut(text: string): string {
  return text.length <= longestName ? text : `${text.slice(0, longestName - 1)}…`;
}

function subOf(box: Element): Element {
  return box.querySelector(".sub")!;
}

function heading(text: string): HTMLElement {
  const element = document.createElement("h3");
  const code = document.createElement("code");
  code.textContent = text;
  element.append(code);
  return element;
}

function note(text: string): HTMLElement {
  const element = document.createElement("p");
  element.className = "extent";
  element.textContent = text;
  return element;
}

function list(ids: readonly string[], words = (id: string) => id): HTMLElement {
  const element = document.createElement("ul");
  for (const id of ids) {
    const link = document.createElement("a");
    link.href = `#${(columns as Columns).get(id)!.anchor}`;
    link.textContent = words(id);
    const item = document.createElement("li");
    item.append(link);
    element.append(item);
  }
  return element;
}
