/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { layOut } from "../lineage-graph.js";

/** The graph's picture, of which any part can be drawn alone. */
interface Drawing {
  readonly boxes: readonly { readonly name: string; readonly element: SVGAElement }[];
  readonly lines: readonly Line[];
  /**
   * Draws some boxes and lines between them; undefined means all.
   *
   * @param room the width that there is, in pixels
   * @returns the size of what is drawn, in pixels
   */
  draw(part: Part | undefined, room: number): { width: number; height: number };
}

export interface Part {
  readonly boxes: ReadonlySet<string>;
  /** By default every line between the boxes belongs to it. */
  readonly joins?: (from: string, to: string) => boolean;
}

interface Line {
  readonly from: string;
  readonly to: string;
  readonly element: SVGPathElement;
}

export function drawingIn(svg: SVGSVGElement): Drawing {
  const boxes = [...svg.querySelectorAll<SVGAElement>("a[data-box]")].map((element) => ({
    name: element.dataset["box"]!,
    element,
  }));
  const lines = [...svg.querySelectorAll<SVGPathElement>("path[data-from]")].map((element): Line => {
    const { from = "", to = "" } = element.dataset;
    return { from, to, element };
  });
  return {
    boxes,
    lines,
    draw(part, room) {
      const has = (name: string) => part?.boxes.has(name) ?? true;
      const joins = part?.joins ?? (() => true);
      const graph = {
        boxes: boxes.filter(({ name }) => has(name)),
        lines: lines.filter(({ from, to }) => has(from) && has(to) && joins(from, to)),
      };
      for (const { element } of [...boxes, ...lines]) element.style.display = "none";
      const across = layOut(graph);
      // Downwards where that needs less room, such as on a phone.
      const down = part && across.width > room ? layOut(graph, "TB") : across;
      const drawn = down.width < across.width ? down : across;
      for (const { element, left, top } of drawn.boxes) {
        element.setAttribute("transform", `translate(${left} ${top})`);
        element.style.display = "";
      }
      for (const { element, path } of drawn.lines) {
        element.setAttribute("d", path);
        element.style.display = "";
      }
      svg.setAttribute("viewBox", `0 0 ${drawn.width} ${drawn.height}`);
      return drawn;
    },
  };
}
