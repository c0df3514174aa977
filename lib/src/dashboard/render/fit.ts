import { svgElement } from "./dom.js";
import { shortened, textWidth } from "./text-width.js";

/** What a plot leaves free around itself for its labels, in CSS pixels. */
interface Margins {
  readonly marginLeft: number;
  readonly marginRight: number;
}

/** Labels of the vertical axis take at most this share of a picture's width. */
const labelShare = 0.4;

/**
 * A picture whose labels all lie inside it: where one reaches over an edge, the picture is drawn again with as much more
 * margin. Labels of the vertical axis that are too long are shortened; a tooltip has the whole.
 *
 * @param margins the least ones
 */
export function fitted(width: number, margins: Margins, draw: (margins: Margins) => Element): Element {
  const drawn = shortenLabels(draw(margins), width);
  const { left, right } = reach(drawn);
  if (left >= 0 && right <= width) return drawn;
  const wider = {
    marginLeft: Math.ceil(margins.marginLeft + Math.max(0, -left)),
    marginRight: Math.ceil(margins.marginRight + Math.max(0, right - width)),
  };
  return shortenLabels(draw(wider), width);
}

function shortenLabels(drawn: Element, width: number): Element {
  for (const label of drawn.querySelectorAll('[aria-label^="y-axis tick label"] text')) {
    const whole = label.textContent ?? "";
    const short = shortened(whole, width * labelShare, fontSizeOf(label));
    if (short === whole) continue;
    const title = svgElement(drawn.ownerDocument, "title");
    title.textContent = whole;
    label.replaceChildren(short, ...(short.includes("…") ? [title] : []));
  }
  return drawn;
}

/** The leftmost and rightmost pixel of a picture's labels. */
function reach(drawn: Element): { left: number; right: number } {
  let [left, right] = [0, 0];
  for (const label of drawn.querySelectorAll("text")) {
    const size = fontSizeOf(label);
    const width = Math.max(...linesOf(label).map((line) => textWidth(line, size)));
    const share = { start: 0, middle: 0.5, end: 1 }[inherited(label, "text-anchor") ?? "start"] ?? 0;
    const from = placeOf(label, drawn) - width * share;
    left = Math.min(left, from);
    right = Math.max(right, from + width);
  }
  return { left, right };
}

/** A label's lines; its tooltip is none of them. */
function linesOf(label: Element): string[] {
  const lines = [...label.querySelectorAll("tspan")].map((line) => line.textContent ?? "");
  if (lines.length > 0) return lines;
  const words = [...label.childNodes].filter(({ nodeName }) => nodeName.toLowerCase() !== "title");
  return [words.map((word) => word.textContent ?? "").join("")];
}

/** Where a label stands in the picture, in pixels from its left edge. */
function placeOf(label: Element, drawn: Element): number {
  let place = Number(label.getAttribute("x") ?? 0);
  for (let at: Element | null = label; at && at !== drawn; at = at.parentElement) {
    const moved = /translate\(\s*(-?[\d.e-]+)/.exec(at.getAttribute("transform") ?? "")?.[1];
    if (moved !== undefined) place += Number(moved);
  }
  return place;
}

const fontSizeOf = (label: Element) => Number.parseFloat(inherited(label, "font-size") ?? "12");

/** An attribute of the label or of a group that it is in. The picture's own is replaced by the page's style sheet. */
function inherited(label: Element, name: string): string | undefined {
  const from = label.closest(`[${name}]`);
  return from && from.nodeName.toLowerCase() !== "svg" ? from.getAttribute(name)! : undefined;
}
