import { pathToFileURL } from "node:url";
import { InputError } from "shopmetrics/settings";
import { cachedFile } from "../cache.js";
import { NotebookError } from "./error.js";
import { locateStack, registerMap } from "./location.js";
import type { BundledNotebook } from "./plugin.js";

/** What is needed to run a notebook's cells. */
export type Program = Pick<BundledNotebook, "code" | "map"> & {
  readonly notebook: { readonly path: string };
};

/**
 * Runs a compiled notebook's cells in the current session and returns the module's exports. Each call runs them again.
 *
 * The code is imported from a file named by the code's hash, in a folder where Node finds `shopmetrics`: a `data:` URL
 * can't import packages.
 *
 * @throws NotebookError with cell and line of the failed statement; its `cause` is the original error
 */
export async function importModule({ notebook, code, map }: Program): Promise<unknown> {
  const url = pathToFileURL(await writeModule(notebook.path, code)).href;
  registerMap(url, map);
  // The statement's frame may be below many frames of the library.
  Error.stackTraceLimit = Math.max(Error.stackTraceLimit, 50);
  try {
    return await import(/* @vite-ignore */ `${url}?run=${++runs}`);
  } catch (cause) {
    if (cause instanceof NotebookError) throw cause;
    const place = cause instanceof Error ? locateStack(cause) : undefined;
    const problem = cause instanceof Error ? cause.message : String(cause);
    const next =
      cause instanceof InputError
        ? undefined
        : "Run the notebook in Jupyter up to this cell to see the values it works with.";
    throw new NotebookError(place ?? { path: notebook.path }, problem, next, { cause });
  }
}

let runs = 0;

/** Writes the code to a file. Its name starts with the notebook's name, which a stack trace shows. */
const writeModule = (notebook: string, code: string) =>
  cachedFile("modules", `${notebook.replace(/\.ipynb$/, "").replace(/[^\w-]+/g, "_")}.mjs`, code);
