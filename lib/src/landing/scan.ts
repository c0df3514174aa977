import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { InputError } from "../errors.js";
import { firstBadByte, wrongEncoding } from "./encoding.js";
import {
  comma,
  carriageReturn,
  emptyFound,
  lineFeed,
  longestRecord,
  doubleQuote,
  readRecord,
} from "./csv-record.js";

/** Bytes read at a time: small enough to stay in the processor's cache. The window grows for a longer record. */
const windowSize = 256 << 10;

/** A record that can't be split into the columns: its position in the file (from 1, header not counted) and its bytes. */
export interface BadRecord {
  readonly row: number;
  readonly start: number;
  readonly end: number;
}

/** What a pass over a CSV file found. Blank lines are not records. Sizes and offsets are in bytes. */
export interface Scan {
  readonly bytes: number;
  readonly records: number;
  readonly bad: readonly BadRecord[];
  readonly longest: number;
  /** Records with broken quotes: each ends at the end of its first line, so that the next record is read. */
  readonly brokenQuotes: number;
  /** What ends the records: "\n" or "\r\n", "" when there is only one record, or "mixed". */
  readonly lineEnd: string;
  /** Whether no value has a CR outside quotes or a space before a quote, which other CSV readers read differently. */
  readonly plain: boolean;
}

/** Called for each record, good or bad, in file order. The bytes are only valid during the call. */
type OnRecord = (bytes: Buffer, start: number, end: number, row: number, good: boolean) => void;

/** Called between chunks: the place to write out what `OnRecord` has gathered. */
type BetweenChunks = () => Promise<void>;

/**
 * Reads a CSV file's records from byte `from` on (where the header ends) and tells whether each splits into `fields`
 * values. Every load is compared with this count, and files that DuckDB cannot read safely are loaded by it.
 *
 * @throws InputError when the file isn't UTF-8 or a line is longer than 64 MiB, naming the place.
 */
export async function scanRecords(
  file: { name: string; path: string },
  from: number,
  fields: number,
  onRecord?: OnRecord,
  betweenChunks?: BetweenChunks,
): Promise<Scan> {
  const bad: BadRecord[] = [];
  const scan: { -readonly [Key in keyof Scan]: Scan[Key] } = {
    bytes: from,
    records: 0,
    bad,
    longest: 0,
    brokenQuotes: 0,
    lineEnd: "",
    plain: true,
  };
  const handle = await open(file.path);
  const found = emptyFound();
  let window = Buffer.allocUnsafe(windowSize);
  let offset = from; // of window[0] in the file
  let at = 0; // where the next record starts in the window
  let filled = 0;
  let valid = 0; // window[0, valid) is known to be UTF-8
  let crlf = 0;
  let lf = 0;
  let quote = -1; // where the next one is in the window
  let cr = -1;
  let last = false;
  const simple: Simple = { row: 0, longest: 0, lines: 0, everyRecord: onRecord !== undefined };
  try {
    while (!last) {
      if (at > 0) {
        window.copyWithin(0, at, filled);
        offset += at;
        filled -= at;
        valid -= at;
        at = 0;
      }
      if (filled > window.length / 2) {
        const larger = Buffer.allocUnsafe(window.length * 2);
        window.copy(larger, 0, 0, filled);
        window = larger;
      }
      const { bytesRead } = await handle.read(window, filled, window.length - filled, offset + filled);
      last = bytesRead === 0;
      filled += bytesRead;
      scan.bytes += bytesRead;
      const upTo = last ? filled : wholeCharacters(window, valid, filled);
      if (!isUtf8(window.subarray(Math.max(valid, 0), upTo)))
        throw await wrongEncoding(file, offset + valid + firstBadByte(window.subarray(valid, upTo)));
      valid = upTo;
      at = readWindow();
      if (filled - at > longestRecord && !window.subarray(at, filled).includes(lineFeed)) throw tooLong();
      await betweenChunks?.();
    }
  } finally {
    await handle.close();
  }
  if (crlf + lf > 0) scan.lineEnd = lf === 0 ? "\r\n" : crlf === 0 ? "\n" : "mixed";
  return scan;

  function readWindow(): number {
    let start = 0;
    quote = cr = -1;
    while (start < filled) {
      simple.row = scan.records;
      simple.longest = scan.longest;
      start = simpleRecords(window, start, nextSpecial(start), fields, simple, report);
      scan.records = simple.row;
      scan.longest = simple.longest;
      lf += simple.lines;
      const outcome = readRecord(window, start, filled, last, found);
      if (outcome === "more") break;
      if (outcome === "broken") {
        const lineEnd = window.subarray(0, filled).indexOf(lineFeed, start);
        if (lineEnd < 0 && !last) break;
        found.next = lineEnd < 0 ? filled : lineEnd + 1;
        found.end =
          lineEnd < 0
            ? filled
            : lineEnd > start && window[lineEnd - 1] === carriageReturn
              ? lineEnd - 1
              : lineEnd;
        scan.brokenQuotes++;
      }
      const { end, next } = found;
      if (end > start) {
        record(start, end, outcome === "record" && found.fields === fields);
        if (found.loneCr || found.spacedQuote) scan.plain = false;
      }
      if (next - end === 2) crlf++;
      else if (next - end === 1 && window[end] === lineFeed) lf++;
      else if (next > end) scan.plain = false;
      start = next;
    }
    return start;
  }

  /** Where the next quote or CR is; searched again only after the last one found. */
  function nextSpecial(start: number): number {
    if (quote < start) quote = position(window.indexOf(doubleQuote, start));
    if (cr < start) cr = position(window.indexOf(carriageReturn, start));
    return Math.min(quote, cr);
  }

  function position(found: number): number {
    return found < 0 || found > filled ? filled : found;
  }

  function record(start: number, end: number, good: boolean): void {
    if (end - start > scan.longest) scan.longest = end - start;
    report(start, end, ++scan.records, good);
  }

  function report(start: number, end: number, row: number, good: boolean): void {
    if (!good) bad.push({ row, start: offset + start, end: offset + end });
    onRecord?.(window, start, end, row, good);
  }

  function tooLong(): InputError {
    return new InputError(
      `${file.name}: the record after record ${scan.records} (byte ${offset + at}) is a line longer than ` +
        `${longestRecord / (1 << 20)} MiB. Is this a CSV file? If so, shorten the value and land it again.`,
    );
  }
}

interface Simple {
  /** The position of the last record read. */
  row: number;
  longest: number;
  /** Line ends read by the last call. */
  lines: number;
  /** Whether good records are reported too, not only bad ones. */
  everyRecord: boolean;
}

/**
 * Reads the records from `start` on that have neither quote nor CR, as most records, and returns where it stopped. It is
 * separate from `readRecord` and has no branch per byte because it runs over every byte of every file: about 1 ns each.
 */
function simpleRecords(
  bytes: Buffer,
  start: number,
  limit: number,
  fields: number,
  simple: Simple,
  report: (start: number, end: number, row: number, good: boolean) => void,
): number {
  let { row, longest } = simple;
  let lines = 0;
  const table = commas;
  const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
  for (;;) {
    const end = bytes.indexOf(lineFeed, start);
    if (end < 0 || end >= limit) break;
    const length = end - start;
    if (length > 0) {
      row++;
      if (length > longest) longest = length;
      let count = start & 1 ? table[bytes[start]!]! : 0;
      for (let pair = (start + 1) >> 1; pair < end >> 1; pair++) count += table[pairs[pair]!]!;
      if (end & 1) count += table[bytes[end - 1]!]!;
      if (count + 1 !== fields || simple.everyRecord) report(start, end, row, count + 1 === fields);
    }
    lines++;
    start = end + 1;
  }
  simple.row = row;
  simple.longest = longest;
  simple.lines = lines;
  return start;
}

/** How many commas a byte, or a pair of bytes, holds. */
const commas = Uint8Array.from(
  { length: 1 << 16 },
  (_, pair) => Number((pair & 255) === comma) + Number(pair >> 8 === comma),
);

/** Where the last complete character in bytes[from, to) ends, so that a chunk doesn't cut a character in two. */
function wholeCharacters(bytes: Buffer, from: number, to: number): number {
  for (let back = 1; back <= 3 && to - back >= from; back++) {
    const byte = bytes[to - back] as number;
    if (byte < 0x80) return to;
    if (byte >= 0xc0) return to - back;
  }
  return to;
}
