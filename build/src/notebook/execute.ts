import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError } from "shopmetrics/internal/errors";
import { cacheFolder } from "../cache.js";
import { NotebookError } from "./error.js";
import { locateStack, registerMap } from "./location.js";
import type { BundledNotebook } from "./plugin.js";

/** What is needed to run a notebook's cells. */
export type Program = Pick<BundledNotebook, "code" | "map"> & {
  readonly notebook: { readonly path: string };
};

/**
 * Runs a compiled notebook's cells, in the session in use, and gives the module's exports. Each call runs them anew.
 *
 * The code is imported from a file whose name is made of the code's hash, in a folder from which Node finds
 * `shopmetrics`: a `data:` URL can't import packages.
 *
 * @throws NotebookError with cell and line of the statement that failed; its `cause` is what was thrown
 */
export async function importModule({ notebook, code, map }: Program): Promise<unknown> {
  const url = pathToFileURL(await writeModule(notebook.path, code)).href;
  registerMap(url, map);
  // A failing statement's frame may lie under many of the library's.
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

async function writeModule(path: string, code: string): Promise<string> {
  const folder = cacheFolder("modules");
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const name = path.replace(/\.ipynb$/, "").replace(/[^\w-]+/g, "_");
  const file = join(folder, `${name}-${hash}.mjs`);
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true });
  // Another process may want the same file now: it appears whole or not at all.
  const draft = `${file}.${process.pid}-${++runs}`;
  await writeFile(draft, code);
  await rename(draft, file);
  return file;
}
