/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { readColumns, walk, type Columns } from "./lineage-columns.js";
import { zoomTools } from "./lineage-zoom.js";

const columns = readColumns(document);
const frame = document.querySelector<HTMLElement>(".lineage")!;
const chosen = frame.querySelector<HTMLElement>(".chosen-column")!;
const boxes = [...frame.querySelectorAll<SVGAElement>("svg a[data-box]")];
const lines = [...frame.querySelectorAll<SVGPathElement>("svg path[data-from]")];
const words = new Map(boxes.map((box) => [box, subOf(box).textContent]));

zoomTools(frame);
frame.querySelector("[data-clear]")!.addEventListener("click", () => {
  history.replaceState(null, "", location.pathname + location.search);
  show("");
});
addEventListener("hashchange", () => show(location.hash));
show(location.hash);
// Once all is loaded, the browser scrolls to the entry in the list; scroll back to the graph.
addEventListener("load", () =>
  setTimeout(() => frame.classList.contains("following") && frame.scrollIntoView()),
);

/** Shows what the address names: a table with its columns, or a column with its sources and its uses. */
function show(hash: string): void {
  const element = hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  const column = element?.dataset["column"];
  const box = element?.dataset["box"];
  if (column) showColumn(column);
  else if (box) showBox(box);
  else clear();
}

function clear(): void {
  mark(new Map());
  chosen.hidden = true;
  frame.classList.remove("following");
}

function showBox(box: string): void {
  const own = [...columns.values()].filter((column) => column.box === box).map(({ id }) => id);
  mark(byBox([...walk(columns, own, "up"), ...walk(columns, own, "down")]));
  for (const element of boxes)
    if (element.dataset["box"] === box) subOf(element).textContent = words.get(element)!;
  chosen.replaceChildren(
    heading(box),
    note("Choose a column to follow it:"),
    list(own, (id) => columns.get(id)!.name),
  );
  reveal();
}

function showColumn(id: string): void {
  const [up, down] = [walk(columns, [id], "up"), walk(columns, [id], "down")];
  mark(byBox([...up, ...down]));
  const others = (ids: ReadonlySet<string>) => [...ids].filter((other) => other !== id);
  const parts: HTMLElement[] = [heading(id), note(columns.get(id)!.how)];
  const made = others(up);
  const feeds = others(down);
  parts.push(note(made.length > 0 ? "Made of:" : "Nothing in the pipeline comes before it."));
  if (made.length > 0) parts.push(list(made));
  parts.push(note(feeds.length > 0 ? "Feeds:" : "Nothing is made of it."));
  if (feeds.length > 0) parts.push(list(feeds));
  chosen.replaceChildren(...parts);
  reveal();
}

function reveal(): void {
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

/** Highlights the boxes and lines that are involved, and names the columns in each box. */
function mark(involved: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const box of boxes) {
    const names = involved.get(box.dataset["box"]!);
    box.classList.toggle("on", names !== undefined);
    const text = names && [...names].join(", ");
    subOf(box).textContent =
      text === undefined
        ? words.get(box)!
        : text.length <= 24 || names!.size === 1
          ? cut(text)
          : `${names!.size} columns`;
  }
  for (const line of lines)
    line.classList.toggle("on", involved.has(line.dataset["from"]!) && involved.has(line.dataset["to"]!));
}

function cut(text: string): string {
  return text.length <= 24 ? text : `${text.slice(0, 23)}…`;
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
