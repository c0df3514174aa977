import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../errors.js";
import { checksum } from "./checksum.js";

export { checksum };

/** A file in the landing folder. `name` is relative to the landing folder and '/'-separated; `size` is in bytes. */
export interface LandedFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly modifiedAt: Date;
}

/** A loaded file's row in `ops.loaded_files`. `modified_at` is an instant; without a zone it is in UTC. */
export interface LedgerEntry {
  readonly source_file: string;
  readonly size: number;
  readonly modified_at: string;
  readonly sha256: string;
}

/**
 * The files in one entity's folder whose name ends in `ending`, sorted by name (by code units, so that the order doesn't
 * depend on a locale). As in Spark, names that start with '.' or '_' are ignored as hidden or incomplete, and so are the
 * '~$' files of Office. A folder that doesn't exist has no files.
 *
 * @throws InputError naming the folder or file that can't be read.
 * @example await listLanding(".shopmetrics/landing", "orders", ".csv") // [{ name: "orders/orders_2026-10-31.csv", … }]
 */
export async function listLanding(
  landing: string,
  folder: string,
  ending: ".csv" | ".ndjson",
): Promise<LandedFile[]> {
  const names = (await entries(join(landing, folder))).filter(
    (name) => name.endsWith(ending) && !isTemporary(name),
  );
  names.sort();
  const files = await Promise.all(names.map((name) => landedFile(landing, `${folder}/${name}`)));
  return files.flatMap((file) => file ?? []);
}

/**
 * The landed files that are not in the ledger yet, in the given order. When the size or time of change of a known file
 * differs, its content is hashed again: the same content is fine.
 *
 * @throws InputError when a file's content was changed after it was loaded.
 */
export async function newFiles(
  landed: readonly LandedFile[],
  ledger: readonly LedgerEntry[],
): Promise<LandedFile[]> {
  const known = new Map(ledger.map((entry) => [entry.source_file, entry]));
  for (const file of landed) {
    const entry = known.get(file.name);
    if (entry) await refuseChangedSinceLoad(file, entry);
  }
  return landed.filter((file) => !known.has(file.name));
}

async function entries(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unreadable("folder", path, error);
  }
}

function isTemporary(name: string): boolean {
  return name.startsWith(".") || name.startsWith("_") || name.startsWith("~$");
}

async function landedFile(landing: string, name: string): Promise<LandedFile | undefined> {
  const path = join(landing, name);
  try {
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    await access(path, constants.R_OK);
    return { name, path, size: found.size, modifiedAt: found.mtime };
  } catch (error) {
    throw unreadable("file", path, error);
  }
}

function unreadable(what: "file" | "folder", path: string, error: unknown): InputError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new InputError(
    `The ${what} ${path} can't be read (${code ?? message}). Give the user who runs this the right to read it, or ` +
      `remove it from the landing folder.`,
    { cause: error },
  );
}

async function refuseChangedSinceLoad(file: LandedFile, entry: LedgerEntry): Promise<void> {
  // The ledger may keep microseconds, a Date keeps milliseconds.
  const sameTime = Math.abs(instant(entry.modified_at) - file.modifiedAt.getTime()) < 1;
  if (Number(entry.size) === file.size && sameTime) return;
  const sha256 = await checksum(file.path);
  if (sha256 === entry.sha256) return;
  throw new InputError(
    `${file.name} was changed after it was loaded: then ${entry.size} bytes of ${entry.modified_at} ` +
      `(sha256 ${entry.sha256.slice(0, 12)}…), now ${file.size} bytes of ${file.modifiedAt.toISOString()} ` +
      `(sha256 ${sha256.slice(0, 12)}…). A file is loaded once and its rows are kept, so restore the old ` +
      `content and land the new content under a new name.`,
  );
}

function instant(text: string): number {
  const iso = text.trim().replace(" ", "T");
  return new Date(
    /(Z|[+-]\d\d(:?\d\d)?)$/.test(iso) ? iso.replace(/([+-]\d\d)$/, "$1:00") : `${iso}Z`,
  ).getTime();
}

/**
 * Checks that a file has not changed since it was listed.
 *
 * @param when completes "was changed …"
 */
export async function assertUnchanged(file: LandedFile, when: string): Promise<void> {
  const now = await stat(file.path);
  if (now.size !== file.size || now.mtime.getTime() !== file.modifiedAt.getTime())
    throw changed(file, when, `now ${now.size} bytes of ${now.mtime.toISOString()}`);
}

/** The error for a file that was changed although it should have been complete. */
export function changed(file: LandedFile, when: string, now: string): InputError {
  return new InputError(
    `${file.name} was changed ${when}: ${file.size} bytes of ${file.modifiedAt.toISOString()}, ${now}. Nothing in it ` +
      `was loaded. Wait until the export is finished and run again. An export should be written under a name that starts ` +
      `with "." and be renamed when it is complete.`,
  );
}
