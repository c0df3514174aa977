import { open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";

/**
 * Writes a file under a hidden name in its folder and renames it when it is complete, so that a reader sees the whole file
 * or none. Of several processes that write it at once, the last one counts. A draft is removed when writing fails; one that
 * a killed process left is removed by the next call.
 *
 * @param write is given the draft's path; its folder must exist
 * @returns what `write` returns
 */
export async function writeWhole<T>(file: string, write: (draft: string) => Promise<T>): Promise<T> {
  const [folder, name] = [path.dirname(file), path.basename(file)];
  await removeDrafts(folder, name);
  const draft = path.join(folder, `.${name}.${process.pid}-${++drafts}.tmp`);
  try {
    const result = await write(draft);
    await rename(draft, file);
    return result;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

let drafts = 0;

/** Removes the drafts of processes on this machine that have ended: of one file, or of all in the folder. */
export async function removeDrafts(folder: string, name?: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const found of names) {
    const [, of, pid] = /^\.(.+)\.(\d+)-\d+\.tmp$/.exec(found) ?? [];
    if (pid === undefined || (name !== undefined && of !== name) || isAlive(Number(pid))) continue;
    await rm(path.join(folder, found), { force: true });
  }
}

/** Syncs the folder, so that the file's name is on the disk too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
