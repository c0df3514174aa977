import { readSettings } from "shopmetrics/internal/settings";
import { writeBundle } from "../bundle.js";
import { compile } from "../compile.js";
import { count, seconds } from "../text.js";

export async function build(options: { quiet?: boolean; json?: boolean }): Promise<void> {
  const started = performance.now();
  const { root } = readSettings();
  const compiled = await compile(root);
  const { sql, node, jobs, leftOut } = await writeBundle(root, compiled);
  const files = [...sql, ...node];
  const took = (performance.now() - started) / 1000;
  if (options.json) {
    const steps = compiled.plans.map(({ step }) => step);
    console.log(JSON.stringify({ steps, files, jobs, leftOut, seconds: took }));
    return;
  }
  if (options.quiet) return;
  const again = compiled.remembered ? ", unchanged" : "";
  console.log(
    `Compiled ${count(compiled.plans.length)} notebooks${again}: ${files.length} tasks in bundle/tasks, ${jobs.length} jobs in bundle/resources (${seconds(took)})`,
  );
  for (const { step, reason } of leftOut) console.log(`Not on Databricks: ${step}, since ${reason}`);
}
