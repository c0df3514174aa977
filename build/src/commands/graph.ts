import { readSettings } from "shopmetrics/internal/settings";
import { compile } from "../compile.js";

export async function graph(options: { json?: boolean }): Promise<void> {
  const { plans, needs } = await compile(readSettings().root);
  if (options.json) {
    const steps = plans.map(({ step, job, notebook, runtime, reads, writes }) => ({
      step,
      job,
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
  for (const { step, job, reads } of plans) {
    const label = job === "daily" ? "" : `  [${job}]`;
    console.log(`${step.padEnd(width)}  ${reads.length ? `← ${reads.join(", ")}` : ""}${label}`.trimEnd());
  }
}
