/** A place in a notebook: the code cell as Jupyter shows it (`In [4]`), line and column from 1. */
export interface NotebookPlace {
  /** The notebook's path as the reader knows it, e.g. "notebooks/silver/orders_clean.ipynb". */
  readonly path: string;
  /** Number of the code cell, from 1; absent for the whole notebook or its front matter. */
  readonly cell?: number | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/**
 * Something is wrong in a notebook. The message names the place, what is wrong and what to do next:
 *
 *     notebooks/silver/orders_clean.ipynb cell 4:7: Expected ";" but found "x"
 *     Correct the cell and run it in Jupyter before compiling again.
 */
export class NotebookError extends Error implements NotebookPlace {
  override readonly name = "NotebookError";
  readonly path: string;
  readonly cell: number | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;

  /** @param nextStep left out where the problem already says what to do */
  constructor(place: NotebookPlace, problem: string, nextStep?: string, options?: ErrorOptions) {
    super(`${placeText(place)}: ${problem}${nextStep === undefined ? "" : `\n${nextStep}`}`, options);
    this.path = place.path;
    this.cell = place.cell;
    this.line = place.line;
    this.column = place.column;
  }
}

/** `notebooks/silver/orders_clean.ipynb cell 4:7`, shorter where less is known. */
export function placeText({ path, cell, line }: NotebookPlace): string {
  const colonLine = line === undefined ? "" : `:${line}`;
  return cell === undefined ? `${path}${colonLine}` : `${path} cell ${cell}${colonLine}`;
}

/** Line and column, both from 1, of an offset in a text. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
