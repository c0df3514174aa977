import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { InputError } from "../errors.js";
import { firstBadByte, looksLikeUtf16, wrongEncoding } from "./encoding.js";
import { carriageReturn, emptyFound, lineFeed, readRecord, splitRecord } from "./csv-record.js";

const headerLimit = 1 << 20;

/** A CSV file's header: the names as written (trimmed), and the byte where the first record starts. */
export interface Header {
  readonly names: readonly string[];
  readonly from: number;
  /** "\n" or "\r\n", "" when the file ends there, "mixed" when there are blank lines before the header. */
  readonly lineEnd: string;
}

/**
 * How a file's columns map to a table's: `positions[i]` is the position of the table's column i in the file; `extra` are
 * the columns that the table doesn't have.
 */
export interface ColumnMap {
  readonly positions: readonly number[];
  readonly extra: readonly { readonly name: string; readonly position: number }[];
}

/**
 * Reads the header of a CSV file: its first line that isn't blank, after a byte order mark if there is one. Undefined
 * for an empty file.
 *
 * @throws InputError when the file isn't UTF-8 or its first line has no end within 1 MiB.
 */
export async function readHeader(file: { name: string; path: string }): Promise<Header | undefined> {
  const { bytes, last } = await firstBytes(file.path);
  if (looksLikeUtf16(bytes)) throw await wrongEncoding(file, 0);
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (
    start < bytes.length &&
    (bytes[start] === lineFeed || (bytes[start] === carriageReturn && bytes[start + 1] === lineFeed))
  )
    start++;
  if (start >= bytes.length) return undefined;
  const found = emptyFound();
  const outcome = readRecord(bytes, start, bytes.length, last, found);
  const line = bytes.subarray(start, outcome === "record" ? found.end : start + 4096);
  if (!isUtf8(line) && outcome === "record") throw await wrongEncoding(file, start + firstBadByte(line));
  if (outcome !== "record")
    throw new InputError(
      `${file.name}: the header line ${outcome === "broken" ? "has a misplaced quote" : "has no end within 1 MiB"}. ` +
        `It starts with: ${excerpt(line)}. Is this a CSV file?`,
    );
  if (found.loneCr)
    throw new InputError(
      `${file.name}: its lines end with only a carriage return (old Mac). Nothing in the file was loaded. Convert ` +
        `it and replace it: tr '\\r' '\\n'`,
    );
  const lineEnd = bytes.toString("latin1", found.end, found.next);
  return {
    names: splitRecord(bytes, start, found.end).map((name) => (name ?? "").trim()),
    from: found.next,
    lineEnd: start > 3 || bytes[start - 1] === lineFeed ? "mixed" : lineEnd,
  };
}

/**
 * Finds the table's columns in a file's header by name, in any order, in upper or lower case.
 *
 * @throws InputError for a wrong separator, a missing column or a repeated one, with the header and the next step.
 */
export function matchColumns(
  file: { name: string },
  names: readonly string[],
  columns: readonly string[],
): ColumnMap {
  const at = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [position, name] of names.entries()) {
    if (at.has(key(name))) repeated.add(name);
    else at.set(key(name), position);
  }
  const missing = columns.filter((column) => !at.has(key(column)));
  if (missing.length === columns.length) throw noKnownColumn(file, names, columns);
  if (repeated.size > 0)
    throw new InputError(
      `${file.name}: the header names ${quoted([...repeated])} more than once: ${excerpt(names.join(","))}. ` +
        `Give each column its own name and land the file again.`,
    );
  if (missing.length > 0)
    throw new InputError(
      `${file.name}: the header lacks ${quoted(missing)}. It reads: ${excerpt(names.join(","))}. Nothing in the file ` +
        `was loaded. Export it again with ${missing.length === 1 ? "this column" : "these columns"}; where there are ` +
        `no values, leave them empty.`,
    );
  const wanted = new Set(columns.map(key));
  return {
    positions: columns.map((column) => at.get(key(column)) ?? -1),
    extra: names.map((name, position) => ({ name, position })).filter(({ name }) => !wanted.has(key(name))),
  };
}

function noKnownColumn(
  file: { name: string },
  names: readonly string[],
  columns: readonly string[],
): InputError {
  const line = names.join(",");
  const wanted = new Set(columns.map(key));
  const known = (separator: string): number =>
    line.split(separator).filter((name) => wanted.has(key(name.replace(/^\s*"|"\s*$/g, "")))).length;
  const other = [
    { name: "semicolon (;)", separator: ";" },
    { name: "tab", separator: "\t" },
    { name: "vertical bar (|)", separator: "|" },
    { name: "colon (:)", separator: ":" },
    { name: "space", separator: " " },
  ].find(({ separator }) => known(separator) > 0);
  if (other)
    return new InputError(
      `${file.name}: its columns look separated by ${other.name}, not by comma. The first line reads: ` +
        `${excerpt(line)}. Nothing in the file was loaded. Export it again with commas.`,
    );
  return new InputError(
    `${file.name}: the first line is not a header: it has none of the columns ${columns.join(", ")}. It reads: ` +
      `${excerpt(line)}. Nothing in the file was loaded. Add the header line, or move the file to its own folder.`,
  );
}

async function firstBytes(path: string): Promise<{ bytes: Buffer; last: boolean }> {
  const handle = await open(path);
  try {
    let bytes = Buffer.alloc(0);
    // Most headers end within the first few kilobytes.
    for (const size of [16 << 10, headerLimit]) {
      const chunk = Buffer.allocUnsafe(size);
      const { bytesRead } = await handle.read(chunk, 0, size, 0);
      bytes = chunk.subarray(0, bytesRead);
      if (bytesRead < size) return { bytes, last: true };
      if (bytes.includes(lineFeed, 4096)) break;
    }
    return { bytes, last: false };
  } finally {
    await handle.close();
  }
}

function key(name: string): string {
  return name.trim().toLowerCase();
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

function excerpt(text: string | Buffer): string {
  const line = text.toString();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
