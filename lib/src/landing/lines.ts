import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { firstBadByte, looksLikeUtf16, wrongEncoding } from "./encoding.js";

const lineFeed = 10;
const carriageReturn = 13;

/** Bytes read at a time. The window grows for a longer line. */
const windowSize = 1 << 20;

/** Of a line longer than this, only the beginning and the size are kept. */
const longestLine = 64 << 20;
const keptOfLongLine = 1000;

/** What a pass over a file of lines found. Blank lines do not count. */
interface Lines {
  readonly bytes: number;
  readonly lines: number;
}

/**
 * Reads a file line by line. A line ends at LF or at the end of the file; a CR before the LF is not part of it. A byte order
 * mark at the start is skipped, and so are empty lines.
 *
 * @param onLine is given each line; the bytes are only valid during the call. Instead of a line longer than 64 MiB it is given
 * a JSON object with its size (`line_bytes`) and its first characters (`line_start`), so that one line cannot block a file
 * @param betweenChunks is called between chunks: the place to write out what `onLine` has gathered
 * @throws InputError when the file isn't UTF-8
 */
export async function readLines(
  file: { name: string; path: string },
  onLine: (bytes: Buffer, start: number, end: number) => void,
  betweenChunks: () => Promise<void>,
): Promise<Lines> {
  const handle = await open(file.path);
  let window = Buffer.allocUnsafe(windowSize);
  let offset = 0; // of window[0] in the file
  let filled = 0;
  let lines = 0;
  let long: { readonly start: string; bytes: number } | undefined; // the line that is read now, if it is too long
  const emit = (start: number, end: number) => {
    const stop = end > start && window[end - 1] === carriageReturn ? end - 1 : end;
    if (long || stop - start > longestLine) {
      const size = (long?.bytes ?? 0) + stop - start;
      const shown = long?.start ?? beginning(window.subarray(start, stop));
      const instead = Buffer.from(JSON.stringify({ line_bytes: size, line_start: shown }));
      long = undefined;
      lines++;
      onLine(instead, 0, instead.length);
    } else if (stop > start) {
      lines++;
      onLine(window, start, stop);
    }
  };
  try {
    for (;;) {
      const { bytesRead } = await handle.read(window, filled, window.length - filled, offset + filled);
      const last = bytesRead === 0;
      const searched = filled;
      filled += bytesRead;
      if (offset === 0 && searched === 0 && looksLikeUtf16(window.subarray(0, filled)))
        throw await wrongEncoding(file, 0);
      const whole = last ? filled : lastLineEnd(window, searched, filled);
      await assertUtf8(file, window, whole, offset);
      let at = offset === 0 && window.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
      for (let from = Math.max(at, searched); at < whole; from = at) {
        const found = window.subarray(0, whole).indexOf(lineFeed, from);
        const end = found < 0 ? whole : found;
        emit(at, end);
        at = end + 1;
      }
      if (last && long) emit(whole, whole);
      if (last) return { bytes: offset + filled, lines };
      window.copyWithin(0, whole, filled);
      offset += whole;
      filled -= whole;
      if (filled > longestLine || long) {
        // Whole characters leave the window, so that the rest can be checked for UTF-8.
        const left = wholeCharacters(window, filled);
        await assertUtf8(file, window, left, offset);
        long = {
          start: long?.start ?? beginning(window.subarray(0, left)),
          bytes: (long?.bytes ?? 0) + left,
        };
        window.copyWithin(0, left, filled);
        offset += left;
        filled -= left;
      }
      if (filled > window.length / 2) window = larger(window, filled);
      await betweenChunks();
    }
  } finally {
    await handle.close();
  }
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Where the last complete line in bytes[0, to) ends; the part searched before has no line end. */
function lastLineEnd(bytes: Buffer, searched: number, to: number): number {
  const found = to > 0 ? bytes.lastIndexOf(lineFeed, to - 1) : -1;
  return found < searched ? 0 : found + 1;
}

async function assertUtf8(
  file: { name: string; path: string },
  window: Buffer,
  to: number,
  offset: number,
): Promise<void> {
  const bytes = window.subarray(0, to);
  if (!isUtf8(bytes)) throw await wrongEncoding(file, offset + firstBadByte(bytes));
}

function larger(window: Buffer, filled: number): Buffer<ArrayBuffer> {
  const twice = Buffer.allocUnsafe(window.length * 2);
  window.copy(twice, 0, 0, filled);
  return twice;
}

const beginning = (bytes: Buffer) => bytes.toString("utf8", 0, 4 * keptOfLongLine).slice(0, keptOfLongLine);

/** How many bytes of bytes[0, to) are whole characters, if they are UTF-8. */
function wholeCharacters(bytes: Buffer, to: number): number {
  for (let cut = to; cut > Math.max(0, to - 4); cut--) {
    const byte = bytes[cut - 1]!;
    if (byte < 0x80) return to;
    if (byte >= 0xc0) return cut - 1;
  }
  return to;
}
