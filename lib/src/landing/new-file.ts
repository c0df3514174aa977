import { link, mkdir, open, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { syncFolder } from "./write-whole.js";

/** A file that is not yet visible in the landing folder. */
export interface LandingFile {
  write(lines: string): Promise<void>;
  /**
   * Makes the file visible in the landing folder, complete and synced to the disk.
   *
   * @returns false when a file of this name exists already: then another process has landed it
   */
  land(): Promise<boolean>;
  /** Deletes it. */
  discard(): Promise<void>;
}

/** Starts a file under a name that loading ignores. The folder must exist. */
export async function beginFile(folder: string, name: string): Promise<LandingFile> {
  const draft = path.join(folder, `.${name}.${process.pid}-${++drafts}.tmp`);
  const target = path.join(folder, name);
  const file = await open(draft, "w");
  return {
    write: async (lines) => void (await file.writeFile(lines)),
    async land() {
      await file.sync();
      await file.close();
      const landed = await appear(draft, target);
      await rm(draft, { force: true });
      await syncFolder(folder);
      return landed;
    },
    async discard() {
      await file.close();
      await rm(draft, { force: true });
    },
  };
}

let drafts = 0;

/** Writes a small file that appears only when it is complete. An existing file of this name is kept. */
export async function landWhole(folder: string, name: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = await beginFile(folder, name);
  await file.write(content);
  await file.land();
}

/** By a hard link, which fails if the name exists. A folder without hard links is used by one process at a time. */
async function appear(draft: string, target: string): Promise<boolean> {
  try {
    await link(draft, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
    if (await stat(target).catch(() => undefined)) return false;
    await rename(draft, target);
    return true;
  }
}
