import { InputError, readSettings } from "shopmetrics/settings";
import { writeBundle } from "../bundle/bundle.js";
import { during } from "../run/running-line.js";
import { count, seconds } from "../text.js";
import { compileProject } from "./compile-project.js";

export async function build(options: { quiet?: boolean; json?: boolean }): Promise<void> {
  const started = performance.now();
  const settings = readSettings();
  const { root } = settings;
  const { compiled, made } = await during("compiling the notebooks", async () => {
    const compiled = await compileProject(root);
    const { topicChanges, topicLines, writeSchemas } = await import("../changed/schemas.js");
    const broken = (await topicChanges(settings, compiled)).filter(({ breaks }) => breaks.length > 0);
    if (broken.length > 0) throw new InputError([...broken.flatMap(topicLines), advice].join("\n"));
    await writeSchemas(root, compiled.topics);
    return { compiled, made: await writeBundle(root, compiled) };
  });
  const took = (performance.now() - started) / 1000;
  const { sql, node, jobs, localOnly } = made;
  if (options.json) {
    const steps = compiled.plans.map(({ step }) => step);
    console.log(JSON.stringify({ steps, files: [...sql, ...node], jobs, localOnly, seconds: took }));
    return;
  }
  if (options.quiet) return;
  const again = compiled.remembered ? ", unchanged" : "";
  const tasks = `${sql.length + node.length} tasks in bundle/tasks, ${jobs.length} jobs in bundle/resources`;
  console.log(`Compiled ${count(compiled.plans.length)} notebooks${again}: ${tasks} (${seconds(took)})`);
  for (const { step, reason } of localOnly) console.log(`Not on Databricks: ${step}, since ${reason}`);
}

const advice =
  "Nothing was built. A new optional field, with the old one beside it, breaks nothing. If the change is meant, say so: npx shopmetrics " +
  "schema --accept";
