import type { Table } from "../contracts/table.js";
import { warn } from "../plan/session.js";
import { load } from "../verbs/load.js";
import { cursorOf, day, secondsOf, type Slice } from "./cursor.js";
import { ServiceDown } from "./patient-fetch.js";
import { GaveWay, openSliceWriter, type Landable, type SliceWriter } from "./slice-writer.js";

export type { Landable, Slice };

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
  const key = typeof options.key === "string" ? [options.key] : options.key;
  const cursor = cursorOf(options.cursor);
  const report = { rows: 0, files: 0, unreadable: 0 };
  try {
    for (const days of [undefined, ...(again ? [again] : [])]) {
      // Each stretch of time is compared with all that the table holds by then, so also with what the one before it brought.
      const writer = await openSliceWriter(name, { into, key, cursor, version: options.version });
      const range = days ? daysOf(days) : fromNewest(writer, options);
      await landRange(range, { ...options, pages, writer, unit: cursor.unit }, report);
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

const longest = 366 * day;

/** From the newest object that was pulled, less the overlap, until now. */
const fromNewest = ({ newest }: SliceWriter, { since, overlapDays }: LandOptions): Slice => {
  const start = newest === undefined ? secondsOf(since) : newest - overlapDays * day;
  return { from: Math.max(0, Math.floor(start / day) * day), to: Infinity };
};

const daysOf = ({ from, to }: { from: string; to: string }): Slice => ({
  from: secondsOf(from),
  to: secondsOf(to) + day,
});

/** Reads a stretch of time in slices that grow while they hold little and shrink when they hold too much. */
async function landRange(
  range: Slice,
  options: Pick<LandOptions, "rowsOfFile" | "sliceDays"> & {
    readonly pages: (slice: Slice) => AsyncIterable<readonly Landable[]>;
    readonly writer: SliceWriter;
    readonly unit: number;
  },
  report: { rows: number; files: number; unreadable: number },
): Promise<void> {
  const { pages, writer, unit, rowsOfFile = 5000, sliceDays = 1 } = options;
  const whole = (length: number) => Math.max(unit, Math.floor(length / unit) * unit);
  const end = Math.min(range.to, Math.floor(Date.now() / 1000) + unit);
  let length = sliceDays * day;
  for (let from = range.from; from < end;) {
    const slice = { from, to: Math.min(from + length, end) };
    const span = slice.to - slice.from;
    const landed = await writer.land(slice, pages(slice), span <= unit ? Infinity : rowsOfFile);
    if ("tooManyFrom" in landed) {
      // Where the newest come first, what was read tells how much time so many rows take.
      length = whole(Math.min(slice.to - landed.tooManyFrom, span / 2));
      continue;
    }
    report.rows += landed.rows;
    report.files += landed.rows > 0 ? 1 : 0;
    report.unreadable += landed.unreadable;
    if (landed.read < rowsOfFile / 4) length = Math.min(longest, length * 2);
    from = slice.to;
  }
}
