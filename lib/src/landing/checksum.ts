import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Worker } from "node:worker_threads";

/** Below this a worker's start (about 15 ms) costs more than hashing here. */
const WORTH_A_WORKER = 8 << 20;
const CHUNK = 1 << 20;

/**
 * The sha256 of a file's content, as hex. Files from 8 MiB on are hashed on a thread of their own, so that it runs
 * beside a load; where the compiled worker isn't at hand (a step bundled into one file), all are hashed here in chunks.
 */
export async function checksum(path: string): Promise<string> {
  const worker = new URL("./checksum-worker.js", import.meta.url);
  const { size } = await stat(path);
  return size >= WORTH_A_WORKER && existsSync(worker) ? await inWorker(worker, path) : await hashFile(path);
}

/** The same on the calling thread, in chunks of 1 MiB. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function inWorker(script: URL, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { workerData: path });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) =>
      reject(new Error(`The thread that hashes ${path} ended with code ${code}`)),
    );
  });
}
