import { rename } from "node:fs/promises";
import path from "node:path";

/**
 * Writes a file under a hidden name in its folder and renames it when it is complete, so that a reader sees the whole file
 * or none. A draft that a killed process left is overwritten by the next call.
 *
 * @param write is given the draft's path; its folder must exist
 * @returns what `write` returns
 */
export async function writeWhole<T>(file: string, write: (draft: string) => Promise<T>): Promise<T> {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.tmp`);
  const result = await write(draft);
  await rename(draft, file);
  return result;
}
