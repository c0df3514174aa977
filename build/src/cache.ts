import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { cacheFolder, writeWhole } from "./cache-folder.js";

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
