import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Table } from "../contracts/table.js";
import { beginFile, type LandingFile } from "../landing/new-file.js";
import { removeDrafts } from "../landing/write-whole.js";
import { loadColumns } from "../plan/kept-columns.js";
import { warn } from "../plan/session.js";
import { settings } from "../settings.js";
import { sql, type Interpolation, type Statement } from "../sql/statement.js";
import { load } from "../verbs/load.js";
import { rows } from "../verbs/read.js";
import { csvLine } from "./csv-line.js";
import { ServiceDown } from "./patient-fetch.js";

/** A stretch of time, in seconds since 1970; `to` is not in it. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** A row as it lands: a text or nothing for each column. Where the key is null, it is what could not be read. */
export type Landable = Readonly<Record<string, string | null>>;

interface LandOptions {
  /** The table that the files are loaded into. */
  readonly into: Table;
  /** The columns that name an object. */
  readonly key: string | readonly string[];
  /** The column by which the API lists objects; its texts sort as what they mean: seconds since 1970, or ISO dates. */
  readonly cursor: { readonly column: string; readonly is: "seconds" | "date" };
  /** The column that differs when an object has changed. */
  readonly version: string;
  /** The first day that is asked for, where nothing has been pulled yet. ISO date. */
  readonly since: string;
  /** How many days before the newest object held are read again, for what has changed or appeared since. */
  readonly overlapDays: number;
  /** Days that are read again as well, both included. */
  readonly again?: { readonly from: string; readonly to: string } | undefined;
  /** Whether the step goes on with what has landed when the service is down, with a warning. By default it fails. */
  readonly goesOnWithout?: boolean;
  /** How many days the first slice takes; the others grow and shrink with what they hold. Default 1. */
  readonly sliceDays?: number;
  /** The most rows of a file: a slice that holds more is read in parts. */
  readonly rowsOfFile?: number;
}

/** What was landed. */
interface LandReport {
  readonly rows: number;
  readonly files: number;
  /** How many of the rows hold what could not be read. */
  readonly unreadable: number;
}

/**
 * Lands what an API gives and the table does not hold, as CSV files in the landing folder, and loads them. The table is the only
 * checkpoint: it says up to where objects are held, and which versions of those that are read again. An object that is the same as
 * before lands no second row, a changed one lands once more. Time goes forward slice by slice, and a slice lands as a whole file or
 * not at all; so a run that is killed at any point and repeated leaves each version once. A file is named by the count of rows
 * pulled before it, and a name can be used only once: of two runs at once, the second gives way.
 *
 * @param name the folder below the landing folder
 * @param pages gives the pages of the objects of a slice, each object as a row
 * @throws ServiceDown when the service gives no answer; what landed before that is loaded
 * @example
 * await land("stripe_charges", charges, { into: bronze.stripe_charges_raw, key: "charge_id", cursor: { column: "created",
 *   is: "seconds" }, version: "value", since: "2010-01-01", overlapDays: 90 });
 */
export async function land(
  name: string,
  pages: (slice: Slice) => AsyncIterable<readonly Landable[]>,
  options: LandOptions,
): Promise<LandReport> {
  const { into, again, goesOnWithout = false } = options;
  const loading = () => load(into, { from: name });
  await loading();
  const writer = await openWriter(name, options);
  const report = { rows: 0, files: 0, unreadable: 0 };
  try {
    for (const range of [writer.fromNewest(), ...(again ? [daysOf(again)] : [])]) {
      await landRange(range, pages, options, writer, report);
      if (report.files > 0) await loading();
    }
  } catch (error) {
    if (error instanceof GaveWay) {
      warn(`${name}: ${error.message}`);
      await loading();
    } else if (report.files > 0 && error instanceof ServiceDown) await loading();
    if (error instanceof ServiceDown && goesOnWithout)
      warn(`${name}: ${error.message} The step goes on with what has landed.`);
    else if (!(error instanceof GaveWay)) throw error;
  }
  if (report.unreadable > 0)
    warn(
      `${name}: ${report.unreadable} of ${report.rows} new rows hold what could not be read. They are in ${into.name} with their ` +
        `text in ${options.version}, and silver refuses them. Look at them there.`,
    );
  return report;
}

const day = 86_400;
const longest = 366 * day;

const secondsOf = (date: string) => Date.parse(`${date}T00:00:00Z`) / 1000;
const daysOf = ({ from, to }: { from: string; to: string }): Slice => ({
  from: secondsOf(from),
  to: secondsOf(to) + day,
});

/** Reads a stretch of time in slices that grow while they hold little and shrink when they hold too much. */
async function landRange(
  range: Slice,
  pages: (slice: Slice) => AsyncIterable<readonly Landable[]>,
  { rowsOfFile = 5000, sliceDays = 1, cursor }: LandOptions,
  writer: Writer,
  report: { rows: number; files: number; unreadable: number },
): Promise<void> {
  const shortest = cursor.is === "date" ? day : 1;
  const whole = (length: number) => Math.max(shortest, Math.floor(length / shortest) * shortest);
  const end = Math.min(range.to, now() + shortest);
  let length = sliceDays * day;
  for (let from = range.from; from < end;) {
    const slice = { from, to: Math.min(from + length, end) };
    const isShortest = slice.to - slice.from <= shortest;
    const landed = await writer.land(slice, pages(slice), isShortest ? Infinity : rowsOfFile);
    if (landed.tooManyFrom !== undefined) {
      // Where the newest come first, what was read tells how much time so many rows take.
      const covered = Math.max(1, slice.to - landed.tooManyFrom);
      length = whole(Math.min(covered, (slice.to - slice.from) / 2));
      continue;
    }
    report.rows += landed.rows;
    report.files += landed.rows > 0 ? 1 : 0;
    report.unreadable += landed.unreadable;
    if (landed.read < rowsOfFile / 4) length = Math.min(longest, length * 2);
    from = slice.to;
  }
}

const now = () => Math.floor(Date.now() / 1000);

interface SliceLanded {
  readonly read: number;
  readonly rows: number;
  readonly unreadable: number;
  /** Where it held more than was allowed, and so nothing was landed: the earliest cursor among the rows read, in seconds. */
  readonly tooManyFrom?: number;
}

interface Writer {
  /** From the newest object held, less the overlap, until now. */
  fromNewest(): Slice;
  land(slice: Slice, pages: AsyncIterable<readonly Landable[]>, most: number): Promise<SliceLanded>;
}

async function openWriter(name: string, options: LandOptions): Promise<Writer> {
  const { into, cursor, version, since, overlapDays } = options;
  const keys = typeof options.key === "string" ? [options.key] : options.key;
  const columns = into.columns.map((column) => column.name).filter((column) => !loadColumns.has(column));
  const unknown = [...keys, cursor.column, version].find((column) => !columns.includes(column));
  if (unknown !== undefined) throw new Error(`land: ${into.name} has no column ${unknown}.`);
  const folder = path.join(settings().landing, name);
  await removeDrafts(folder);

  const own = select([`startswith(source_file, `, `)`], `${name}/pull-`);
  const [held] = await rows(
    select(
      [
        "select count(case when ",
        " then 1 end) as pulled, max(case when ",
        ` then ${cursor.column} end) as newest, max(${cursor.column}) as newest_of_all from `,
        "",
      ],
      own,
      own,
      into,
    ),
  );
  let pulled = Number(held?.["pulled"] ?? 0);
  const newest = textOf(held?.["newest"]);
  const newestOfAll = textOf(held?.["newest_of_all"]);
  const cursorOf = (seconds: number) =>
    cursor.is === "seconds" ? String(seconds) : new Date(seconds * 1000).toISOString().slice(0, 10);
  const secondsIn = (text: string) => (cursor.is === "seconds" ? Number(text) : secondsOf(text));
  const columnsOfVersion = `${keys.join(", ")}, md5(coalesce(${version}, '')) as version`;
  const byOrder = " order by source_load, source_row";
  const read = async (where: readonly string[], ...values: string[]) =>
    new Map(
      (
        await rows(
          select(
            [`select ${columnsOfVersion} from `, ` where ${where[0]}`, ...where.slice(1)],
            into,
            ...values,
          ),
        )
      ).map((row) => [nameOf(keys, row), String(row["version"])]),
    );
  // What could not be read has no key: its own text names it.
  const unreadable = new Set(
    (
      await rows(
        select(
          [`select distinct md5(coalesce(${version}, '')) as version from `, ` where ${keys[0]} is null`],
          into,
        ),
      )
    ).map((row) => String(row["version"])),
  );

  const versionsIn = async ({ from, to }: Slice): Promise<Map<string, string>> => {
    if (newestOfAll === undefined || newestOfAll < cursorOf(from)) return new Map();
    return read([`${cursor.column} >= `, ` and ${cursor.column} < `, byOrder], cursorOf(from), cursorOf(to));
  };

  return {
    fromNewest() {
      const start = newest === undefined ? secondsOf(since) : secondsIn(newest) - overlapDays * day;
      return { from: Math.max(0, Math.floor(start / day) * day), to: Infinity };
    },
    async land(slice, pages, most) {
      const known = await versionsIn(slice);
      let file: LandingFile | undefined;
      let [count, total, broken] = [0, 0, 0];
      let earliest = slice.to;
      const strange: string[] = [];
      try {
        for await (const page of pages) {
          const lines: string[] = [];
          for (const row of page) {
            total++;
            const hash = createHash("md5")
              .update(row[version] ?? "")
              .digest("hex");
            const at = row[cursor.column];
            if (at !== null && at !== undefined) earliest = Math.min(earliest, secondsIn(at));
            if (row[keys[0]!] === null) {
              if (unreadable.has(hash) || strange.includes(hash)) continue;
              strange.push(hash);
              broken++;
            } else {
              const key = nameOf(keys, row);
              if (known.get(key) === hash) continue;
              known.set(key, hash);
            }
            lines.push(csvLine(columns.map((column) => row[column])));
          }
          if (total > most) {
            await file?.discard();
            file = undefined;
            return { read: total, rows: 0, unreadable: 0, tooManyFrom: earliest };
          }
          if (lines.length === 0) continue;
          if (!file) {
            await mkdir(folder, { recursive: true });
            file = await beginFile(folder, fileName(pulled));
            await file.write(csvLine(columns));
          }
          await file.write(lines.join(""));
          count += lines.length;
        }
        if (file) {
          const made = file;
          file = undefined;
          if (!(await made.land())) throw new GaveWay();
          pulled += count;
          for (const hash of strange) unreadable.add(hash);
        }
        return { read: total, rows: count, unreadable: broken };
      } finally {
        await file?.discard();
      }
    },
  };
}

/** Another run lands the same: it goes on, this one does not. */
class GaveWay extends Error {
  constructor() {
    super(
      "another run is pulling the same and was faster. This one gives way and goes on with what has landed; the other lands the rest.",
    );
  }
}

/** Numbers count up to this one in the order in which files are loaded. */
const fileName = (pulled: number) => `pull-${String(pulled).padStart(15, "0")}.csv`;

const nameOf = (keys: readonly string[], row: Readonly<Record<string, unknown>>) =>
  JSON.stringify(keys.map((key) => row[key]));

const textOf = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : String(value);

/** A statement whose text is put together from the names of columns, which are the contract's. */
const select = (strings: readonly string[], ...values: Interpolation[]): Statement =>
  sql(Object.assign([...strings], { raw: strings }) as unknown as TemplateStringsArray, ...values);
