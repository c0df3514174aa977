/** What the notebook of a dashboard page imports in addition to "shopmetrics". */
import { drawInKernel } from "./dashboard/in-kernel.js";

export * as Plot from "@observablehq/plot";
export * from "./dashboard/notebook.js";
export { query } from "./dashboard/query.js";

drawInKernel();
