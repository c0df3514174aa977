import { createHash } from "node:crypto";
import { NotebookError } from "./error.js";

/** What does not belong into git, and the notebook without it. */
interface Cleaned {
  /** Each names its cell; empty when the text is clean. */
  readonly problems: readonly string[];
  readonly text: string;
}

/**
 * Removes from a notebook what a run or an editor leaves in it, and gives each cell its own id, so that each change in git
 * is a change of meaning. The text is formatted as Jupyter saves it; cleaning it again changes nothing.
 *
 * @throws NotebookError when the text is not a notebook
 */
export function cleanNotebook(path: string, text: string): Cleaned {
  const notebook = parse(path, text);
  const problems: string[] = [];
  const taken = new Set<string>();
  let code = 0;
  const cells = notebook.cells.map((cell, index) => {
    const isCode = cell["cell_type"] === "code";
    const name = isCode ? `cell ${++code}` : `${String(cell["cell_type"])} cell at position ${index + 1}`;
    const note = (problem: string) => problems.push(`${path} ${name}: ${problem}`);
    if (isCode && (cell["outputs"] as unknown[] | undefined)?.length) note("has outputs");
    if (isCode && (cell["execution_count"] ?? null) !== null) note("has an execution count");
    const metadata = keptOf(cell["metadata"]);
    if (!isSame(metadata, cell["metadata"]))
      note(`has metadata of an editor or a kernel (${extra(metadata, cell["metadata"])})`);
    const source = linesOf(cell["source"]);
    const id = idOf(cell["id"], `${String(cell["cell_type"])}\n${source.join("")}`, taken);
    if (cell["id"] === undefined) note("has no id");
    else if (cell["id"] !== id)
      note(`has the id ${String(cell["id"])}, which an earlier cell has too or which is not valid`);
    return sorted({
      cell_type: cell["cell_type"],
      id,
      metadata,
      source,
      ...(cell["attachments"] !== undefined && { attachments: cell["attachments"] }),
      ...(isCode && { outputs: [], execution_count: null }),
    });
  });
  const metadata = isTypeScript(notebook.metadata) ? kernel : notebook.metadata;
  if (!isSame(metadata, notebook.metadata)) problems.push(`${path}: has metadata of a kernel or an editor`);
  const clean = `${JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, undefined, 1)}\n`;
  if (problems.length === 0 && clean !== text) problems.push(`${path}: is not formatted as Jupyter saves it`);
  return { problems, text: clean };
}

type Json = Record<string, unknown>;

function parse(path: string, text: string): { cells: Json[]; metadata: Json } {
  let json: { cells?: unknown; metadata?: unknown } | null;
  try {
    json = JSON.parse(text) as typeof json;
  } catch (cause) {
    throw new NotebookError(
      { path },
      `is not valid JSON (${(cause as Error).message.replace(/\s+/g, " ")})`,
      "Restore the file from git, or look for merge conflict markers.",
      { cause },
    );
  }
  if (!Array.isArray(json?.cells))
    throw new NotebookError({ path }, "is not a notebook: it has no cells", "Restore the file from git.");
  return { cells: json.cells as Json[], metadata: (json.metadata ?? {}) as Json };
}

/** The metadata of every notebook in the project: to the letter what tslab says of itself, so that opening one changes nothing. */
const kernel = {
  kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" },
  language_info: {
    codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
    file_extension: ".ts",
    mimetype: "text/typescript",
    name: "typescript",
    version: "3.7.2",
  },
};

/** A notebook of another kernel stays as it is: the type check refuses it. */
const isTypeScript = ({ kernelspec, language_info }: Json) =>
  ((kernelspec as Json | undefined)?.["language"] ??
    (language_info as Json | undefined)?.["name"] ??
    "typescript") === "typescript";

/** Keeps a cell's tags, and a language other than TypeScript, so that the compiler can refuse it with a reason. */
function keptOf(metadata: unknown): Json {
  const { tags, vscode } = (metadata ?? {}) as { tags?: unknown[]; vscode?: { languageId?: string } };
  const isForeign = vscode?.languageId !== undefined && vscode.languageId !== "typescript";
  return { ...(tags?.length && { tags }), ...(isForeign && { vscode: { languageId: vscode.languageId } }) };
}

const extra = (kept: Json, given: unknown) =>
  Object.keys((given ?? {}) as Json)
    .filter((name) => !isSame(kept[name], ((given ?? {}) as Json)[name]))
    .join(", ") || "none at all";

/** A cell's own id, or an id made from its content: the same cell always gets the same id. */
function idOf(given: unknown, content: string, taken: Set<string>): string {
  const isOwn = typeof given === "string" && /^[\w-]{1,64}$/.test(given) && !taken.has(given);
  const made = (n: number) => createHash("sha256").update(`${n}\n${content}`).digest("hex").slice(0, 8);
  let id = isOwn ? given : made(0);
  if (!isOwn) for (let n = 1; taken.has(id); n++) id = made(n);
  taken.add(id);
  return id;
}

/** A source as a list of lines, all but the last with their line end. */
function linesOf(source: unknown): string[] {
  const text = Array.isArray(source) ? source.join("") : String(source ?? "");
  return text === "" ? [] : text.split(/(?<=\n)/);
}

const sorted = (cell: Json): Json =>
  Object.fromEntries(Object.entries(cell).toSorted(([a], [b]) => (a < b ? -1 : 1)));

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
