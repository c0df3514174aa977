import { readSettings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { compile } from "../compile/compile.js";
import { terminalWidth, wrapped } from "../terminal-table.js";

export async function graph(options: { json?: boolean }): Promise<void> {
  const { plans, needs } = await compile(readSettings().root, shop);
  if (options.json) {
    const steps = plans.map(({ step, jobs, notebook, runtime, sources, reads, writes }) => ({
      step,
      jobs,
      notebook,
      runtime,
      sources,
      reads,
      writes,
      needs: needs.get(step) ?? [],
    }));
    console.log(JSON.stringify({ steps }));
    return;
  }
  const width = Math.max(...plans.map(({ step }) => step.length));
  for (const { step, jobs, sources, reads } of plans) {
    const inputs = [...sources, ...reads];
    const label = jobs.join() === "daily" ? "" : `  [${jobs.join(", ")}]`;
    const line = `${step.padEnd(width)}  ${inputs.length ? `← ${inputs.join(", ")}` : ""}${label}`.trimEnd();
    console.log(wrapped(line, terminalWidth(), " ".repeat(width + 4)).join("\n"));
  }
}
