import { cleanNotebook } from "../notebook/clean.js";

/** Something to begin with: files to write, and the contract to add to the file that holds those of its layer. */
export interface Draft {
  readonly files: readonly NewFile[];
  readonly contract?: {
    readonly path: string;
    readonly name: string;
    readonly text: string;
    /** What it uses of another file, where that is not imported yet. */
    readonly uses?: { readonly name: string; readonly from: string };
  };
  /** What to type next, in this order. */
  readonly next: readonly string[];
}

/** `path` is relative to the project's root. */
interface NewFile {
  readonly path: string;
  readonly text: string;
}

interface Cell {
  readonly cell_type: "raw" | "markdown" | "code";
  readonly source: string;
}

export const prose = (source: string): Cell => ({ cell_type: "markdown", source });
export const code = (source: string): Cell => ({ cell_type: "code", source });
export const frontMatter = (values: Readonly<Record<string, string>>): Cell => ({
  cell_type: "raw",
  source: ["---", ...Object.entries(values).map(([name, value]) => `${name}: ${value}`), "---"].join("\n"),
});

/** A notebook as Jupyter saves it. */
export const notebookFile = (path: string, cells: readonly Cell[]): NewFile => {
  const kernelspec = { display_name: "TypeScript", language: "typescript", name: "tslab" };
  const drafted = JSON.stringify({
    cells: cells.map((cell) => ({ ...cell, metadata: {} })),
    metadata: { kernelspec },
    nbformat: 4,
    nbformat_minor: 5,
  });
  return { path, text: cleanNotebook(path, drafted).text };
};

/** A name in words: `orders_by_status` is “Orders by status”. */
export const inWords = (name: string): string => {
  const words = name.replaceAll("_", " ");
  return `${words[0]!.toUpperCase()}${words.slice(1)}`;
};
