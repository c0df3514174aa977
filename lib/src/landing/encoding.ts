import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { InputError } from "../errors.js";

/** The error for a file that isn't UTF-8, with the line of its first bad byte and the command that converts it. */
export async function wrongEncoding(
  file: { name: string; path: string },
  offset: number,
): Promise<InputError> {
  const { line, byte, utf16 } = await look(file.path, offset);
  const from = utf16 ? "utf-16" : "latin1";
  return new InputError(
    `${file.name} is not UTF-8 but looks like ${utf16 ? "UTF-16" : "Latin-1"}: line ${line}, byte ${offset} ` +
      `(0x${byte.toString(16).padStart(2, "0")}). Nothing in it was loaded. Convert it outside the landing folder ` +
      `and replace it: iconv -f ${from} -t utf-8 '${file.name.split("/").at(-1)}' > converted.csv`,
  );
}

/** Whether a file starts like UTF-16: with its byte order mark, or with ASCII where every second byte is zero. */
export function looksLikeUtf16(bytes: Buffer): boolean {
  if (bytes.length < 2) return false;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return true;
  const head = bytes.subarray(0, 64);
  return head.length >= 8 && head.filter((byte) => byte === 0).length > head.length / 3;
}

/** The index of the first byte that isn't part of a UTF-8 character. The bytes must hold one. */
export function firstBadByte(bytes: Buffer): number {
  let good = 0;
  let size = bytes.length;
  // Finds the longest valid prefix by halving; a half may end inside a character, so it may be up to 3 bytes shorter.
  while (size > 8) {
    const half = size >> 1;
    const step = [0, 1, 2, 3]
      .map((less) => half - less)
      .find((length) => isUtf8(bytes.subarray(good, good + length)));
    if (step === undefined) size = half;
    else {
      good += step;
      size -= step;
    }
  }
  for (let step = size; step >= 0; step--) if (isUtf8(bytes.subarray(good, good + step))) return good + step;
  return good;
}

async function look(path: string, offset: number): Promise<{ line: number; byte: number; utf16: boolean }> {
  const handle = await open(path);
  try {
    const chunk = Buffer.allocUnsafe(1 << 20);
    let line = 1;
    let utf16 = false;
    for (let at = 0; ;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
      if (at === 0) utf16 = looksLikeUtf16(chunk.subarray(0, bytesRead));
      const upTo = Math.min(bytesRead, offset - at);
      for (let i = chunk.indexOf(10); i >= 0 && i < upTo; i = chunk.indexOf(10, i + 1)) line++;
      if (bytesRead === 0 || at + bytesRead > offset) return { line, byte: chunk[offset - at] ?? 0, utf16 };
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
