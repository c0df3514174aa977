import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
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
 * @throws InputError when a file's compression is damaged or its name does not tell of it, or the file is changed meanwhile
 */
export async function withPlainContent<T>(
  file: LandedFile,
  work: (plain: LandedFile) => Promise<T>,
): Promise<T> {
  if (!isCompressed(file)) {
    const firstBytes = await head(file.path, 4);
    const packed = packings.find(({ magic }) => firstBytes.subarray(0, magic.length).equals(magic));
    if (packed)
      throw new InputError(
        `${file.name} is ${packed.is}. Nothing in it was loaded. ${packed.todo(file.name)}`,
      );
    return work(file);
  }
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

/** Files whose content is packed although their name does not say so, by their first bytes. */
const packings = [
  {
    magic: Buffer.from([0x1f, 0x8b]),
    is: "compressed by gzip, and its name does not say so",
    todo: (name: string) => `Rename it to ${path.basename(name)}.gz, and it is loaded.`,
  },
  {
    magic: Buffer.from([0x50, 0x4b, 0x03, 0x04]),
    is: "a ZIP archive or an Excel workbook",
    todo: () => "Replace it by the file in the archive, or export the workbook as CSV in UTF-8.",
  },
];

async function head(file: string, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
