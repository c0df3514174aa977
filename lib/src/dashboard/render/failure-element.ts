import { element } from "./dom.js";

/** Shown to the reader in place of a drawing that cannot be made. */
export const failureElement = (document: Document, message: string): HTMLElement =>
  element(
    document,
    "div",
    { class: "failed", role: "status" },
    element(document, "strong", {}, "This part cannot be shown."),
    ` ${message}`,
  );
