import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, open, realpath, rm, stat, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { landingFolderOf, type Table, type Tables } from "../contracts/table.js";
import { loadColumns } from "../plan/kept-columns.js";
import { csvLine } from "../landing/csv-line.js";
import { checksum } from "../landing/checksum.js";
import { splitRecord } from "../landing/csv-record.js";
import { readHeader } from "../landing/header.js";
import { isCompressed, listLanding, type LandedFile } from "../landing/landing.js";
import { readLines } from "../landing/lines.js";
import { withPlainContent } from "../landing/plain-content.js";
import { scanRecords } from "../landing/scan.js";
import { syncFolder, writeWhole } from "../landing/write-whole.js";
import { optionsOf } from "./look-up.js";
import { forgottenText, type Finder } from "./person.js";

/** A landed file that is about to take the place of the one of its name. */
export interface Rewritten {
  readonly table: string;
  readonly name: string;
  readonly rows: number;
  readonly size: number;
  readonly modifiedAt: Date;
  readonly sha256: string;
}

/** A line of a landed file without the persons in it; undefined where none is. */
type Line = (bytes: Buffer, start: number, end: number, isWhole: boolean) => string | undefined;

/**
 * Writes landed files anew in which persons are found, each whole or not at all. Records and messages keep their places: of a row the
 * number becomes a pseudonym and the personal columns are empty, and of a line that is no record nothing stays.
 *
 * @param options.keysOf what leads to the persons in a table whose rows name nobody
 * @param options.onRewritten told before a file takes its place: what knows the old one's checksum learns the new one's
 */
export async function rewriteFiles(
  landing: string,
  tables: Tables,
  finder: Finder,
  options: {
    keysOf: (table: Table) => ReadonlySet<string>;
    onRewritten: (file: Rewritten) => Promise<void>;
  },
): Promise<Rewritten[]> {
  const done: Rewritten[] = [];
  for (const table of tables.values()) {
    if (table.layer !== "bronze") continue;
    const format = table.options.files ?? "csv";
    const keys = options.keysOf(table);
    for (const file of await listLanding(landing, landingFolderOf(table.name), format)) {
      const rewritten = await draftOf(file, table, finder, keys);
      if (!rewritten) continue;
      await rewritten.land(async (now) => {
        const facts = { table: table.name, name: file.name, rows: rewritten.rows, ...now };
        await options.onRewritten(facts);
        done.push(facts);
      });
    }
  }
  return done;
}

/** The landed files in which a number stands that no search of texts finds. */
export async function searchFiles(landing: string, tables: Tables, finder: Finder): Promise<string[]> {
  const found: string[] = [];
  if (finder.plain.length === 0) return found;
  for (const table of tables.values()) {
    if (table.layer !== "bronze") continue;
    for (const file of await listLanding(
      landing,
      landingFolderOf(table.name),
      table.options.files ?? "csv",
    )) {
      const draft = await draftOf(file, table, finder, new Set());
      if (draft) found.push(file.path);
      await draft?.discard();
    }
  }
  return found;
}

async function draftOf(
  file: LandedFile,
  table: Table,
  finder: Finder,
  keys: ReadonlySet<string>,
): Promise<Draft | undefined> {
  if (keys.size === 0 && !(await isInFile(file, finder.mayBeIn))) return undefined;
  return withPlainContent(file, (plain) =>
    (table.options.files ?? "csv") === "csv"
      ? rewriteCsv(file, plain, table, finder, keys)
      : rewriteLines(file, plain, table, finder),
  );
}

/** Whether a condition holds for a part of a file, as a text. */
export async function isInFile(
  file: Pick<LandedFile, "path" | "name">,
  isIn: (text: string) => boolean,
): Promise<boolean> {
  const decoder = new TextDecoder("utf-8");
  const raw = createReadStream(file.path, { highWaterMark: 1 << 20 });
  const content = isCompressed(file) ? raw.pipe(createGunzip()) : raw;
  raw.on("error", (error) => content.destroy(error));
  let before = "";
  for await (const chunk of content as AsyncIterable<Buffer>) {
    const text = before + decoder.decode(chunk, { stream: true });
    if (isIn(text)) return true;
    // Longer than any of them, with what stands around it.
    before = text.slice(-1000);
  }
  return false;
}

interface Draft {
  /** How many records or lines differ from before. */
  readonly rows: number;
  land(before: (now: { size: number; modifiedAt: Date; sha256: string }) => Promise<void>): Promise<void>;
  discard(): Promise<void>;
}

async function rewriteCsv(
  file: LandedFile,
  plain: LandedFile,
  table: Table,
  finder: Finder,
  keys: ReadonlySet<string>,
): Promise<Draft | undefined> {
  const header = await readHeader(plain);
  if (!header) return undefined;
  const names = header.names.map((name) => name.toLowerCase());
  const { person, personBy, personal = [] } = optionsOf(table);
  const known = new Set(table.columns.map(({ name }) => name).filter((name) => !loadColumns.has(name)));
  const at = (column: string | undefined) => (column === undefined ? -1 : names.indexOf(column));
  const [ofNumber, ofKey] = [at(person), at(personBy?.column)];
  const end = header.lineEnd === "\r\n" ? "\r\n" : "\n";
  const line: Line = (bytes, start, stop, isWhole) => {
    if (!isWhole) return finder.isIn(bytes.toString("utf8", start, stop)) ? forgottenText : undefined;
    const values = splitRecord(bytes, start, stop);
    const found = finder.personOf(values[ofNumber] ?? null);
    // A row without a number is theirs too where their e-mail address stands.
    const isTold = values.some((value, column) => personal.includes(names[column]!) && finder.isOnly(value));
    const isTheirs = found !== undefined || keys.has(values[ofKey] ?? "") || isTold;
    const kept = values.map((value, column) => {
      const name = names[column]!;
      if (found && column === ofNumber) return found.pseudonym;
      if (isTheirs && (personal.includes(name) || (found && !known.has(name)))) return null;
      if (value === null || !finder.isIn(value)) return value;
      return personBy && personal.includes(name) ? null : finder.json(value);
    });
    if (kept.every((value, column) => value === values[column])) return undefined;
    return csvLine(kept).slice(0, -1);
  };
  return rewrite(file, plain, async (write) => {
    await write.copy(header.from);
    if (header.lineEnd === "") return;
    await scanRecords(
      plain,
      header.from,
      header.names.length,
      (bytes, start, stop, _row, good) => write.line(line(bytes, start, stop, good), bytes, start, stop, end),
      write.flush,
    );
  });
}

const rewriteLines = (file: LandedFile, plain: LandedFile, table: Table, finder: Finder) =>
  rewrite(file, plain, async (write) => {
    await readLines(
      plain,
      (bytes, start, stop) => {
        const text = bytes.toString("utf8", start, stop);
        const anew = finder.mayBeIn(text) ? finder.raw(text, optionsOf(table).person !== undefined) : text;
        write.line(anew === text ? undefined : anew, bytes, start, stop, "\n");
      },
      write.flush,
    );
  });

interface Writer {
  /** Takes over the file's first bytes. */
  copy(bytes: number): Promise<void>;
  /** Writes a line anew, or as it is. */
  line(anew: string | undefined, bytes: Buffer, start: number, stop: number, end: string): void;
  readonly flush: () => Promise<void>;
}

/** Writes a file's new content beside the landing folder, and gives what puts it there; undefined where nothing differs. */
async function rewrite(
  file: LandedFile,
  plain: LandedFile,
  work: (writer: Writer) => Promise<void>,
): Promise<Draft | undefined> {
  const folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-forget-"));
  const copy = path.join(folder, "content");
  let rows = 0;
  const handle = await open(copy, "w");
  try {
    await work(
      writerTo(handle, plain.path, () => {
        rows++;
      }),
    );
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await handle.close();
  }
  if (rows === 0) {
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
  const discard = () => rm(folder, { recursive: true, force: true });
  return {
    rows,
    discard,
    async land(before) {
      const target = await realpath(file.path);
      try {
        await writeWhole(target, async (draft) => {
          const out = createWriteStream(draft, { flush: true });
          if (isCompressed(file)) await pipeline(createReadStream(copy), createGzip(), out);
          else await pipeline(createReadStream(copy), out);
          const { size, mtime } = await stat(draft);
          await before({ size, modifiedAt: mtime, sha256: await checksum(draft) });
        });
        await syncFolder(path.dirname(target));
      } finally {
        await discard();
      }
    },
  };
}

function writerTo(handle: FileHandle, from: string, onChange: () => void): Writer {
  let parts: Buffer[] = [];
  const flush = async () => {
    if (parts.length === 0) return;
    const whole = Buffer.concat(parts);
    parts = [];
    await handle.write(whole);
  };
  return {
    flush,
    async copy(bytes) {
      if (bytes > 0)
        await pipeline(createReadStream(from, { end: bytes - 1 }), async (chunks: AsyncIterable<Buffer>) => {
          for await (const chunk of chunks) await handle.write(chunk);
        });
    },
    line(anew, bytes, start, stop, end) {
      if (anew !== undefined) onChange();
      parts.push(
        anew === undefined ? Buffer.from(bytes.subarray(start, stop)) : Buffer.from(anew),
        Buffer.from(end),
      );
    },
  };
}
