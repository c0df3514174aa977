import * as z from "zod";
import { frontMatter, type FrontMatter } from "./front-matter.js";
import { NotebookError } from "./error.js";

/** A notebook as the compiler, the type check and the pages use it. */
export interface Notebook {
  /** The path as given by the caller, e.g. "notebooks/silver/orders_clean.ipynb". */
  readonly path: string;
  readonly front: FrontMatter;
  /** All cells in order, including the front matter. */
  readonly cells: readonly Cell[];
}

export interface Cell {
  readonly kind: "markdown" | "code" | "raw";
  readonly source: string;
  /** Jupyter's own id of the cell, or `cell-<index>` in notebooks older than nbformat 4.5. */
  readonly id: string;
  /** Code cells are counted from 1, as Jupyter shows them (`In [4]`) after Run All; 0 for other cells. */
  readonly number: number;
}

/**
 * Reads the text of an .ipynb file.
 *
 * @param path the notebook's name in errors and source maps; the file is not opened
 * @throws NotebookError if the text is not a notebook of format 4 with TypeScript cells, or its front matter is
 *   missing or wrong
 */
export function parseNotebook(path: string, text: string): Notebook {
  const file = readFormat(path, parseJson(path, text));
  checkKernel(path, file.metadata);
  let codeCells = 0;
  const cells = file.cells.map((cell, index): Cell => {
    const source = Array.isArray(cell.source) ? cell.source.join("") : cell.source;
    const number = cell.cell_type === "code" ? ++codeCells : 0;
    if (number > 0) checkLanguage(path, number, source, cell.metadata.vscode?.languageId);
    return { kind: cell.cell_type, source, id: cell.id ?? `cell-${index}`, number };
  });
  const [first] = cells;
  return { path, front: frontMatter(path, first?.kind === "raw" ? first.source : undefined), cells };
}

const format = z.object({
  nbformat: z.literal(4),
  metadata: z
    .object({
      kernelspec: z.object({ name: z.string(), language: z.string().optional() }).partial().optional(),
      language_info: z.object({ name: z.string() }).partial().optional(),
    })
    .default({}),
  cells: z.array(
    z.object({
      cell_type: z.enum(["markdown", "code", "raw"]),
      source: z.union([z.string(), z.array(z.string())]),
      id: z.string().optional(),
      metadata: z.object({ vscode: z.object({ languageId: z.string() }).partial().optional() }).default({}),
    }),
  ),
});

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const next =
      "Restore the file from git, or open it in a text editor and look for merge conflict markers.";
    const problem = `is not valid JSON (${(cause as Error).message.replace(/\s+/g, " ")})`;
    throw new NotebookError({ path }, problem, next, { cause });
  }
}

function readFormat(path: string, json: unknown): z.infer<typeof format> {
  const result = format.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const problem = `is not a notebook of format 4 (${issue?.path.join(".") || "the file"}: ${issue?.message})`;
  const next =
    "Save it in JupyterLab, or run `jupyter nbconvert --to notebook --nbformat 4 --inplace` on it.";
  throw new NotebookError({ path }, problem, next);
}

function checkKernel(path: string, { kernelspec, language_info }: z.infer<typeof format>["metadata"]): void {
  const language = kernelspec?.language ?? language_info?.name ?? "typescript";
  if (language.toLowerCase() === "typescript") return;
  const next = "Choose the TypeScript kernel (tslab) in Jupyter (Kernel, Change Kernel) and save.";
  throw new NotebookError({ path }, `is written in ${language}, but notebooks are TypeScript`, next);
}

function checkLanguage(path: string, cell: number, source: string, languageId = "typescript"): void {
  // No TypeScript statement starts with a percent sign, so this can't refuse a good cell.
  const magic = /^\s*(%%?\w+)/.exec(source);
  const language = magic?.[1] ?? (languageId === "typescript" ? undefined : languageId);
  if (language === undefined) return;
  const next =
    "Write the cell in TypeScript: SQL goes into the sql`…` tag, other languages into their own files.";
  const line = magic?.[0].split("\n").length ?? 1;
  throw new NotebookError({ path, cell, line, column: 1 }, `the cell is not TypeScript (${language})`, next);
}
