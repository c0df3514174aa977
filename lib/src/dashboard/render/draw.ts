import type { Drawing } from "../drawing.js";
import { cardsElement } from "./cards.js";
import { chartElement } from "./chart.js";
import { element } from "./dom.js";
import type { Surface } from "./surface.js";
import { tableElement } from "./table.js";

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

/** Shown to the reader in place of a drawing that cannot be made. */
export const failureElement = (document: Document, message: string): HTMLElement =>
  element(
    document,
    "div",
    { class: "failed", role: "status" },
    element(document, "strong", {}, "This part cannot be shown."),
    ` ${message}`,
  );
