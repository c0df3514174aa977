import type { Span } from "../drawing.js";
import { element } from "./dom.js";

/** The options of a drawing with a title above it. */
export interface Titled {
  /** The question that it answers. */
  readonly title: string;
  /** What counts, and since when. */
  readonly note?: string;
  /** Default "full". */
  readonly span?: Span;
  /** Left out for now, as what shows one product while none is chosen. */
  readonly hidden?: boolean;
  /** Shown if there are no rows. */
  readonly empty?: string;
}

/** The title, and the note below it. */
export const titleElement = ({ title, note }: Titled, document: Document): HTMLElement =>
  element(
    document,
    "div",
    { class: "words" },
    element(document, "h3", {}, title),
    note !== undefined && element(document, "p", { class: "note" }, note),
  );

/** Shown in place of the rows if the reader's choice leaves none. */
export const emptyElement = ({ empty }: Titled, document: Document): HTMLElement =>
  element(document, "p", { class: "empty" }, empty ?? "There is nothing to show for this choice.");
