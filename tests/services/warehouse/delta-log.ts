import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";

interface Commit {
  readonly operation?: string;
  readonly operationMetrics?: { readonly numOutputRows?: string };
  readonly userMetadata?: string;
}

/** How many commits the table in `folder` has. */
export const version = async (folder: string): Promise<number> => (await logFiles(folder)).length;

/** Which is the newest commit of the table in `folder`, and when it was written: another text for another state of the table. */
export async function newest(folder: string): Promise<string | undefined> {
  const last = (await logFiles(folder)).at(-1);
  return last && `${last} ${(await stat(last)).mtimeMs}`;
}

/** Rows that the newest commit of the table in `folder` wrote. */
export async function lastWrite(folder: string): Promise<bigint> {
  const commits = await logFiles(folder);
  const last = commits.at(-1);
  return last ? BigInt((await commitOf(last)).operationMetrics?.numOutputRows ?? 0) : 0n;
}

/** What the commits of a table say of themselves, oldest first. */
export async function userMetadata(folder: string): Promise<string[]> {
  const commits = await Promise.all((await logFiles(folder)).map(commitOf));
  return commits.flatMap(({ userMetadata }) => userMetadata ?? []);
}

async function logFiles(folder: string): Promise<string[]> {
  const log = path.join(folder, "_delta_log");
  const names = await readdir(log).catch(() => []);
  return names
    .filter((name) => /^\d+\.json$/.test(name))
    .toSorted()
    .map((name) => path.join(log, name));
}

async function commitOf(file: string): Promise<Commit> {
  for (const line of (await readFile(file, "utf8")).split("\n")) {
    const action = line ? (JSON.parse(line) as { commitInfo?: Commit }) : {};
    if (action.commitInfo) return action.commitInfo;
  }
  return {};
}
