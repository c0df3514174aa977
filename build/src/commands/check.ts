import { readSettings } from "shopmetrics/internal/settings";
import { compile, findNotebooks } from "../compile.js";
import { checkNotebooks, diagnosticText } from "../notebook-types.js";
import { seconds } from "../text.js";

export async function check(options: { json?: boolean }): Promise<void> {
  const started = performance.now();
  const { root } = readSettings();
  const paths = await findNotebooks(root);
  const diagnostics = await checkNotebooks(paths, { root });
  if (diagnostics.length === 0) await compile(root, { fresh: true });
  const took = (performance.now() - started) / 1000;
  if (options.json) console.log(JSON.stringify({ notebooks: paths.length, diagnostics, seconds: took }));
  else {
    for (const diagnostic of diagnostics) console.error(diagnosticText(diagnostic));
    const found =
      diagnostics.length === 0
        ? "no errors"
        : diagnostics.length === 1
          ? "1 error"
          : `${diagnostics.length} errors`;
    console.log(`Checked the types and the SQL of ${paths.length} notebooks: ${found} (${seconds(took)})`);
  }
  if (diagnostics.length > 0) process.exitCode = 1;
}
