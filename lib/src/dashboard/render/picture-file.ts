import { light } from "../palette.js";
import { svgElement } from "./dom.js";
import { shortened, textWidth } from "./text-width.js";

/** What a picture says outside the plot. */
interface PictureWords {
  readonly title: string;
  readonly note?: string | undefined;
  readonly legend: readonly { readonly label: string; readonly color: string }[];
  /** What the reader has chosen. */
  readonly choices: readonly string[];
  /** Whose data it is, and of when. */
  readonly source: string;
}

/** A picture that needs nothing else, in the colours for light. */
export interface PictureFile {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

const [edge, small] = [24, 12];
const font = "Figtree, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif";

/** The file of a drawn plot: its title, note and legend above it, what was chosen and the data's date below it. */
export function pictureFile(plot: Element, words: PictureWords): PictureFile {
  const document = plot.ownerDocument;
  const width = Number(plot.getAttribute("width"));
  const parts: Element[] = [];
  let y = edge;
  const text = (line: string, x: number, size: number, fill: string, weight = 400) => {
    const node = svgElement(document, "text", { x, y, fill, "font-size": size, "font-weight": weight });
    node.textContent = line;
    parts.push(node);
  };
  const paragraph = (whole: string, size: number, fill: string, weight?: number) => {
    for (const line of lines(whole, width, size)) {
      y += size;
      text(line, edge, size, fill, weight);
      y += size * 0.4;
    }
  };
  paragraph(words.title, 18, light.ink, 650);
  if (words.note) paragraph(words.note, 13, light.muted);
  y += 8;
  if (words.legend.length > 0) {
    let x = edge;
    y += small;
    for (const entry of words.legend) {
      const label = shortened(entry.label, width - 16, small);
      const room = 16 + textWidth(label, small) + 16;
      if (x > edge && x + room > edge + width) [x, y] = [edge, y + small * 1.6];
      parts.push(
        svgElement(document, "rect", { x, y: y - 9, width: 9, height: 9, rx: 2, fill: entry.color }),
      );
      text(label, x + 14, small, light.muted);
      x += room;
    }
    y += small;
  }
  const copy = plot.cloneNode(true) as Element;
  for (const tip of copy.querySelectorAll('[data-mark="tip"]')) tip.remove();
  for (const name of ["class", "font-family"]) copy.removeAttribute(name);
  const height = Number(plot.getAttribute("height"));
  for (const [name, value] of Object.entries({
    x: edge,
    y,
    color: light.muted,
    "font-size": small,
    overflow: "visible",
  }))
    copy.setAttribute(name, String(value));
  parts.push(copy);
  y += height + 4;
  paragraph([...words.choices, words.source].filter(Boolean).join(" · "), small, light.muted);
  const size = { width: width + 2 * edge, height: Math.ceil(y + edge - small * 0.4) };
  const svg = svgElement(
    document,
    "svg",
    { ...size, viewBox: `0 0 ${size.width} ${size.height}`, "font-family": font },
    svgElement(document, "rect", { ...size, fill: light.surface }),
    ...parts,
  );
  return { ...size, svg: inLight(serialized(svg)) };
}

/** Words in lines of at most `room` pixels. */
function lines(text: string, room: number, size: number): string[] {
  const found: string[] = [];
  for (const word of text.split(" ")) {
    const longer = found.length === 0 ? word : `${found.at(-1)} ${word}`;
    if (found.length > 0 && textWidth(longer, size) <= room) found[found.length - 1] = longer;
    else found.push(word);
  }
  return found;
}

const serialized = (svg: Element) => {
  const { XMLSerializer } = svg.ownerDocument.defaultView as unknown as typeof globalThis;
  return new XMLSerializer().serializeToString(svg);
};

/** Colours as they are, in place of the names that only the page's style sheet knows. */
const inLight = (svg: string): string =>
  svg
    .replaceAll("currentColor", light.muted)
    .replaceAll(
      /var\(--([\w-]+)(?:,[^()]*)?\)/g,
      (_, name: string) => light[name as keyof typeof light] ?? light.surface,
    )
    .replaceAll(
      /color-mix\(in srgb, (#\w{6}) (\d+)%, (#\w{6})\)/g,
      (_, one: string, share: string, other: string) => mixed(one, Number(share) / 100, other),
    );

function mixed(one: string, share: number, other: string): string {
  const part = (hex: string, at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  const parts = [1, 3, 5].map((at) => Math.round(share * part(one, at) + (1 - share) * part(other, at)));
  return `#${parts.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
