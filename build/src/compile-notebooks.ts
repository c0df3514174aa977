import { translate } from "shopmetrics/internal/engine/duckdb/translate";
import type { Plan } from "shopmetrics/internal/plan";
import { remember } from "./memory.js";
import { bundleNotebooks } from "./notebook-plugin.js";
import { record } from "./record.js";
import { rehearse } from "./rehearse.js";

/**
 * Compiles notebooks: bundles them, records each one's plan, and rehearses the plans on an empty warehouse, so that a
 * misspelt column or an unknown function fails here and not in a run.
 */
export async function compileNotebooks(root: string, paths: readonly string[]): Promise<Plan[]> {
  const bundled = await bundleNotebooks([...paths], { root });
  const memory = await remember("translations", translate);
  const recordings = [];
  for (const one of bundled) recordings.push(await record(one, memory.ask));
  await memory.save();
  await rehearse(recordings);
  return recordings.map(({ plan }) => plan);
}
