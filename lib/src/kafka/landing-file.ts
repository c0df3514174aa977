import { link, mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { syncFolder } from "../landing/write-whole.js";

/** A file of messages that is not yet visible in the landing folder. */
export interface LandingFile {
  write(lines: string): Promise<void>;
  /**
   * Makes the file visible in the landing folder, complete and synced to the disk.
   *
   * @returns false when a file of this name exists already: then another process has landed these offsets
   */
  land(): Promise<boolean>;
  /** Deletes it. */
  discard(): Promise<void>;
}

/**
 * A file is named by its topic, its partition and the offset at which it continues the file before it, as Kafka names its
 * own segments. A name can be used only once, so two processes that read from the same offset cannot both land a file.
 */
export const fileName = (topic: string, partition: number, from: number): string =>
  `${topic}-${partition}-${String(from).padStart(20, "0")}.ndjson`;

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

/**
 * The offset up to which landed files continue `from` without a gap: another process may have landed more than bronze
 * holds.
 */
export async function reached(
  folder: string,
  topic: string,
  partition: number,
  from: number,
): Promise<number> {
  for (let next = from; ;) {
    const last = await lastOffset(path.join(folder, fileName(topic, partition, next)));
    if (last === undefined || last < next) return next;
    next = last + 1;
  }
}

/** The offset in a file's last line; undefined when there is no such file. */
async function lastOffset(file: string): Promise<number | undefined> {
  const found = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!found) return undefined;
  try {
    const { size } = await found.stat();
    for (let length = 64 << 10; ; length *= 4) {
      const tail = await readTail(found, size, length);
      const start = tail.lastIndexOf("\n", tail.length - 2) + 1;
      if (start === 0 && length < size) continue;
      const offset = /^\{"topic":"[^"]*","partition":\d+,"offset":(\d+),/.exec(tail.slice(start))?.[1];
      if (offset === undefined)
        throw new Error(
          `${file} ends with a line that is not a message: ShopMetrics did not write this file. Move it out of the folder.`,
        );
      return Number(offset);
    }
  } finally {
    await found.close();
  }
}

async function readTail(file: FileHandle, size: number, length: number): Promise<string> {
  const bytes = Buffer.alloc(Math.min(size, length));
  await file.read(bytes, 0, bytes.length, size - bytes.length);
  return bytes.toString("latin1");
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
