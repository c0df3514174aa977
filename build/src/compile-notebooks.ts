import { createRequire } from "node:module";
import path from "node:path";
import { translate } from "shopmetrics/internal/engine/duckdb/translate";
import type { Plan } from "shopmetrics/internal/plan";
import type { Program } from "./notebook-import.js";
import { remember } from "./memory.js";
import { bundleNotebooks } from "./notebook-plugin.js";
import { record } from "./record.js";
import { rehearse } from "./rehearse.js";

/**
 * Compiles notebooks: bundles them, records each one's plan, and rehearses the plans on an empty warehouse, so that a
 * misspelt column or an unknown function fails here and not in a run. Steps that are programs come with their code.
 */
export async function compileNotebooks(
  root: string,
  paths: readonly string[],
): Promise<{ plans: Plan[]; programs: Program[] }> {
  const bundled = await bundleNotebooks([...paths], { root });
  const memory = await remember("translations", translate, translator());
  const recordings = [];
  for (const one of bundled) recordings.push(await record(one, memory.ask));
  await memory.save();
  await rehearse(recordings);
  return {
    plans: recordings.map(({ plan }) => plan),
    programs: bundled
      .filter(({ notebook }) => notebook.front.runtime === "node")
      .map(({ notebook: { path: name }, code, map }) => ({ notebook: { path: name }, code, map })),
  };
}

/** The files that decide how SQL is translated. */
function translator(): string[] {
  const { resolve } = createRequire(import.meta.url);
  const ours = ["translate", "functions"].map((name) =>
    resolve(`shopmetrics/internal/engine/duckdb/${name}`),
  );
  const polyglot = createRequire(ours[0]!).resolve("@polyglot-sql/sdk");
  return [...ours, path.resolve(polyglot, "../../package.json")];
}
