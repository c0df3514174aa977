import { element } from "./dom.js";

interface Entry {
  readonly label: string;
  readonly choose: () => unknown;
}

/** A button that opens a short list of actions. It closes after a choice, on Escape and when the focus leaves it. */
export function menu(document: Document, label: string, entries: readonly Entry[]): HTMLElement {
  const summary = element(document, "summary", { "data-focus": `menu-${label}` }, label);
  const buttons = entries.map((entry) => {
    const button = element(document, "button", { type: "button" }, entry.label);
    button.addEventListener("click", () => {
      close();
      void entry.choose();
    });
    return button;
  });
  const details = element(
    document,
    "details",
    { class: "menu" },
    summary,
    element(document, "span", {}, ...buttons),
  ) as HTMLDetailsElement;
  const close = () => {
    details.open = false;
    summary.focus({ preventScroll: true });
  };
  details.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && details.open) close();
  });
  details.addEventListener("focusout", ({ relatedTarget }) => {
    if (!details.contains(relatedTarget as Node | null)) details.open = false;
  });
  return details;
}
