/** What the notebook of a dashboard page imports beside "shopmetrics". */
export * from "./dashboard/notebook.js";
export { query } from "./dashboard/query.js";
