import { open, type FileHandle } from "node:fs/promises";
import path from "node:path";

/** Where files land, below the landing folder: those of the messages, and those that say where the reading of a partition starts. */
export interface LandingFolders {
  readonly messages: string;
  readonly starts: string;
}

export const clickstreamFolders: LandingFolders = { messages: "clickstream", starts: "topic_starts" };

/**
 * A file is named by its topic, its partition and the offset at which it continues the file before it, as Kafka names its
 * own segments. A name can be used only once, so two processes that read from the same offset cannot both land a file.
 */
export const fileName = (topic: string, partition: number, from: number): string =>
  `${topic}-${partition}-${String(from).padStart(20, "0")}.ndjson`;

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
