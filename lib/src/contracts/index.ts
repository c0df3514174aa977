export * as bronze from "./bronze.js";
export * as silver from "./silver.js";
export * as gold from "./gold.js";
export * as ops from "./ops.js";
