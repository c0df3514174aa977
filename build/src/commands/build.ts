import { readSettings } from "shopmetrics/internal/settings";
import { compile } from "../compile.js";
import { writeSqlFiles } from "../sql-file.js";
import { count, seconds } from "../text.js";

export async function build(options: { quiet?: boolean; json?: boolean }): Promise<void> {
  const started = performance.now();
  const { root } = readSettings();
  const compiled = await compile(root);
  const files = await writeSqlFiles(root, compiled);
  const took = (performance.now() - started) / 1000;
  if (options.json)
    console.log(JSON.stringify({ steps: compiled.plans.map(({ step }) => step), files, seconds: took }));
  else if (!options.quiet) {
    const again = compiled.remembered ? ", unchanged" : "";
    console.log(
      `Compiled ${count(compiled.plans.length)} notebooks${again}; ${files.length} SQL tasks in bundle/tasks (${seconds(took)})`,
    );
  }
}
