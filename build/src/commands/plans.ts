import { readSettings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { compile } from "../compile/compile.js";
import { reserveStdoutForJson, printJson } from "./fail.js";

/** Prints the project's compiled plans and programs as JSON: `run --changed` asks another commit's compiler for them. */
export async function plans(): Promise<void> {
  reserveStdoutForJson();
  const compiled = await compile(readSettings().root, shop);
  printJson({ plans: compiled.plans, programs: compiled.programs });
}
