import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * A folder for generated files, `node_modules/.cache/shopmetrics/<name>` of the project. Code in it finds the package
 * `shopmetrics` as this package does. It may not exist yet.
 */
export function cacheFolder(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths("shopmetrics") ?? [];
  const modules = folders.find((folder) => existsSync(join(folder, "shopmetrics")));
  if (modules === undefined)
    throw new Error('The package "shopmetrics" is not installed: run `npm ci` first.');
  return join(modules, ".cache", "shopmetrics", name);
}

/** Writes a file that appears whole or not at all, with the folder it is in. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, file);
}
