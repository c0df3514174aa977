import { readFile } from "node:fs/promises";
import path from "node:path";

/** What the shop asked for: the one line of each id, by id, in the order of `docs/requirements.md`. */
export async function readRequirements(root: string): Promise<Map<string, string>> {
  const text = await readFile(path.join(root, requirementsFile), "utf8");
  return new Map(
    [...text.matchAll(/^\| ((?:N?FR|AC)-\d{3})\s*\| (.+?)\s*\|$/gm)].map(([, id, asked]) => [id!, asked!]),
  );
}

export const requirementsFile = "docs/requirements.md";

/** The ids that a text quotes, each once. */
export const idsIn = (text: string): Set<string> => new Set(text.match(/\b(?:N?FR|AC)-\d{3}\b/g) ?? []);
