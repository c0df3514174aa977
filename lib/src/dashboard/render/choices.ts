import type { PlotOptions } from "@observablehq/plot";
import { toggle, type Choice } from "../control.js";
import { InputError } from "../../errors.js";

/** What this file needs to know of a mark of Plot: with what it draws, and how. */
interface Mark {
  readonly data?: unknown;
  readonly ariaLabel?: string;
  /** What a tooltip of it is, if it has one. */
  tip?: string | object | null;
  ariaHidden?: string;
  render?: (
    index: unknown,
    scales: unknown,
    values: unknown,
    dimensions: unknown,
    context: Context,
  ) => Element;
}

interface Context {
  getMarkState(mark: Mark): { readonly data: readonly unknown[] };
}

/** The option for which a part of a picture stands. */
const optionOf = new WeakMap<Element, string>();

/**
 * Makes the marks of a plot remember for which option each bar, dot or line stands: that of its row's column called as the control's
 * key. Plot itself tells only of the row next to the pointer, not of what was clicked.
 *
 * @param columns of the drawing's rows, for an error
 * @throws InputError when no mark draws rows with that column
 */
export function rememberOptions(
  title: string,
  { marks }: PlotOptions,
  { key }: Choice,
  columns: readonly string[],
): void {
  let known = false;
  for (const mark of [marks].flat(Infinity as 1) as (Mark | null | undefined)[]) {
    if (!mark?.render) continue;
    // What only the eye needs is hidden from screen readers also when Plot draws it anew under the pointer.
    if (mark.tip)
      mark.tip = { ...(typeof mark.tip === "string" ? { pointer: mark.tip } : mark.tip), ariaHidden: "true" };
    const stands =
      mark.ariaLabel !== "tip" &&
      Array.isArray(mark.data) &&
      mark.data.some((row) => option(row, key) !== undefined);
    if (!stands) {
      mark.ariaHidden = "true";
      continue;
    }
    known = true;
    const render = mark.render;
    mark.render = function (index, scales, values, dimensions, context) {
      const drawn = render.call(this, index, scales, values, dimensions, context);
      const { data } = context.getMarkState(this);
      for (const part of drawn?.children ?? []) {
        // D3 keeps there which row a part draws; a line draws many and stands for all of them.
        const { __data__: drawnRows } = part as Element & { __data__?: number | number[] };
        const at = [drawnRows].flat()[0];
        const own = at === undefined ? undefined : option(data[at], key);
        if (own !== undefined) optionOf.set(part, own);
      }
      return drawn;
    };
  }
  if (!known)
    throw new InputError(
      `chart "${title}" sets "${key}", but no mark draws rows with a column ${key}: give one of its marks the rows of the chart’s ` +
        `table (${columns.join(", ")}), or set another choice.`,
    );
}

const option = (row: unknown, key: string): string | undefined => {
  const value = (row as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return typeof value === "string" ? value : undefined;
};

/**
 * Shows in a picture what is chosen, and lets a click, or Enter on what has the focus, choose. One part of each option can be reached
 * by keyboard: the first or the chosen one by Tab, the others by arrows.
 *
 * @param listen whether there is a reader
 */
export function connectOptions(picture: Element, control: Choice, listen: boolean): void {
  const { key, value: chosen, initial } = control;
  const known = new Set(control.options());
  const buttons = new Map<string, HTMLElement>();
  for (const part of picture.querySelectorAll<HTMLElement>("*")) {
    const own = optionOf.get(part);
    if (own === undefined || !known.has(own)) continue;
    const mark = part.closest("[data-mark]")?.getAttribute("data-mark");
    if (chosen !== initial && own !== chosen) {
      if (mark !== "text") part.setAttribute("opacity", "0.3");
      // A label in a pale bar is dark, whatever it was on the full colour.
      else if (part.hasAttribute("fill")) part.setAttribute("fill", "currentColor");
    }
    if (!listen) continue;
    part.classList.add("choice");
    // A thin line is no button.
    if (mark === "text" || mark === "link" || mark === "rule" || buttons.has(own)) continue;
    buttons.set(own, part);
    for (const [name, value] of Object.entries({
      role: "button",
      tabindex: -1,
      "aria-pressed": own === chosen,
      "aria-label": control.words(own),
      "data-focus": `${key}-${own}`,
    }))
      part.setAttribute(name, String(value));
  }
  if (buttons.size === 0) return;
  const list = [...buttons.values()];
  (buttons.get(chosen) ?? list[0]!).setAttribute("tabindex", "0");
  picture.setAttribute("role", "group");
  for (const part of picture.children)
    if (!part.querySelector("[role]")) part.setAttribute("aria-hidden", "true");
  picture.addEventListener("click", ({ target }) => {
    // Near a part, the one of which a tooltip tells.
    const near = (picture as Element & { value?: unknown }).value;
    const own = optionOf.get(target as Element) ?? option(near, key);
    if (own !== undefined && known.has(own)) toggle(control, own);
  });
  (picture as SVGElement).addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") toggle(control, optionOf.get(target)!);
    else if (way !== undefined) list[list.indexOf(target) + way]?.focus();
    else return;
    event.preventDefault();
  });
}
