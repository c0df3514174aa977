import type { Plan, Tables } from "shopmetrics/plan";
import { duckdb, type EngineAdapter } from "shopmetrics/engine";
import { analyse } from "./lineage/select.js";
import { lineageOf, type TableLineage } from "./lineage/columns.js";
import type { OutputColumn } from "./lineage/output-columns.js";
import type { Program } from "../notebook/execute.js";
import { cachedTexts } from "../cache.js";
import { bundleNotebooks } from "../notebook/plugin.js";
import { record, type PlacedTest } from "./record.js";
import { dryRun } from "./dry-run.js";

/**
 * Compiles notebooks: bundles them, records each one's plan, and tries the plans on an empty warehouse, so that a
 * misspelt column or an unknown function fails here and not in a run. Steps that are programs come with their code, and
 * tables with what their columns come from.
 */
export async function compileNotebooks(
  root: string,
  paths: readonly string[],
  tables: Tables,
): Promise<{ plans: Plan[]; programs: Program[]; lineage: TableLineage[]; tests: PlacedTest[] }> {
  const bundled = await bundleNotebooks([...paths], { root });
  const memory = await cachedTexts("translations", async (question) => {
    const [text, surroundings] = JSON.parse(question) as Parameters<EngineAdapter["translate"]>;
    return JSON.stringify(await duckdb.translate(text, surroundings));
  });
  const translate: EngineAdapter["translate"] = async (...question) =>
    JSON.parse(await memory.ask(JSON.stringify(question))) as Awaited<ReturnType<EngineAdapter["translate"]>>;
  const recordings = [];
  for (const notebook of bundled) recordings.push(await record(notebook, translate, tables, { root }));
  await memory.save();
  await dryRun(recordings, tables);
  const plans = recordings.map(({ plan }) => plan);
  return {
    plans,
    tests: recordings.flatMap((recording) => recording.tests),
    lineage: await rememberedLineage(plans, tables),
    programs: bundled
      .filter(({ notebook }) => notebook.front.runtime === "node")
      .map(({ notebook: { path: name }, code, map }) => ({ notebook: { path: name }, code, map })),
  };
}

/** What the columns come from; a select that is as it was is not parsed again. */
async function rememberedLineage(plans: readonly Plan[], tables: Tables): Promise<TableLineage[]> {
  const answer = async (text: string) => JSON.stringify(await analyse(JSON.parse(text)));
  const memory = await cachedTexts("lineage", answer);
  const lineage = await lineageOf(
    plans,
    tables,
    async (question) => JSON.parse(await memory.ask(JSON.stringify(question))) as OutputColumn[],
  );
  await memory.save();
  return lineage;
}
