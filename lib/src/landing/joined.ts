import { createHash } from "node:crypto";
import { lstat, open, readFile } from "node:fs/promises";
import path from "node:path";
import type { LandedFile } from "./landing.js";
import { syncFolder, writeWhole } from "./write-whole.js";

/**
 * Files of a topic's partition are small where events are taken in every few seconds. Loaded ones are joined into daily files:
 * `<topic>-<partition>-<from>-<last>.ndjson` holds, one after another, the files from the one named `from` to the one named
 * `last`. Loading and joining are one transaction; the joined file appears before it is committed, and what it holds is removed
 * by the next load, after that. `sortOut` tells these states apart, so a process may be killed at any moment.
 */
interface Span {
  readonly file: LandedFile;
  /** Folder, topic and partition. */
  readonly of: string;
  readonly from: string;
  readonly to: string;
  readonly isJoined: boolean;
}

function spanOf(name: string): Omit<Span, "file"> | undefined {
  const [, of, from, last] = /^(.+-\d{1,10})-(\d{20})(?:-(\d{20}))?\.ndjson$/.exec(name) ?? [];
  if (of === undefined || from === undefined) return undefined;
  return { of, from, to: last ?? from, isJoined: last !== undefined };
}

/** Whether a file holds several that had landed. */
export const isJoined = (name: string): boolean => spanOf(name)?.isJoined ?? false;

/** The files of each partition, where one that holds others comes before these. */
function byPartition(landed: readonly LandedFile[]): Span[][] {
  const groups = new Map<string, Span[]>();
  for (const file of landed) {
    const span = spanOf(file.name);
    if (!span) continue;
    const group = groups.get(span.of) ?? [];
    group.push({ ...span, file });
    groups.set(span.of, group);
  }
  const order = (a: Span, b: Span) =>
    a.from < b.from ? -1 : a.from > b.from ? 1 : a.to > b.to ? -1 : a.to < b.to ? 1 : 0;
  return [...groups.values()].map((group) => group.toSorted(order));
}

/** What becomes of the files of a folder with joined ones. */
interface SortedOut {
  /** The files to be considered for loading. */
  readonly files: readonly LandedFile[];
  /** Files whose messages another one of `files` holds too. */
  readonly superfluous: readonly LandedFile[];
  /**
   * Names in the ledger whose files are gone, while the joined file that holds their messages is not in the ledger: the warehouse is an
   * older one than the landing folder. Their rows give way to those of the joined file.
   */
  readonly replaced: readonly string[];
}

/** @param ledger the names of the files that are loaded */
export function sortOut(landed: readonly LandedFile[], ledger: ReadonlySet<string>): SortedOut {
  const superfluous = new Set<LandedFile>();
  const replaced: string[] = [];
  for (const group of byPartition(landed)) if (group.some((span) => span.isJoined)) sortGroup(group);
  return { files: landed.filter((file) => !superfluous.has(file)), superfluous: [...superfluous], replaced };

  function sortGroup(group: readonly Span[]): void {
    for (let index = 0; index < group.length; index++) {
      const outer = group[index]!;
      if (!outer.isJoined) continue;
      const held: Span[] = [];
      while (index + 1 < group.length && group[index + 1]!.to <= outer.to) held.push(group[++index]!);
      const names = ledger.has(outer.file.name) ? [] : knownWithin(outer);
      const there = held.filter(({ file }) => ledger.has(file.name));
      const bytes = there.reduce((sum, { file }) => sum + file.size, 0);
      if (names.length > 0 && bytes === outer.file.size) {
        // The transaction that had joined them was not committed.
        superfluous.add(outer.file);
        sortGroup(held);
      } else {
        for (const { file } of held) superfluous.add(file);
        replaced.push(...names);
      }
    }
  }

  function knownWithin(outer: Span): string[] {
    return [...ledger].filter((name) => {
      const span = spanOf(name);
      return span !== undefined && span.of === outer.of && span.from >= outer.from && span.to <= outer.to;
    });
  }
}

/** A file is joined with others up to this size. */
const largest = 256 << 20;
/** Of today's files, so many are joined at a time; those of earlier days whenever there are two. */
const manyToday = 1000;

/**
 * Which files become one: consecutive ones of a partition that were loaded on the same day.
 *
 * @param dayOf the day on which a file was loaded, ISO; undefined if it was not
 */
export function chunksToJoin(
  landed: readonly LandedFile[],
  dayOf: (name: string) => string | undefined,
  today: string,
): LandedFile[][] {
  const chunks: LandedFile[][] = [];
  for (const group of byPartition(landed)) {
    let chunk: LandedFile[] = [];
    let [day, bytes]: [string | undefined, number] = [undefined, 0];
    const end = () => {
      if (day !== undefined && chunk.length >= (day < today ? 2 : manyToday)) chunks.push(chunk);
      [chunk, day, bytes] = [[], undefined, 0];
    };
    for (const { file, isJoined: whole } of group) {
      const loaded = dayOf(file.name);
      const isLone = loaded === undefined || (whole && loaded >= today);
      if (
        isLone ||
        loaded !== day ||
        bytes + file.size > largest ||
        (day >= today && chunk.length >= manyToday)
      )
        end();
      if (isLone) continue;
      chunk.push(file);
      [day, bytes] = [loaded, bytes + file.size];
    }
    end();
  }
  return chunks;
}

/** The name of the file that holds a chunk. */
export function nameOfJoined(chunk: readonly LandedFile[]): string {
  const first = spanOf(chunk[0]!.name)!;
  return `${first.of}-${first.from}-${spanOf(chunk.at(-1)!.name)!.to}.ndjson`;
}

/**
 * Writes the files of a chunk one after another into a file that appears when it is complete and on the disk.
 *
 * @returns its checksum; undefined when a file is not as it was listed, and nothing is written
 */
export async function joinFiles(chunk: readonly LandedFile[], target: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    await writeWhole(target, async (draft) => {
      const file = await open(draft, "w");
      try {
        for (const { path: member, size } of chunk) {
          const content = await readFile(member);
          if (content.length !== size || content.at(-1) !== 10) throw new NotAsListed();
          hash.update(content);
          await file.write(content);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    });
  } catch (error) {
    if (error instanceof NotAsListed) return undefined;
    throw error;
  }
  await syncFolder(path.dirname(target));
  return hash.digest("hex");
}

class NotAsListed extends Error {}

/** Whether a folder is a link, behind which other warehouses may look into the same files. */
export const isLink = async (folder: string): Promise<boolean> =>
  lstat(folder).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
