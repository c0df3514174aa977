import { shop } from "shopmetrics/shop";
import { compile, findDrafts, type Compiled } from "../compile/compile.js";
import { printWarning } from "../run/print.js";

/** Compiles the shop's notebooks, and warns of those that are passed over. */
export async function compileProject(root: string, options: { fresh?: boolean } = {}): Promise<Compiled> {
  for (const draft of await findDrafts(root))
    printWarning(
      `${draft} is passed over: Jupyter calls a new notebook so. Rename it when it is to be a step, or delete it.`,
    );
  return compile(root, shop, options);
}
