import { written, type Format } from "../format.js";
import type { Value } from "../snapshot-columns.js";
import { element } from "./dom.js";
import type { Surface } from "./surface.js";

export interface Rows {
  readonly rows: readonly Readonly<Record<string, Value>>[];
  /** The columns shown, by name; a text is a label. */
  readonly columns: Readonly<Record<string, string | TableColumn>>;
}

interface TableColumn {
  readonly label: string;
  /** Default: numbers as they are, text as it is. */
  readonly format?: Format;
  /** Draws a bar behind the number, relative to the column's greatest. */
  readonly bar?: boolean;
}

/** The table itself, sorted as the reader has asked. @param limit rows at most */
export function tableBody({ rows, columns }: Rows, surface: Surface, limit: number): HTMLElement {
  const { document, state, again } = surface;
  const shown = sorted(rows, state.sort).slice(0, limit);
  const list = Object.entries(columns).map(([name, given]) => {
    const column: TableColumn = typeof given === "string" ? { label: given } : given;
    const numeric = rows.some((row) => typeof row[name] === "number");
    const most = column.bar ? Math.max(...rows.map((row) => Number(row[name] ?? 0)), 0) : 0;
    return { name, column, numeric, most, format: column.format ?? (numeric ? "decimal" : "text") } as const;
  });
  const head = list.map(({ name, column, numeric }) => {
    const isSorted = state.sort?.column === name;
    const button = element(
      document,
      "button",
      { type: "button", "data-focus": `sort-${name}` },
      column.label,
    );
    button.addEventListener("click", () => {
      // The first click sorts numbers from the greatest, words from A.
      state.sort = { column: name, descending: isSorted ? !state.sort!.descending : numeric };
      again?.();
    });
    return element(
      document,
      "th",
      {
        scope: "col",
        class: numeric && "number",
        "aria-sort": isSorted && (state.sort!.descending ? "descending" : "ascending"),
      },
      button,
    );
  });
  const body = shown.map((row) =>
    element(
      document,
      "tr",
      {},
      ...list.map(({ name, numeric, format, most }) => {
        const value = row[name];
        const bar =
          most > 0 && typeof value === "number"
            ? `--share:${((100 * Math.max(0, value)) / most).toFixed(1)}%`
            : undefined;
        return element(
          document,
          "td",
          {
            class:
              [numeric && "number", bar && "bar", isLong(value) && "long"].filter(Boolean).join(" ") ||
              undefined,
            style: bar,
            "data-status": format === "status" && String(value),
          },
          written(value, format),
        );
      }),
    ),
  );
  return element(
    document,
    "table",
    {},
    element(document, "thead", {}, element(document, "tr", {}, ...head)),
    element(document, "tbody", {}, ...body),
  );
}

/** Takes more than a line on a phone. */
const isLong = (value: Value | undefined) => typeof value === "string" && value.length > 24;

/** Nulls come last, in either direction. */
function sorted(rows: Rows["rows"], sort: Surface["state"]["sort"]): Rows["rows"] {
  if (!sort) return rows;
  const { column, descending } = sort;
  const way = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [a[column] ?? null, b[column] ?? null];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return way * compare(left, right);
  });
}

const compare = (a: NonNullable<Value>, b: NonNullable<Value>) =>
  typeof a === "string" && typeof b === "string" ? a.localeCompare(b, "en") : a < b ? -1 : a > b ? 1 : 0;
