import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { InputError } from "../errors.js";
import { beginFile, type LandingFile } from "../landing/new-file.js";
import { removeDrafts } from "../landing/write-whole.js";
import { loadColumns } from "../plan/kept-columns.js";
import { settings } from "../settings.js";
import type { Slice } from "./cursor.js";
import { csvLine } from "../landing/csv-line.js";
import { heldOf, nameOf, type Objects } from "./held.js";

/** A row as it lands: a text or nothing for each column. Where the key is null, it is what could not be read. */
export type Landable = Readonly<Record<string, string | null>>;

/** How a slice was landed. */
interface SliceLanded {
  /** Rows that the API gave, also those held already. */
  readonly read: number;
  readonly rows: number;
  readonly unreadable: number;
}

/** A slice held more rows than were allowed, and so nothing was landed. */
interface TooMany {
  /** The earliest instant among the rows read, in seconds since 1970. */
  readonly tooManyFrom: number;
}

export interface SliceWriter {
  /** The newest object's instant among those pulled before, in seconds since 1970. */
  readonly newest: number | undefined;
  /**
   * Lands the rows of a slice that the table does not hold, as one whole file or not at all.
   *
   * @throws GaveWay when another run has landed the file
   */
  land(slice: Slice, pages: AsyncIterable<readonly Landable[]>, most: number): Promise<SliceLanded | TooMany>;
}

/** Another run lands the same: it goes on, this one does not. */
export class GaveWay extends Error {
  constructor() {
    super(
      "another run is pulling the same and was faster. This one gives way and goes on with what has landed; the other lands the rest.",
    );
  }
}

/** Opens a writer of files below `<landing>/<name>`, each named by the count of rows pulled before it. */
export async function openSliceWriter(name: string, objects: Objects): Promise<SliceWriter> {
  const { into, key, cursor, version } = objects;
  const columns = into.columns.map((column) => column.name).filter((column) => !loadColumns.has(column));
  const unknown = [...key, cursor.column, version].find((column) => !columns.includes(column));
  if (unknown !== undefined) throw new Error(`land: ${into.name} has no column ${unknown}.`);
  const folder = path.join(settings().landing, name);
  await removeDrafts(folder);
  const held = await heldOf(objects, `${name}/${prefix}`);
  const unreadable = new Set(held.unreadable);
  let pulled = held.pulled;

  return {
    newest: held.newest,
    async land(slice, pages, most) {
      const known = await held.versions(slice);
      const strange = new Set<string>();
      /** Whether a row says something new; then it is known from here on. */
      const isNew = (row: Landable): boolean => {
        const hash = createHash("md5")
          .update(row[version] ?? "")
          .digest("hex");
        if (row[key[0]!] === null) {
          if (unreadable.has(hash) || strange.has(hash)) return false;
          strange.add(hash);
          return true;
        }
        const object = nameOf(key, row);
        if (known.get(object) === hash) return false;
        known.set(object, hash);
        return true;
      };
      let file: LandingFile | undefined;
      let [read, count] = [0, 0];
      let earliest = slice.to;
      try {
        for await (const page of pages) {
          read += page.length;
          for (const row of page) earliest = Math.min(earliest, within(row, slice));
          if (read > most) return { tooManyFrom: earliest };
          const fresh = page.filter(isNew);
          if (fresh.length === 0) continue;
          if (!file) {
            await mkdir(folder, { recursive: true });
            file = await beginFile(folder, fileName(pulled));
            await file.write(csvLine(columns));
          }
          await file.write(fresh.map((row) => csvLine(columns.map((column) => row[column]))).join(""));
          count += fresh.length;
        }
        const made = file;
        file = undefined;
        if (made && !(await made.land())) throw new GaveWay();
      } finally {
        await file?.discard();
      }
      pulled += count;
      for (const hash of strange) unreadable.add(hash);
      return { read, rows: count, unreadable: strange.size };
    },
  };

  /** The instant of a row, which must be in the slice: only of a slice is it known what the table holds. */
  function within(row: Landable, { from, to }: Slice): number {
    const at = row[cursor.column];
    if (at === null || at === undefined) return to;
    if (at >= cursor.text(from) && at < cursor.text(to)) return cursor.seconds(at);
    throw new InputError(
      `${name}: asked for objects from ${cursor.text(from)} until ${cursor.text(to)}, the service gave ${nameOf(key, row)} of ${at}. ` +
        `It does not keep to the bounds that it is asked for, so nothing of this was landed. Check its address.`,
    );
  }
}

const prefix = "pull-";

/** The numbers count up in the order in which files are loaded. */
const fileName = (pulled: number) => `${prefix}${String(pulled).padStart(15, "0")}.csv`;
