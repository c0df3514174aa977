/** What the notebook of a dashboard page imports beside "shopmetrics". */
export * as Plot from "@observablehq/plot";
export * from "./dashboard/notebook.js";
export { query } from "./dashboard/query.js";
