import { createRequire } from "node:module";
import type * as happyDom from "happy-dom";
import { rawHtml } from "../display/html.js";
import { inKernel, showHtml } from "../display/kernel.js";
import { settings } from "../settings.js";
import { useLook } from "./format.js";
import type { Choice, Control, Period } from "./control.js";
import { light } from "./palette.js";
import { controlElement } from "./render/controls.js";
import { element } from "./render/dom.js";
import { standStill } from "./render/still.js";
import { usePageSurface } from "./page-surface.js";

/**
 * In a Jupyter kernel, makes a page's cells draw below themselves what the page draws, once. A control shows its choice; nobody can
 * click on it, since a cell's output has no way back to the kernel, so it says how another choice is made.
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
      const drawing = draw();
      if (drawing.hidden) return;
      const drawn = drawing.element({ document, width: 860, state: {}, again: undefined });
      standStill(drawn);
      show(drawn, document);
    },
    view(control) {
      const document = open();
      if (control.isHidden()) return;
      const drawn = controlElement(control, document, false);
      for (const input of drawn.querySelectorAll("input, select")) input.setAttribute("disabled", "");
      const hint = `Another choice: set its state.value to ${statesOf(control)} and run the cells below again.`;
      drawn.append(element(document, "small", {}, hint));
      show(drawn, document);
    },
  });
}

function statesOf(control: Control): string {
  const states =
    control.kind === "period"
      ? [...(control as Period).presets.map((days) => `${days}d`), "all", "2026-01-01_2026-01-31"]
      : (control as Choice).options();
  const quoted = states.map((state) => `"${state}"`);
  const shown = states.length > 5 ? [...quoted.slice(0, 3), "another one"] : quoted;
  return `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
}

function show(drawn: HTMLElement, document: Document): void {
  const framed = element(document, "div", { style: look, class: "tex2jax_ignore mathjax_ignore" }, drawn);
  for (const [selector, style] of styles)
    for (const part of framed.querySelectorAll(selector))
      part.setAttribute("style", `${part.getAttribute("style") ?? ""};${style}`.replace(/^;/, ""));
  void showHtml(rawHtml(framed.outerHTML));
}

/** The page's colours; Jupyter removes style sheets from notebooks that it does not trust. */
const look = Object.entries(light)
  .map(([name, value]) => `--${name}:${value}`)
  .join(";")
  .concat(`;background:${light.surface};color:${light.ink};padding:8px;font-family:system-ui,sans-serif`);

/** What the page's style sheet does for the parts of a drawing, against JupyterLab's own styles of lists, tables and captions. */
const styles = Object.entries({
  ".cards": "display:flex;flex-wrap:wrap;gap:12px;margin:0",
  ".card": "flex:1 1 170px;padding:12px 16px;border:1px solid var(--line);border-radius:10px",
  ".card dt":
    "float:none;clear:none;display:block;width:auto;margin:0;padding:0;font-weight:500;color:var(--muted)",
  ".card dd": "float:none;display:block;width:auto;margin:0;padding:0;color:var(--muted);font-size:13px",
  ".card .figure": "font-size:26px;font-weight:650;color:var(--ink);white-space:nowrap",
  ".card .sign": "margin-right:5px",
  h3: "margin:0;font-size:18px;font-weight:650",
  ".note": "margin:2px 0 8px;font-size:13px;color:var(--muted)",
  ".plot svg": "font-size:12px;font-family:inherit;color:var(--muted);background:none;overflow:visible",
  ".legend":
    "display:flex;flex-wrap:wrap;gap:4px 16px;margin:0 0 8px;padding:0;list-style:none;font-size:13px",
  ".swatch": "display:inline-block;width:10px;height:10px;margin-right:6px;border-radius:3px",
  figure: "margin:0",
  table: "width:100%;border-collapse:collapse;font-size:13px",
  "th, td": "padding:4px 12px 4px 0;text-align:left;vertical-align:top",
  ".number": "text-align:right",
  "th button": "border:0;padding:0;background:none;font:inherit;font-weight:600;color:var(--muted)",
  ".control":
    "display:flex;flex-wrap:wrap;align-items:center;gap:8px;margin:0;padding:0;border:0;min-width:0",
  ".control legend": "float:left;width:auto;margin:0;padding:0;border:0;font-size:inherit;color:var(--muted)",
  ".control label": "color:var(--muted)",
  ".path ol": "display:flex;flex-wrap:wrap;gap:8px;margin:0;padding:0;list-style:none",
  ".dates": "display:flex;align-items:center;gap:8px",
  ".segments": "display:inline-flex;border:1px solid var(--faint);border-radius:8px;overflow:hidden",
  ".segments label": "margin:0;color:inherit",
  ".segments input": "position:absolute;opacity:0",
  ".segments span": "display:block;padding:4px 12px",
  ".segments input:checked + span": "background:var(--accent);color:var(--surface)",
  small: "flex-basis:100%;color:var(--muted)",
});
