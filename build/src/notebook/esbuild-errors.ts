import { resolve } from "node:path";
import { transform, type BuildFailure, type Message } from "esbuild";
import { NotebookError } from "./error.js";
import { locate } from "./location.js";
import type { NotebookModule } from "./module.js";
import type { Notebook } from "./parse.js";

/** The notebooks loaded by a build, by absolute path. */
export type Sources = Map<string, { readonly notebook: Notebook; readonly module: NotebookModule }>;

/**
 * Turns esbuild's errors into errors that name cell and line.
 *
 * @returns a NotebookError, an AggregateError of several, or `failure` itself if it is not esbuild's
 */
export async function notebookFailure(failure: unknown, root: string, sources: Sources): Promise<unknown> {
  const messages = (failure as Partial<BuildFailure>).errors;
  if (!messages) return failure;
  const errors = await Promise.all(messages.map((message) => notebookError(message, root, sources)));
  // An incomplete cell causes several messages; the first one is enough.
  const distinct = [...new Map(errors.map((error) => [error.message, error])).values()];
  return distinct.length === 1
    ? distinct[0]
    : new AggregateError(distinct, distinct.map((error) => error.message).join("\n\n"));
}

async function notebookError(message: Message, root: string, sources: Sources): Promise<Error> {
  if (message.detail instanceof Error) return message.detail;
  const source = message.location ? sources.get(resolve(root, message.location.file)) : undefined;
  if (!source) return new Error(outsideNotebook(message));
  return (await cellError(source.notebook)) ?? moduleError(message, source.module, source.notebook.path);
}

/**
 * The first cell with an error of its own. esbuild reports a brace left open in cell 2 at the end of the last cell, so each
 * cell is compiled alone.
 */
async function cellError({ path, cells }: Notebook): Promise<NotebookError | undefined> {
  for (const { kind, number, source } of cells) {
    if (kind !== "code") continue;
    const options = { loader: "ts", format: "esm", logLevel: "silent", tsconfigRaw: {} } as const;
    const failure = await transform(source, options).then(
      () => undefined,
      (error: BuildFailure) => error,
    );
    const message = failure?.errors[0];
    if (!message) continue;
    const at = message.location && { line: message.location.line, column: characterColumn(message.location) };
    return new NotebookError({ path, cell: number, ...at }, message.text, nextStep(message, at?.column));
  }
  return undefined;
}

/** An error of the whole module: a name declared in two cells, or a missing file. */
function moduleError(message: Message, module: NotebookModule, path: string): NotebookError {
  const at = (location: Message["location"]) =>
    location ? locate(module.map, location.line, characterColumn(location)) : undefined;
  const place = at(message.location);
  const first = at(message.notes[0]?.location ?? null);
  const [, name] = /^The symbol "(.*)" has already been declared$/.exec(message.text) ?? [];
  if (name !== undefined && first) {
    const problem = `"${name}" is already declared in cell ${first.cell}:${first.line}`;
    return new NotebookError(place ?? { path }, problem, "All cells share one scope: rename one of the two.");
  }
  return new NotebookError(
    place ?? { path },
    message.text,
    nextStep(message, message.location ? characterColumn(message.location) : undefined),
  );
}

function nextStep({ text, location }: Message, column = 1): string {
  const advice = text.startsWith("Could not resolve")
    ? "Paths are relative to the notebook's folder: correct the path or add the file."
    : "Correct the cell and run it in Jupyter before compiling again.";
  return location ? `  ${location.lineText}\n  ${" ".repeat(column - 1)}^\n${advice}` : advice;
}

function outsideNotebook({ text, location }: Message): string {
  return location ? `${location.file}:${location.line}: ${text}\n  ${location.lineText}` : text;
}

/** esbuild counts columns in bytes from 0, people in characters from 1. */
function characterColumn({ lineText, column }: NonNullable<Message["location"]>): number {
  return Buffer.from(lineText).subarray(0, column).toString().length + 1;
}
