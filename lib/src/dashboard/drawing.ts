import type { PlotOptions } from "@observablehq/plot";
import type { Value } from "./snapshot-columns.js";
import type { Format } from "./format.js";

/** How much of the page's width a drawing takes; on a phone each takes all. */
type Span = "full" | "half" | "third" | "two-thirds";

/** What a cell shows, as data: each page surface makes its own kind of picture of it. */
export type Drawing = Chart | Cards | DataTable;

interface Titled {
  /** The question that it answers. */
  readonly title: string;
  /** What counts, and since when. */
  readonly note?: string;
  /** Default "full". */
  readonly span?: Span;
  /** Shown if there are no rows. */
  readonly empty?: string;
}

/** The size of a plot, in CSS pixels. */
export interface Room {
  readonly width: number;
  readonly height: number;
  /** A phone's width: fewer ticks, shorter words. */
  readonly narrow: boolean;
}

interface ChartOptions extends Titled {
  /** In CSS pixels, default 300. A phone may have another one. */
  readonly height?: number | { readonly wide: number; readonly narrow: number };
  /** What colours mean, where labels in the plot do not say it. */
  readonly legend?: readonly { readonly label: string; readonly color: string }[];
  /** The rows drawn; the reader can see them as a table. Without rows the chart says that there are none. */
  readonly table: Rows;
}

export interface Chart extends ChartOptions {
  readonly kind: "chart";
  readonly plot: (room: Room) => PlotOptions;
}

/**
 * A chart of Observable Plot.
 *
 * @param plot gives Plot's options for the available size; width, height, font and the page's colours are set already
 */
export const chart = (options: ChartOptions, plot: (room: Room) => PlotOptions): Chart => ({
  kind: "chart",
  ...options,
  plot,
});

export interface Card {
  readonly label: string;
  readonly value: number | string | null;
  readonly format: Format;
  /** The same figure for the period before; the card shows the change. */
  readonly before?: { readonly value: number | null; readonly words: string } | undefined;
  /** What the figure counts. */
  readonly note?: string;
  /** The figure over time, drawn small. */
  readonly course?: readonly number[];
  /** Marks the figure as good or bad news, with a sign. */
  readonly status?: Status;
}

export type Status = "pass" | "warn" | "fail";

export interface Cards {
  readonly kind: "cards";
  readonly cards: readonly Card[];
  readonly span?: Span;
}

/** Figures side by side. */
export const cards = (list: readonly Card[]): Cards => ({ kind: "cards", cards: list });

export interface TableColumn {
  readonly label: string;
  /** Default: numbers as they are, text as it is. */
  readonly format?: Format;
  /** Draws a bar behind the number, relative to the column's greatest. */
  readonly bar?: boolean;
}

export interface Rows {
  readonly rows: readonly Readonly<Record<string, Value>>[];
  /** The columns shown, by name; a text is a label. */
  readonly columns: Readonly<Record<string, string | TableColumn>>;
}

interface TableOptions extends Titled, Rows {
  /** A column's name, with a minus before it for the greatest first. */
  readonly sort?: string;
  /** Rows shown until the reader asks for all. Default 10. */
  readonly limit?: number;
  /** Name of the CSV file, without its ending. */
  readonly csv: string;
}

export interface DataTable extends TableOptions {
  readonly kind: "table";
}

/** A table that the reader can sort and take away as CSV. */
export const table = (options: TableOptions): DataTable => ({ kind: "table", ...options });
