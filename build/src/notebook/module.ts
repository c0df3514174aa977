import { Bundle, MagicString } from "magic-string";
import type { Notebook } from "./parse.js";
import { mergeImports } from "./imports.js";

/** A source map as JSON, version 3. */
export interface SourceMapJson {
  readonly version: number;
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[] | undefined;
  readonly names: readonly string[];
  readonly mappings: string;
}

export interface NotebookModule {
  /** TypeScript. */
  readonly code: string;
  /** One source for each code cell, named by `cellSource`. */
  readonly map: SourceMapJson;
}

/**
 * The TypeScript module made from a notebook's code cells in order. Before each cell comes a call that tells the session
 * which cell runs, so that outputs, checks and errors belong to it:
 *
 *     import { cell as __cell } from "shopmetrics/run";
 *     __cell("notebooks/silver/orders_clean.ipynb", 1);
 *     …
 *
 * Imports stay where they are (a module hoists them); an import repeated from an earlier cell is removed.
 *
 * @throws NotebookError if a cell imports what a notebook may not import
 */
export function notebookModule(notebook: Notebook): NotebookModule {
  const bundle = new Bundle({ separator: "\n" });
  const known = new Map();
  for (const cell of notebook.cells) {
    if (cell.kind !== "code") continue;
    const content = new MagicString(cell.source);
    mergeImports(notebook, cell, content, known);
    content.prepend(`__cell(${JSON.stringify(notebook.path)}, ${cell.number});\n`);
    bundle.addSource({ filename: cellSource(notebook.path, cell.number), content });
  }
  const hasCells = notebook.cells.some(({ kind }) => kind === "code");
  bundle.prepend(hasCells ? 'import { cell as __cell } from "shopmetrics/run";\n' : "export {};");
  bundle.append("\n");
  return { code: bundle.toString(), map: bundle.generateMap({ hires: "boundary", includeContent: true }) };
}

/** A code cell's name in source maps and stack traces: `notebooks/silver/orders_clean.ipynb cell 4`. */
function cellSource(path: string, number: number): string {
  return `${path} cell ${number}`;
}
