import { toggle, type Choice } from "../control.js";
import { written, type Format } from "../format.js";
import type { Value } from "../snapshot-columns.js";
import { element } from "./dom.js";
import type { Surface } from "./surface.js";

export type Row = Readonly<Record<string, Value>>;

export interface Rows<R extends Row = Row> {
  readonly rows: readonly R[];
  /** The columns shown, by name; a text is a label. */
  readonly columns: { readonly [C in keyof R]?: string | TableColumn };
}

/** The columns of rows that hold texts, to which a choice can be set. */
export type TextColumn<R> = { [C in keyof R & string]: R[C] extends string ? C : never }[keyof R & string];

interface TableColumn {
  readonly label: string;
  /** Default: numbers as they are, text as it is. */
  readonly format?: Format;
  /** The column that holds the currency of each row's amount; without it the amounts are in the shop's currency. */
  readonly currency?: string;
  /** Draws a bar behind the number, relative to the column's greatest. */
  readonly bar?: boolean;
}

/** A table's columns, each with its name and its label. */
export const columnsOf = ({ columns }: Rows): (TableColumn & { name: string })[] =>
  Object.entries(columns).map(([name, given]) => ({
    name,
    ...(typeof given === "string" ? { label: given } : given!),
  }));

/**
 * The table itself, sorted as the reader has asked.
 *
 * @param limit rows at most
 * @param sets the choice that a click on a row's first cell sets
 */
export function tableBody(table: Rows, surface: Surface, limit: number, sets?: Choice): HTMLElement {
  const { rows } = table;
  const { document, state, again } = surface;
  const shown = sorted(rows, state.sort).slice(0, limit);
  const list = columnsOf(table).map(({ name, ...column }) => {
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
      { class: isChosen(row, sets) && "chosen" },
      ...list.map(({ name, column, numeric, format, most }, index) => {
        const value = row[name];
        const words = written(value, format, currencyOf(row, column));
        const bar =
          most > 0 && typeof value === "number"
            ? `--share:${((100 * Math.max(0, value)) / most).toFixed(1)}%`
            : undefined;
        return element(
          document,
          "td",
          {
            class:
              [numeric && "number", bar && "bar", isLong(value) && "long", value instanceof Date && "date"]
                .filter(Boolean)
                .join(" ") || undefined,
            style: bar,
            "data-status": format === "status" && String(value),
          },
          index === 0 && sets && again ? rowButton(words, String(row[sets.key]), sets, document) : words,
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

/** The currency of a row's amount; undefined is the shop's. */
export const currencyOf = (row: Row, { currency }: Pick<TableColumn, "currency">): string | undefined =>
  currency === undefined ? undefined : String(row[currency]);

const isChosen = (row: Row, sets: Choice | undefined) =>
  sets && sets.value !== sets.initial && row[sets.key] === sets.value;

function rowButton(words: string, own: string, sets: Choice, document: Document): HTMLElement {
  const button = element(
    document,
    "button",
    {
      type: "button",
      class: "row",
      "aria-pressed": String(sets.value === own),
      "data-focus": `row-${own}`,
    },
    words,
  );
  button.addEventListener("click", () => toggle(sets, own));
  return button;
}

/** Takes more than a line on a phone. */
const isLong = (value: Value | undefined) => typeof value === "string" && value.length > 24;

/** Nulls come last, in either direction; equal rows keep their order. */
function sorted(rows: Rows["rows"], sort: Surface["state"]["sort"]): Rows["rows"] {
  if (!sort) return rows;
  const { column, descending } = sort;
  const way = descending ? -1 : 1;
  const isNull = (row: Row) => (row[column] ?? null) === null;
  const known = rows.filter((row) => !isNull(row));
  const isText = known.some((row) => typeof row[column] === "string");
  // Numbers, dates and booleans are compared as numbers; one collator is ten times as fast as `localeCompare` with a locale.
  const compare = isText
    ? (a: Row, b: Row) => way * collator.compare(String(a[column]), String(b[column]))
    : (a: Row, b: Row) => way * (Number(a[column]) - Number(b[column]));
  return [...known.toSorted(compare), ...rows.filter(isNull)];
}

const collator = new Intl.Collator("en");
