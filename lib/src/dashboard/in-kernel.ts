import { createRequire } from "node:module";
import type * as happyDom from "happy-dom";
import { rawHtml } from "../display/html.js";
import { inKernel, showHtml } from "../display/kernel.js";
import { settings } from "../settings.js";
import { useLook } from "./format.js";
import { element } from "./render/dom.js";
import { standStill } from "./render/still.js";
import { usePageSurface } from "./page-surface.js";

/**
 * In a Jupyter kernel, makes a page's cells draw below themselves what the page draws, once: a control has its initial
 * choice until its `state` is set.
 */
export function drawInKernel(): void {
  if (!inKernel()) return;
  useLook(settings().look);
  // Loaded at the first drawing: a cell that draws cannot wait for an import.
  let window: happyDom.Window | undefined;
  const open = () => {
    const { Window: Browser } = createRequire(import.meta.url)("happy-dom") as typeof happyDom;
    return (window ??= new Browser()).document as unknown as Document;
  };
  usePageSurface({
    display(draw) {
      const document = open();
      const drawn = draw().element({ document, width: 860, state: {}, again: undefined });
      standStill(drawn);
      show(element(document, "div", { style: look, class: "tex2jax_ignore mathjax_ignore" }, drawn));
    },
    view({ label, initial }) {
      const document = open();
      const name = element(document, "strong", {}, initial);
      const hint = " (set its state.value and run the cells below again to see another choice)";
      show(element(document, "div", { style: look }, `${label}: `, name, hint));
    },
  });
}

const show = ({ outerHTML }: HTMLElement) => showHtml(rawHtml(outerHTML));

/** The colours of the page's style sheet; Jupyter removes style sheets from notebooks that it does not trust. */
const look = Object.entries({
  ink: "#1c2126",
  muted: "#5a636d",
  faint: "#8a929b",
  line: "#e2dfd8",
  surface: "#ffffff",
  accent: "#0f6170",
  "accent-soft": "#d9e9eb",
  pass: "#1d7a46",
  warn: "#9a5b00",
  fail: "#b3261e",
  "category-1": "#39459b",
  "category-2": "#c45468",
  "category-3": "#9b3d94",
  "category-4": "#2a8f7f",
  "category-5": "#2f8fc0",
  "category-6": "#a3801f",
  "category-7": "#7c1d52",
  "category-8": "#6f8a1e",
  "segment-high": "#0b4a56",
  "segment-medium": "#3f8c9b",
  "segment-low": "#93b9c1",
})
  .map(([name, value]) => `--${name}:${value}`)
  .join(";")
  .concat(";background:#fff;color:#1c2126;padding:8px;font-family:system-ui,sans-serif");
