/**
 * One CSV record at a time, over bytes. The dialect is RFC 4180 with comma and double quote; a record ends at LF, CRLF
 * or the end of the file; a CR that no LF follows is part of a value; a quote inside an unquoted value is itself.
 */
export const doubleQuote = 34;
export const comma = 44;
export const lineFeed = 10;
export const carriageReturn = 13;
const space = 32;
const tab = 9;

/** A longer quoted value counts as a quote that was never closed; a longer line is refused. */
export const longestRecord = 64 << 20;

/** How `readRecord` ended: it needs more bytes, it read a whole record, or it found a misplaced quote. */
type Outcome = "more" | "record" | "broken";

/** What `readRecord` found. One object is used for all calls, which saves an object per record. */
interface Found {
  /** Where the record's content ends, line end excluded. */
  end: number;
  /** Where the next record starts. */
  next: number;
  fields: number;
  /** Whether there was a CR outside quotes without an LF after it. */
  loneCr: boolean;
  /** Whether a space comes before a quote: DuckDB would remove both, we keep both. */
  spacedQuote: boolean;
}

export function emptyFound(): Found {
  return { end: 0, next: 0, fields: 0, loneCr: false, spacedQuote: false };
}

/**
 * Reads the record that starts at `start` of `bytes[0, limit)`; `last` says that the file ends at `limit`. `found` is
 * filled on "record"; on "broken" only its `end` is set: how far reading got.
 */
export function readRecord(
  bytes: Buffer,
  start: number,
  limit: number,
  last: boolean,
  found: Found,
): Outcome {
  let at = start;
  let fields = 1;
  found.loneCr = false;
  found.spacedQuote = false;
  for (;;) {
    if (at < limit && bytes[at] === doubleQuote) {
      const close = closingQuote(bytes, at + 1, limit, last);
      if (close < 0) {
        if (last || limit - start > longestRecord) return "broken";
        return "more";
      }
      at = close + 1;
      if (!last && at + 1 >= limit) return "more";
      const after = at < limit ? bytes[at] : lineFeed;
      if (
        after !== comma &&
        after !== lineFeed &&
        !(after === carriageReturn && (at + 1 >= limit || bytes[at + 1] === lineFeed))
      )
        return "broken";
    }
    for (; at < limit; at++) {
      const byte = bytes[at] as number;
      if (byte > comma) continue;
      if (byte === comma || byte === lineFeed) break;
      if (byte === carriageReturn) {
        if (at + 1 >= limit && !last) return "more";
        if (at + 1 < limit && bytes[at + 1] !== lineFeed) found.loneCr = true;
      } else if (byte === doubleQuote && at > start) {
        const before = bytes[at - 1];
        if (before === space || before === tab) found.spacedQuote = true;
      }
    }
    if (at >= limit) {
      if (!last) return "more";
      return ended(bytes, start, limit, limit, fields, found);
    }
    if (bytes[at] === lineFeed) return ended(bytes, start, at, at + 1, fields, found);
    fields++;
    at++;
  }
}

/** The values of a record: an empty unquoted value is null, an empty quoted one is the empty string. */
export function splitRecord(bytes: Buffer, start: number, end: number): (string | null)[] {
  const values: (string | null)[] = [];
  let at = start;
  for (;;) {
    if (at < end && bytes[at] === doubleQuote) {
      const close = closingQuote(bytes, at + 1, end, true);
      values.push(bytes.toString("utf8", at + 1, close).replaceAll('""', '"'));
      at = close + 1;
    } else {
      let stop = at;
      while (stop < end && bytes[stop] !== comma) stop++;
      values.push(stop === at ? null : bytes.toString("utf8", at, stop));
      at = stop;
    }
    if (at >= end) return values;
    at++;
  }
}

function ended(
  bytes: Buffer,
  start: number,
  end: number,
  next: number,
  fields: number,
  found: Found,
): Outcome {
  found.end = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
  found.next = next;
  found.fields = fields;
  return "record";
}

/** The quote that closes a value whose content starts at `at`, or -1 when `bytes[at, limit)` doesn't hold it. */
function closingQuote(bytes: Buffer, at: number, limit: number, last: boolean): number {
  for (let from = at; ; from += 2) {
    from = nextQuote(bytes, from, limit);
    if (from < 0 || (from + 1 >= limit && !last)) return -1;
    if (from + 1 >= limit || bytes[from + 1] !== doubleQuote) return from;
  }
}

/** Most values are short: a loop finds their end faster than native code does, which is used for long ones. */
function nextQuote(bytes: Buffer, from: number, limit: number): number {
  const near = Math.min(from + 128, limit);
  for (let at = from; at < near; at++) if (bytes[at] === doubleQuote) return at;
  const far = near < limit ? bytes.indexOf(doubleQuote, near) : -1;
  return far < limit ? far : -1;
}
