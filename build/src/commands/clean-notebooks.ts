import path from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { InputError, readSettings } from "shopmetrics/settings";
import { findNotebooks } from "../compile/compile.js";
import { cleanNotebook } from "../notebook/clean.js";

/** Says which notebooks hold what git shall not see, and takes it out with `fix`. Exit code 1 when there was any. */
export async function cleanNotebooks(files: readonly string[], options: { fix?: boolean }): Promise<void> {
  const { root } = readSettings();
  const paths = files.length > 0 ? files : await findNotebooks(root);
  const base = files.length > 0 ? process.cwd() : root;
  const problems = await untidy(base, paths, Boolean(options.fix));
  if (problems.length === 0) return;
  console.error(problems.join("\n"));
  console.error(options.fix ? "Taken out: look at the files, then stage them." : howToFix);
  process.exitCode = 1;
}

export const howToFix =
  "`npx shopmetrics check --fix` takes it out; in Jupyter: Edit → Clear Outputs of All Cells, then save.";

/** What notebooks hold that git shall not see. With `fix` the files are written without it. */
export async function untidy(base: string, paths: readonly string[], fix: boolean): Promise<string[]> {
  const problems: string[] = [];
  for (const name of paths) {
    const file = path.resolve(base, name);
    const text = await readFile(file, "utf8").catch((error: Error) => {
      throw new InputError(`${name} can't be read: ${error.message}`);
    });
    const cleaned = cleanNotebook(name, text);
    problems.push(...cleaned.problems);
    if (fix && cleaned.text !== text) await writeFile(file, cleaned.text);
  }
  return problems;
}
