/** What a page's script finds in the browser: the names of "shopmetrics/page", for cells that draw on the built page. */
export * from "../notebook.js";
export { query, runPage } from "./page.js";

/** In the browser nothing: what cells show belongs to the page's blocks in their order. */
export const cell = (): void => undefined;
