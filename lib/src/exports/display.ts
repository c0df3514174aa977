/** What people see: the output of cells in Jupyter, pages of the dashboard, and the tag that HTML is written with. */
export { prerenderPage, type Block } from "../dashboard/prerender.js";
export { useLook } from "../dashboard/format.js";
export { kindOf, type ColumnKind } from "../dashboard/snapshot-columns.js";
export { dataOf, type Manifest } from "../dashboard/manifest.js";
export { asOfWords, checkWords } from "../dashboard/render/data-state.js";
export { shownColumns } from "../display/cells.js";
export { attributes, html, Html, joinHtml, rawHtml, type Content } from "../display/html.js";
export type { Shown } from "../display/outcome.js";
export { extent } from "../display/words.js";
export { csvText } from "../display/csv-text.js";
