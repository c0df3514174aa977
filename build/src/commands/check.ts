import { readSettings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { compile, findNotebooks } from "../compile/compile.js";
import { checkNotebooks, diagnosticText } from "../notebook/typecheck.js";
import { seconds } from "../text.js";
import { howToFix, untidy } from "./clean-notebooks.js";

export async function check(options: { fix?: boolean; json?: boolean }): Promise<void> {
  const started = performance.now();
  const { root } = readSettings();
  const paths = await findNotebooks(root);
  const noise = await untidy(root, paths, Boolean(options.fix));
  const diagnostics = await checkNotebooks(paths, { root });
  if (diagnostics.length === 0) await compile(root, shop, { fresh: true });
  const took = (performance.now() - started) / 1000;
  if (options.json)
    console.log(JSON.stringify({ notebooks: paths.length, diagnostics, noise, seconds: took }));
  else {
    if (noise.length > 0) console.error([...noise, options.fix ? "Taken out." : howToFix].join("\n"));
    for (const diagnostic of diagnostics) console.error(diagnosticText(diagnostic));
    const found =
      diagnostics.length === 0
        ? "no errors"
        : diagnostics.length === 1
          ? "1 error"
          : `${diagnostics.length} errors`;
    console.log(`Checked the types and the SQL of ${paths.length} notebooks: ${found} (${seconds(took)})`);
  }
  if (diagnostics.length > 0 || (noise.length > 0 && !options.fix)) process.exitCode = 1;
}
