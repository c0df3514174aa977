import type { Drawing } from "../drawing.js";
import { change, written, type Format } from "../format.js";
import { element, svgElement } from "../render/dom.js";
import { textWidth } from "../render/text-width.js";

export interface Card {
  readonly label: string;
  readonly value: number | string | null;
  readonly format: Format;
  /** The same figure for the period before; the card shows the change. */
  readonly before?: { readonly value: number | null; readonly words: string } | undefined;
  /** What the figure counts. */
  readonly note?: string;
  /** The figure over time, drawn small. */
  readonly course?: readonly number[];
  /** Marks the figure as good or bad news, with a sign. */
  readonly status?: "pass" | "warn" | "fail";
}

/** Figures side by side: label, value, change from the period before, and the figure over time. */
export const cards = (list: readonly Card[]): Drawing => ({
  element: ({ document }) =>
    element(document, "dl", { class: "cards" }, ...list.map((card) => cardElement(card, document))),
});

function cardElement(card: Card, document: Document): HTMLElement {
  const { label, value, format, note, course, status } = card;
  const figure = written(value, format);
  return element(
    document,
    "div",
    { class: "card", "data-status": status },
    element(document, "dt", {}, label),
    element(document, "dd", { class: "figure", style: `--ems:${textWidth(figure, 1).toFixed(1)}` }, figure),
    changeElement(card, document),
    note !== undefined && element(document, "dd", { class: "what" }, note),
    course &&
      course.length > 1 &&
      element(document, "dd", { class: "course", "aria-hidden": "true" }, courseOf(course, document)),
  );
}

function changeElement({ value, before }: Card, document: Document): HTMLElement | undefined {
  if (!before) return undefined;
  if (typeof value !== "number" || before.value === null || before.value === 0)
    return element(document, "dd", { class: "change" }, `nothing to compare with ${before.words}`);
  const share = value / before.value - 1;
  const direction = Math.abs(share) < 0.0005 ? "same" : share > 0 ? "up" : "down";
  return element(
    document,
    "dd",
    { class: "change", "data-direction": direction },
    element(
      document,
      "span",
      { class: "sign", "aria-hidden": "true" },
      { up: "▲", down: "▼", same: "=" }[direction],
    ),
    element(document, "strong", {}, change(share)),
    ` ${before.words}`,
  );
}

const [width, height] = [160, 36];

/** The course's shape, from somewhat below its least value to its greatest. */
function courseOf(values: readonly number[], document: Document): SVGElement {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const floor = least - 0.35 * (most - least);
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * width;
    const y = height - 2 - (most === floor ? 0.5 : (value - floor) / (most - floor)) * (height - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return svgElement(
    document,
    "svg",
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", width, height },
    svgElement(document, "path", {
      fill: "var(--accent-soft)",
      d: `M0,${height}L${points.join("L")}L${width},${height}Z`,
    }),
    svgElement(document, "path", {
      fill: "none",
      stroke: "var(--accent)",
      "stroke-width": 1.5,
      d: `M${points.join("L")}`,
      "vector-effect": "non-scaling-stroke",
    }),
  );
}
