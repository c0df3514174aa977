/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** A column as the page's list has it. */
interface Column {
  /** `box.column`. */
  readonly id: string;
  readonly box: string;
  readonly name: string;
  readonly anchor: string;
  /** How it is computed, in words and SQL. */
  readonly how: string;
  readonly from: readonly string[];
}

export type Columns = ReadonlyMap<string, Column>;

/** Reads the columns from the page's list. */
export function readColumns(page: Document): Columns {
  const rows = [...page.querySelectorAll<HTMLElement>("[data-column]")];
  const columns = rows.map((row): Column => {
    const { column: id = "", from = "" } = row.dataset;
    const { box = "" } = row.closest<HTMLElement>("details[data-box]")!.dataset;
    const how = (row.querySelector("td")?.textContent ?? "").trim();
    return {
      id,
      box,
      name: id.slice(box.length + 1),
      anchor: row.id,
      how,
      from: from.split(" ").filter(Boolean),
    };
  });
  return new Map(columns.map((column) => [column.id, column]));
}

/** The given columns and all those up the lineage (what they are made of), or down (what is made of them). */
export function walk(columns: Columns, start: readonly string[], direction: "up" | "down"): Set<string> {
  const next = direction === "up" ? (id: string) => columns.get(id)?.from ?? [] : downOf(columns);
  const seen = new Set(start.filter((id) => columns.has(id)));
  for (const id of seen) for (const neighbour of next(id)) if (columns.has(neighbour)) seen.add(neighbour);
  return seen;
}

function downOf(columns: Columns): (id: string) => readonly string[] {
  const down = new Map<string, string[]>();
  for (const { id, from } of columns.values())
    for (const source of from) down.set(source, [...(down.get(source) ?? []), id]);
  return (id) => down.get(id) ?? [];
}
