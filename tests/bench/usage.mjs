import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

/** Imported into a measured process before its program: writes down at its end what the process and its threads used. */
const file = process.env["SHOPMETRICS_USAGE"];
if (file && isMainThread)
  process.on("exit", () => writeFileSync(file, JSON.stringify(process.resourceUsage())));
