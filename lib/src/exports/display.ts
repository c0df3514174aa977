/** What people are shown: cells of Jupyter and pages of the dashboard. */
export { prerenderPage, type Block } from "../dashboard/prerender.js";
export { kindOf, type ColumnKind } from "../dashboard/snapshot-columns.js";
export type { Manifest } from "../dashboard/manifest.js";
export { asOfWords, checkWords } from "../dashboard/render/data-state.js";
export { shownColumns } from "../display/cells.js";
export { attributes, html, Html, joinHtml, rawHtml, type Content } from "../display/html.js";
export type { Shown } from "../display/outcome.js";
export { extent, measures, statusSign, statusWord } from "../display/words.js";
