import { readSettings } from "shopmetrics/settings";
import { writeBundle, type BundleFiles } from "../bundle/bundle.js";
import type { Compiled } from "../compile/compile.js";
import { during } from "../run/running-line.js";
import { count, seconds } from "../text.js";
import { compileProject } from "./compile-project.js";

export async function build(options: { quiet?: boolean; json?: boolean }): Promise<void> {
  const { compiled, made, took, sentence } = await during("compiling the notebooks", () =>
    compileAndWrite(readSettings().root),
  );
  const { sql, node, jobs, localOnly } = made;
  if (options.json) {
    const steps = compiled.plans.map(({ step }) => step);
    console.log(JSON.stringify({ steps, files: [...sql, ...node], jobs, localOnly, seconds: took }));
    return;
  }
  if (options.quiet) return;
  console.log(sentence);
  for (const { step, reason } of localOnly) console.log(`Not on Databricks: ${step}, since ${reason}`);
}

/** Compiles the notebooks and writes the bundle, with a sentence for the terminal. */
async function compileAndWrite(
  root: string,
): Promise<{ compiled: Compiled; made: BundleFiles; took: number; sentence: string }> {
  const started = performance.now();
  const compiled = await compileProject(root);
  const made = await writeBundle(root, compiled);
  const took = (performance.now() - started) / 1000;
  const again = compiled.remembered ? ", unchanged" : "";
  const tasks = `${made.sql.length + made.node.length} tasks in bundle/tasks, ${made.jobs.length} jobs in bundle/resources`;
  const sentence = `Compiled ${count(compiled.plans.length)} notebooks${again}: ${tasks} (${seconds(took)})`;
  return { compiled, made, took, sentence };
}
