import path from "node:path";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Tables } from "shopmetrics/internal/contracts/table";
import { translate } from "shopmetrics/internal/engine/duckdb/translate";
import type { Plan } from "shopmetrics/internal/plan/plan";
import { analyse } from "./lineage/select.js";
import { type TableLineage, lineageOf } from "./lineage/columns.js";
import type { OutputColumn } from "./lineage/output-columns.js";
import type { Program } from "../notebook/execute.js";
import { remember } from "../cache.js";
import { bundleNotebooks } from "../notebook/plugin.js";
import { record } from "./record.js";
import { rehearse } from "./dry-run.js";

/**
 * Compiles notebooks: bundles them, records each one's plan, and rehearses the plans on an empty warehouse, so that a
 * misspelt column or an unknown function fails here and not in a run. Steps that are programs come with their code, and
 * tables with what their columns come from.
 */
export async function compileNotebooks(
  root: string,
  paths: readonly string[],
  tables: Tables,
): Promise<{ plans: Plan[]; programs: Program[]; lineage: TableLineage[] }> {
  const bundled = await bundleNotebooks([...paths], { root });
  const memory = await remember("translations", translate, translator());
  const recordings = [];
  for (const one of bundled) recordings.push(await record(one, memory.ask));
  await memory.save();
  await rehearse(recordings, tables);
  const plans = recordings.map(({ plan }) => plan);
  return {
    plans,
    lineage: await rememberedLineage(plans, tables),
    programs: bundled
      .filter(({ notebook }) => notebook.front.runtime === "node")
      .map(({ notebook: { path: name }, code, map }) => ({ notebook: { path: name }, code, map })),
  };
}

/** What the columns come from; a select that is as it was is not parsed again. */
async function rememberedLineage(plans: readonly Plan[], tables: Tables): Promise<TableLineage[]> {
  const answer = async (text: string) => JSON.stringify(await analyse(JSON.parse(text)));
  // As this file is: compiled, or a test's source.
  const ending = path.extname(import.meta.url);
  const ours = ["select", "output-columns"].map((name) =>
    fileURLToPath(new URL(`./lineage/${name}${ending}`, import.meta.url)),
  );
  const memory = await remember("lineage", answer, ours);
  const lineage = await lineageOf(
    plans,
    tables,
    async (question) => JSON.parse(await memory.ask(JSON.stringify(question))) as OutputColumn[],
  );
  await memory.save();
  return lineage;
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
