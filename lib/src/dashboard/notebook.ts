/** What a page's notebook imports beside the `sql` tag and the contracts: the same in Node and in the browser. */
export * as Plot from "@observablehq/plot";
export { Inputs, type Days, type Period, type Choice } from "./control.js";
export { display, view } from "./display.js";
export { cards, chart, table, type Card, type Drawing } from "./drawing.js";
export { as, change, short, written } from "./format.js";
export { categoryColor, color, heat, segmentColor, statusColor } from "./palette.js";
export { extent, group, sum, movingMean } from "./rows.js";
export type { Snapshot } from "./snapshot.js";
