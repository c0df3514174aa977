import type { Drawing } from "../drawing.js";
import { cardsElement } from "./cards.js";
import { chartElement } from "./chart.js";
import { element } from "./dom.js";
import { tableElement } from "./table.js";

/** What a block remembers while it is drawn again and again. */
export interface BlockState {
  /** Whether a chart shows its rows instead of its picture. */
  asTable?: boolean;
  /** A table shows all its rows. */
  all?: boolean;
  sort?: { readonly column: string; readonly descending: boolean };
}

/** How and where something is drawn. */
export interface Surface {
  readonly document: Document;
  /** The block's width in CSS pixels; a page that is built knows none and draws for wide and for narrow screens. */
  readonly width: number | undefined;
  readonly state: BlockState;
  /** Called when `state` has changed: draws the block anew. Undefined where nobody can click. */
  readonly again: (() => void) | undefined;
}

/** A drawing as an element. */
export function drawingElement(drawing: Drawing, surface: Surface): HTMLElement {
  switch (drawing.kind) {
    case "cards":
      return cardsElement(drawing, surface);
    case "chart":
      return chartElement(drawing, surface);
    case "table":
      return tableElement(drawing, surface);
  }
}

/** What stands where a drawing cannot be made, for the reader. */
export const failureElement = (document: Document, message: string): HTMLElement =>
  element(
    document,
    "div",
    { class: "failed", role: "status" },
    element(document, "strong", {}, "This part cannot be shown."),
    ` ${message}`,
  );
