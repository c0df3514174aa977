import { SourceMap, type SourceMapPayload } from "node:module";
import { isAbsolute, relative } from "node:path";
import type { SourceMapJson } from "./module.js";

/** A place in a code cell; line and column count from 1, as in a stack trace. */
interface Location {
  readonly path: string;
  readonly cell: number;
  readonly line: number;
  readonly column: number;
}

/**
 * The cell and line of a place in compiled code.
 *
 * @param line from 1, as in a stack trace
 * @param column from 1
 * @returns undefined for code that is not from a notebook, such as a helper file that it imports
 */
export function locate(map: SourceMapJson, line: number, column: number): Location | undefined {
  const entry = parsed(map).findEntry(line - 1, column - 1);
  if (!("originalSource" in entry)) return undefined;
  const cell = cellOf(entry.originalSource);
  return cell && { ...cell, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

/**
 * The first frame of a stack trace that is inside a notebook: the statement that made the call or failed. Works for modules
 * loaded by `importModule`, without `--enable-source-maps`, and for stack traces that Node or vitest has already mapped.
 *
 * @returns undefined if no frame is in a notebook
 */
export function locateStack(stack: string | Error): Location | undefined {
  for (const frame of (typeof stack === "string" ? stack : (stack.stack ?? "")).split("\n")) {
    const location = compiledFrame(frame) ?? mappedFrame(frame);
    if (location) return location;
  }
  return undefined;
}

/** Registers the source map of the module at a file URL, for `locateStack`. */
export function registerMap(url: string, map: SourceMapJson): void {
  maps.set(url, map);
}

const maps = new Map<string, SourceMapJson>();
const cache = new WeakMap<SourceMapJson, SourceMap>();

function parsed(map: SourceMapJson): SourceMap {
  let sourceMap = cache.get(map);
  if (!sourceMap) cache.set(map, (sourceMap = new SourceMap(map as unknown as SourceMapPayload)));
  return sourceMap;
}

/** `at file:///…/silver_orders_clean-1f3a.mjs?run=1:12:7`; the first line of a link error has no column. */
function compiledFrame(frame: string): Location | undefined {
  const [, url = "", line, column] =
    /(file:\/\/[^\s?]+\.mjs)(?:\?[^\s:]*)?:(\d+)(?::(\d+))?/.exec(frame) ?? [];
  const map = maps.get(url);
  return map && locate(map, Number(line), Number(column ?? 1));
}

/** `at notebooks/silver/orders_clean.ipynb cell 4:12:7`, also as an absolute path or as a URL. */
function mappedFrame(frame: string): Location | undefined {
  const [, name, line, column] =
    /^\s+at (?:.*\()?(.*\.ipynb(?: |%20)cell(?: |%20)\d+):(\d+):(\d+)\)?$/.exec(frame) ?? [];
  if (name === undefined) return undefined;
  const source = name
    .replace(/^async /, "")
    .replace(/^file:\/\//, "")
    .replaceAll("%20", " ");
  const cell = cellOf(isAbsolute(source) ? relative(process.cwd(), source) : source);
  return cell && { ...cell, line: Number(line), column: Number(column) };
}

/** The reverse of `cellSource`. */
function cellOf(source: string): { path: string; cell: number } | undefined {
  const [, path, cell] = /^(.*\.ipynb) cell (\d+)$/.exec(source) ?? [];
  return path === undefined ? undefined : { path, cell: Number(cell) };
}
