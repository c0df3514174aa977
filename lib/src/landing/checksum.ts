import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Worker } from "node:worker_threads";

/** For smaller files, starting a worker (about 15 ms) takes longer than hashing here. */
const worthAWorker = 8 << 20;
const chunkSize = 1 << 20;

/**
 * The sha256 of a file's content, as hex. Files of 8 MiB and more are hashed on their own thread, at the same time as the
 * load. Where there is no compiled worker (in a step bundled into one file), all files are hashed here in chunks.
 */
export async function checksum(path: string): Promise<string> {
  const worker = new URL("./checksum-worker.js", import.meta.url);
  const { size } = await stat(path);
  return size >= worthAWorker && existsSync(worker) ? await inWorker(worker, path) : await hashFile(path);
}

/** The same on the calling thread, in chunks of 1 MiB. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path);
  try {
    const chunk = Buffer.allocUnsafe(chunkSize);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunkSize);
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
