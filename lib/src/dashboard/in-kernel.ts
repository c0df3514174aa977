import { createRequire } from "node:module";
import type * as happyDom from "happy-dom";
import { rawHtml } from "../display/html.js";
import { inKernel, showHtml } from "../display/kernel.js";
import { settings } from "../settings.js";
import { useLook } from "./format.js";
import { light } from "./palette.js";
import { element } from "./render/dom.js";
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
      for (const button of drawn.querySelectorAll(".actions, .more")) button.remove();
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

/** The page's colours; Jupyter removes style sheets from notebooks that it does not trust. */
const look = Object.entries(light)
  .map(([name, value]) => `--${name}:${value}`)
  .join(";")
  .concat(`;background:${light.surface};color:${light.ink};padding:8px;font-family:system-ui,sans-serif`);
