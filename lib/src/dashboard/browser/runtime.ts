/** What a page's script finds in the browser: the names of "shopmetrics/page", for cells that draw on the built page. */
export * from "../notebook.js";
export { query, runPage } from "./page.js";

/** Cells are told apart when a page is built; here the order of what they show says where it belongs. */
export const cell = (): void => undefined;
