import path from "node:path";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * Remembers the answers of a slow, pure function of a text in a file of the cache folder, under the hash of the text.
 * Answers not asked for again are forgotten at the next save.
 *
 * @param madeBy files that make the answer: when one of them changes, nothing is remembered
 */
export async function remember(
  name: string,
  answer: (text: string) => Promise<string>,
  madeBy: readonly string[],
) {
  const maker = createHash("sha256");
  for (const path of madeBy) maker.update(await readFile(path));
  const version = maker.digest();
  const file = path.join(cacheFolder("memory"), `${name}.json`);
  const known = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as Record<string, string>,
    () => ({}) as Record<string, string>,
  );
  const used: Record<string, string> = {};
  return {
    async ask(text: string): Promise<string> {
      const key = createHash("sha256").update(version).update(text).digest("hex").slice(0, 24);
      return (used[key] ??= known[key] ?? (await answer(text)));
    },
    async save(): Promise<void> {
      await writeWhole(file, JSON.stringify(used));
    },
  };
}

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
