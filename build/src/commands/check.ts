import { readSettings } from "shopmetrics/settings";
import { findNotebooks } from "../compile/compile.js";
import { checkNotebooks, diagnosticText } from "../notebook/typecheck.js";
import { counted, seconds } from "../text.js";
import { compileProject } from "./compile-project.js";
import { howToClean, uncleanNotebooks } from "./clean-notebooks.js";

export async function check(options: { fix?: boolean; json?: boolean }): Promise<void> {
  const started = performance.now();
  const { root } = readSettings();
  const paths = await findNotebooks(root);
  const unclean = await uncleanNotebooks(root, paths, Boolean(options.fix));
  const diagnostics = await checkNotebooks(paths, { root });
  if (diagnostics.length === 0) await compileProject(root, { fresh: true });
  const took = (performance.now() - started) / 1000;
  const ok = diagnostics.length === 0 && (unclean.length === 0 || Boolean(options.fix));
  const errors = diagnostics.length === 0 ? "no errors" : counted(diagnostics.length, "error");
  const summary = [errors, ...cleanliness(unclean.length, options)].join(", ");
  if (options.json)
    console.log(
      JSON.stringify({ ok, summary, notebooks: paths.length, diagnostics, unclean, seconds: took }),
    );
  else {
    for (const problem of unclean.flatMap(({ problems }) => problems)) console.error(problem);
    if (unclean.length > 0 && !options.fix) console.error(howToClean);
    for (const diagnostic of diagnostics) console.error(diagnosticText(diagnostic));
    console.log(`Checked the types and the SQL of ${paths.length} notebooks: ${summary} (${seconds(took)})`);
  }
  if (!ok) process.exitCode = 1;
}

function cleanliness(unclean: number, { fix }: { fix?: boolean }): string[] {
  if (unclean === 0) return [];
  if (fix) return [`${counted(unclean, "notebook")} cleaned`];
  return [`but ${unclean === 1 ? "1 notebook is" : `${unclean} notebooks are`} not clean`];
}
