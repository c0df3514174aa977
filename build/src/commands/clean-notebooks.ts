import path from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { InputError, readSettings } from "shopmetrics/settings";
import { findNotebooks } from "../compile/compile.js";
import { cleanNotebook } from "../notebook/clean.js";

/** Names the notebooks with outputs or editors' metadata in them, which `fix` takes out. Exit code 1 if there are any. */
export async function cleanNotebooks(files: readonly string[], options: { fix?: boolean }): Promise<void> {
  const { root } = readSettings();
  const paths = files.length > 0 ? files : await findNotebooks(root);
  const base = files.length > 0 ? process.cwd() : root;
  const unclean = await uncleanNotebooks(base, paths, Boolean(options.fix));
  if (unclean.length === 0) return;
  console.error(unclean.flatMap(({ problems }) => problems).join("\n"));
  console.error(options.fix ? "Cleaned: look at the files, then stage them." : howToClean);
  process.exitCode = 1;
}

export const howToClean =
  "`npx shopmetrics check --fix` removes outputs, execution counts and editors' metadata, and formats the file as Jupyter " +
  "saves it. In Jupyter: Edit → Clear Outputs of All Cells, then save.";

/** A notebook that holds what git must not see, or is not formatted as Jupyter saves it. */
interface UncleanNotebook {
  readonly path: string;
  /** Each with the notebook and the cell. */
  readonly problems: readonly string[];
}

/** The notebooks that are not clean. With `fix` the files are written clean. */
export async function uncleanNotebooks(
  base: string,
  paths: readonly string[],
  fix: boolean,
): Promise<UncleanNotebook[]> {
  const unclean: UncleanNotebook[] = [];
  for (const name of paths) {
    const file = path.resolve(base, name);
    const text = await readFile(file, "utf8").catch((error: Error) => {
      throw new InputError(`${name} can't be read: ${error.message}`);
    });
    const cleaned = cleanNotebook(name, text);
    if (cleaned.problems.length > 0) unclean.push({ path: name, problems: cleaned.problems });
    if (fix && cleaned.text !== text) await writeFile(file, cleaned.text);
  }
  return unclean;
}
