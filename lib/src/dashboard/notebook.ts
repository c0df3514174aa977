/** What a page draws with, the same in Node and in the browser; only Plot is imported separately. */
export { Inputs, type Days, type Period, type Choice } from "./control.js";
export { display, view } from "./page-surface.js";
export type { Drawing } from "./drawing.js";
export { cards, type Card } from "./kinds/cards.js";
export { chart } from "./kinds/chart.js";
export { table } from "./kinds/table.js";
export { as, change, counted, short, written } from "./format.js";
export { categoryColor, channelColor, color, heat, segmentColor, statusColor } from "./palette.js";
export { shortened, textWidth } from "./render/text-width.js";
export { extent, group, sum, movingMean, startOf } from "./rows.js";
export { forecast, type Expected, type Forecast } from "./forecast.js";
export type { Snapshot } from "./snapshot.js";
/** Computes something once for several drawings, and again when a snapshot or control that it has read changes. */
export { computed } from "@preact/signals-core";
