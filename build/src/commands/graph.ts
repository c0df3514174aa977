import { readSettings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { compile } from "../compile/compile.js";

export async function graph(options: { json?: boolean }): Promise<void> {
  const { plans, needs } = await compile(readSettings().root, shop);
  if (options.json) {
    const steps = plans.map(({ step, jobs, notebook, runtime, reads, writes }) => ({
      step,
      jobs,
      notebook,
      runtime,
      reads,
      writes,
      needs: needs.get(step) ?? [],
    }));
    console.log(JSON.stringify({ steps }));
    return;
  }
  const width = Math.max(...plans.map(({ step }) => step.length));
  for (const { step, jobs, reads } of plans) {
    const label = jobs.join() === "daily" ? "" : `  [${jobs.join(", ")}]`;
    console.log(`${step.padEnd(width)}  ${reads.length ? `← ${reads.join(", ")}` : ""}${label}`.trimEnd());
  }
}
