import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { InputError } from "../errors.js";
import { assertUnchanged, isCompressed, type LandedFile } from "./landing.js";

/**
 * Gives `work` the file with its plain content: a compressed one is decompressed into a temporary file, which is called as the
 * landed file is and removed afterwards.
 *
 * @throws InputError when a file's compression is damaged, or the file is changed meanwhile
 */
export async function withPlainContent<T>(
  file: LandedFile,
  work: (plain: LandedFile) => Promise<T>,
): Promise<T> {
  if (!isCompressed(file)) return work(file);
  const folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-gunzip-"));
  try {
    const plain = path.join(folder, path.basename(file.name).replace(/\.gz$/i, ""));
    await pipeline(createReadStream(file.path), createGunzip(), createWriteStream(plain)).catch(
      (error: NodeJS.ErrnoException) => {
        if (!error.code?.startsWith("Z_")) throw error;
        throw new InputError(
          `${file.name} is no whole gzip file (${error.message}). Nothing in it was loaded. Compress it again and replace it.`,
          { cause: error },
        );
      },
    );
    const { size, mtime } = await stat(plain);
    const result = await work({ name: file.name, path: plain, size, modifiedAt: mtime });
    await assertUnchanged(file, "while it was loaded");
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
