import type { Surface } from "./render/surface.js";

/** How much of the page's width a drawing takes; on a phone each takes all. */
export type Span = "full" | "half" | "third" | "two-thirds";

/** What a cell shows. Each kind is a file in `kinds/`: a function that notebooks call with its options. */
export interface Drawing {
  /** Default "full". */
  readonly span?: Span | undefined;
  /** Left out for now. */
  readonly hidden?: boolean | undefined;
  /** Draws it. Called again when the block's width or state has changed. */
  readonly element: (surface: Surface) => HTMLElement;
}
