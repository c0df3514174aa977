/**
 * One CSV record at a time, over bytes. The dialect is RFC 4180 with comma and double quote; a record ends at LF, CRLF
 * or the end of the file; a CR that no LF follows is part of a value; a quote inside an unquoted value is itself.
 */
export const QUOTE = 34;
export const COMMA = 44;
export const LF = 10;
export const CR = 13;
const SPACE = 32;
const TAB = 9;

/** A quoted value longer than this is taken for a quote that was never closed; a line longer than this is refused. */
export const LONGEST_RECORD = 64 << 20;

/** How `readRecord` ended: the bytes at hand don't hold the end of the record, or they do, or a quote is misplaced. */
type Outcome = "more" | "record" | "broken";

/** What `readRecord` found. Reused from call to call: a million objects less per million records. */
interface Found {
  /** Where the record's content ends, line end excluded. */
  end: number;
  /** Where the next record starts. */
  next: number;
  fields: number;
  /** A CR outside quotes that no LF follows was seen. */
  loneCr: boolean;
  /** A space stands before a quote: DuckDB would strip both, we keep both. */
  spacedQuote: boolean;
}

export function emptyFound(): Found {
  return { end: 0, next: 0, fields: 0, loneCr: false, spacedQuote: false };
}

/**
 * Reads the record that starts at `start` of `bytes[0, limit)`; `last` says that the file ends at `limit`. `found` is
 * filled on "record"; on "broken" only its `end` says how far the reading came.
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
    if (at < limit && bytes[at] === QUOTE) {
      const close = closingQuote(bytes, at + 1, limit, last);
      if (close < 0) {
        if (last || limit - start > LONGEST_RECORD) return "broken";
        return "more";
      }
      at = close + 1;
      if (!last && at + 1 >= limit) return "more";
      const after = at < limit ? bytes[at] : LF;
      if (after !== COMMA && after !== LF && !(after === CR && (at + 1 >= limit || bytes[at + 1] === LF)))
        return "broken";
    }
    for (; at < limit; at++) {
      const byte = bytes[at] as number;
      if (byte > COMMA) continue;
      if (byte === COMMA || byte === LF) break;
      if (byte === CR) {
        if (at + 1 >= limit && !last) return "more";
        if (at + 1 < limit && bytes[at + 1] !== LF) found.loneCr = true;
      } else if (byte === QUOTE && at > start) {
        const before = bytes[at - 1];
        if (before === SPACE || before === TAB) found.spacedQuote = true;
      }
    }
    if (at >= limit) {
      if (!last) return "more";
      return ended(bytes, start, limit, limit, fields, found);
    }
    if (bytes[at] === LF) return ended(bytes, start, at, at + 1, fields, found);
    fields++;
    at++;
  }
}

/** The values of a record: an empty unquoted value is null, an empty quoted one is the empty string. */
export function splitRecord(bytes: Buffer, start: number, end: number): (string | null)[] {
  const values: (string | null)[] = [];
  let at = start;
  for (;;) {
    if (at < end && bytes[at] === QUOTE) {
      const close = closingQuote(bytes, at + 1, end, true);
      values.push(bytes.toString("utf8", at + 1, close).replaceAll('""', '"'));
      at = close + 1;
    } else {
      let stop = at;
      while (stop < end && bytes[stop] !== COMMA) stop++;
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
  found.end = end > start && bytes[end - 1] === CR ? end - 1 : end;
  found.next = next;
  found.fields = fields;
  return "record";
}

/** The quote that closes a value whose content starts at `at`, or -1 when `bytes[at, limit)` doesn't hold it. */
function closingQuote(bytes: Buffer, at: number, limit: number, last: boolean): number {
  for (let from = at; ; from += 2) {
    from = nextQuote(bytes, from, limit);
    if (from < 0 || (from + 1 >= limit && !last)) return -1;
    if (from + 1 >= limit || bytes[from + 1] !== QUOTE) return from;
  }
}

/** Most values are short, and a loop finds their end sooner than a call into native code; long ones are left to it. */
function nextQuote(bytes: Buffer, from: number, limit: number): number {
  const near = Math.min(from + 128, limit);
  for (let at = from; at < near; at++) if (bytes[at] === QUOTE) return at;
  const far = near < limit ? bytes.indexOf(QUOTE, near) : -1;
  return far < limit ? far : -1;
}
