import { isUtf8 } from "node:buffer";
import { accessSync, constants, statSync, type Dirent, type Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FileFormat, LandingFolder } from "../contracts/table.js";
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
  /** Null in ledgers of before loads were numbered. */
  readonly load_number: number | null;
}

/** The number of the last file that was loaded into a table; files are numbered in the order in which they are loaded. */
export const lastLoad = (ledger: readonly LedgerEntry[]): number =>
  ledger.reduce((last, { load_number }) => Math.max(last, Number(load_number ?? 0)), 0) || ledger.length;

/** The files of each format by their names. A landed file may be compressed by gzip. */
const endings: Readonly<Record<FileFormat, RegExp>> = {
  csv: /\.csv(\.gz)?$/i,
  envelopes: /\.ndjson(\.gz)?$/i,
};

export const isCompressed = ({ name }: Pick<LandedFile, "name">) => /\.gz$/i.test(name);

/**
 * The files of a format in one entity's folder and the folders below it, in the order in which they are loaded: by name, where
 * a number counts as a number, so that `orders_10.csv` comes after `orders_9.csv`. A folder that doesn't exist has no files.
 * What lies there and is not among them is what `passedOver` names.
 *
 * @throws InputError naming the folder or file that can't be read.
 * @example await listLanding(".shopmetrics/landing", "orders", "csv") // [{ name: "orders/orders_2026-10-31.csv", … }]
 */
export async function listLanding(
  landing: string,
  folder: string,
  format: FileFormat,
): Promise<LandedFile[]> {
  const found = await walk(landing, folder);
  const names = found.flatMap(({ name, why }) => (why || !endings[format].test(name) ? [] : [name]));
  return byNumbers(names, (name) => name).map((name) => landedFile(landing, name));
}

/** In the order of their names' parts: digits by their number, the rest by code units, so that it depends on no locale. */
function byNumbers<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  const split = items.map((item) => ({ item, parts: nameOf(item).match(/\d+|\D+/g) ?? [] }));
  return split.toSorted((a, b) => compareParts(a.parts, b.parts)).map(({ item }) => item);
}

function compareParts(left: readonly string[], right: readonly string[]): number {
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (part === other) continue;
    const areNumbers = isDigit(part) && isDigit(other);
    const numbers = areNumbers ? [part, other].map((digits) => digits.replace(/^0+(?=.)/, "")) : undefined;
    const byValue = numbers && (numbers[0]!.length - numbers[1]!.length || compare(numbers[0]!, numbers[1]!));
    return byValue || compare(part, other);
  }
  return left.length - right.length;
}

const isDigit = (text: string) => text >= "0" && text < ":";

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** A SQL task loads from an entity's folder and the folders below it, to this level: a glob has no sign for any number of them. */
export const levelsOfTasks = 4;

/** A file in the landing folder that no step loads. */
export interface PassedOver {
  /** Relative to the landing folder. */
  readonly name: string;
  /** Why, and what to do about it. */
  readonly reason: string;
}

/**
 * What lies in the landing folder and is not loaded, but for the files that desktops leave by themselves and the generator's
 * own. With `listLanding` of each entity, it names every file.
 *
 * @param entities each entity's folder
 * @param options.nearest the entity whose name is like that of a folder
 * @param options.whyNot a further reason why a file is not loaded that is fit by its name
 */
export async function passedOver(
  landing: string,
  entities: ReadonlyMap<string, LandingFolder>,
  options: {
    nearest: (folder: string) => string | undefined;
    whyNot?: (name: string) => string | undefined;
  },
): Promise<PassedOver[]> {
  const folders = [...entities]
    .flatMap(([name, { landsItself }]) => (landsItself ? [] : [`${name}/`]))
    .toSorted();
  const reasonFor = ({ name, why }: Found): string | undefined => {
    const [folder, ...rest] = name.split("/");
    const format = entities.get(folder!)?.format;
    if (format === undefined && rest.length === 0)
      return `it lies in no folder: move it into ${folders.join(", ")}`;
    if (format === undefined) {
      const near = options.nearest(folder!);
      return `${folder}/ is no folder of an export: ${near ? `did you mean ${near}/?` : `there are ${folders.join(", ")}`}`;
    }
    if (why) return why;
    if (endings[format].test(name)) return options.whyNot?.(name);
    const other = [...entities].find(
      ([, theirs]) => !theirs.landsItself && theirs.format !== format && endings[theirs.format].test(name),
    );
    if (other) return `${folder}/ takes ${ending[format]}: move it into ${other[0]}/`;
    return `${folder}/ takes ${ending[format]}: export it as such, or rename it if it is one`;
  };
  // A folder that cannot be read fails the step that loads from it, which names it.
  const readable = (path: string) => entries(path).catch(() => []);
  const found = (await walk(landing, "", readable)).flatMap(({ name, why }) => {
    const reason = reasonFor({ name, why });
    return reason === undefined ? [] : [{ name, reason }];
  });
  return byNumbers(found, ({ name }) => name);
}

const ending = { csv: ".csv or .csv.gz", envelopes: ".ndjson or .ndjson.gz" } as const;

/** A file below the landing folder; `why` it can't be loaded whatever its ending is. */
interface Found {
  readonly name: string;
  readonly why: string | undefined;
}

/** All files of a folder and those below it, without those that nobody put there on purpose. */
async function walk(landing: string, folder: string, list = entries): Promise<Found[]> {
  const found: Found[] = [];
  const inside = await realpath(landing).catch(() => landing);
  const look = async (name: string, home: string, hidden: boolean): Promise<void> => {
    const here = join(landing, name);
    for (const entry of await list(here)) {
      const own = entry.name.toString("utf8");
      const full = name ? `${name}/${own}` : own;
      if (isOfNobody(own)) continue;
      if (!isUtf8(entry.name)) {
        found.push({ name: full, why: "its name is not UTF-8: rename it" });
        continue;
      }
      const isHidden = hidden || /^(?:\.|_|~\$)/.test(own);
      const why = isHidden
        ? "its name, or its folder's, begins with . or _ as if it were unfinished: rename it"
        : undefined;
      if (entry.isDirectory()) await look(full, home, isHidden);
      else if (entry.isFile()) found.push({ name: full, why });
      else if (entry.isSymbolicLink()) {
        const target = await realpath(join(landing, full)).catch(() => undefined);
        const kind = target === undefined ? undefined : await stat(target);
        const isWithin = target !== undefined && [inside, home].some((root) => target.startsWith(`${root}/`));
        // An entity's folder may be a link to another disk: it was linked on purpose.
        if (kind?.isDirectory() && name === "") await look(full, target!, isHidden);
        else if (kind?.isFile() && isWithin) found.push({ name: full, why });
        else
          found.push({ name: full, why: `it is a link ${linkTo(target, kind)}: put the file itself there` });
      } else found.push({ name: full, why: "it is no file: remove it" });
    }
  };
  const home = folder ? await realpath(join(landing, folder)).catch(() => inside) : inside;
  await look(folder, home, false);
  return found;
}

const linkTo = (target: string | undefined, kind: Stats | undefined) =>
  target === undefined
    ? "to nothing"
    : kind?.isDirectory()
      ? "to a folder"
      : "to a file outside the landing folder";

/** Files that desktops leave without being asked, and drafts and notes of our own. */
const isOfNobody = (name: string) =>
  /^(?:\.DS_Store|\._.*|desktop\.ini|Thumbs\.db|ehthumbs\.db|~\$.*|\.Spotlight-V100|\.Trashes|\.fseventsd|lost\+found)$/i.test(
    name,
  ) || /^\.generator\.(?:json|lock)$|^\..+\.\d+-\d+\.tmp$/.test(name);

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

async function entries(path: string): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(path, { withFileTypes: true, encoding: "buffer" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unreadable("folder", path, error);
  }
}

/** At once and not by promises: these cost ten times as much as looking, and a folder may hold a year of files. */
function landedFile(landing: string, name: string): LandedFile {
  const path = join(landing, name);
  try {
    const found = statSync(path);
    accessSync(path, constants.R_OK);
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
