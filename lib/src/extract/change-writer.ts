import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Table } from "../contracts/table.js";
import { InputError } from "../errors.js";
import { versionOf } from "../forget/fields.js";
import { beginFile, type LandingFile } from "../landing/new-file.js";
import { removeDrafts } from "../landing/write-whole.js";
import { warn } from "../plan/session.js";
import { settings } from "../settings.js";
import { extractedTopic, type State } from "./held.js";

/** A row or a document as it is read: both are JSON, and `key` is as Debezium has it. */
export interface Read {
  readonly key: string;
  readonly after: string;
}

/** A change in the form of Debezium; `key`, `before` and `after` are JSON. */
export interface Change {
  readonly key: string | null;
  /** `c`: inserted, `r`: read, `u`: updated, `d`: deleted, `m`: nothing changed, and `source` says something. */
  readonly op: "c" | "r" | "u" | "d" | "m";
  readonly before?: string;
  readonly after?: string;
  readonly source: object;
  /** ISO instant. */
  readonly at: string;
}

interface ChangeWriter {
  /** Writes what bronze does not hold as it is. */
  write(found: readonly Read[], states: ReadonlyMap<string, State>): Promise<void>;
  delete(keys: readonly string[]): Promise<void>;
  change(changes: readonly Change[]): Promise<void>;
  /** Makes what was written visible. False when another run has landed the same; then this one must end. */
  land(): Promise<boolean>;
  /** Takes away what has not landed. */
  discard(): Promise<void>;
  readonly written: { rows: number; deletions: number };
  /** How many rows bronze held as they are. */
  readonly known: number;
}

/** The folder in which the files of a table land. */
export const folderOf = ({ name }: Table) => name.slice(name.indexOf(".") + 1);

/**
 * Opens a file of changes that lands whole or not at all. It is named by how many there were before, so of two runs at once only one lands.
 *
 * @param begin how many changes were extracted before
 * @param read.at the instant of what is read, ISO
 * @param read.source what is said of where each row was read
 */
export async function openChangeWriter(
  into: Table,
  begin: bigint,
  read: { readonly at: string; readonly source: object },
): Promise<ChangeWriter> {
  const folder = path.join(settings().landing, folderOf(into));
  await removeDrafts(folder);
  const written = { rows: 0, deletions: 0 };
  let known = 0;
  let next = begin;
  let file: LandingFile | undefined;
  const line = ({ key, op, before = "null", after = "null", source, at }: Change) => {
    const value = `{"op":"${op}","before":${before},"after":${after},"source":${JSON.stringify(source)}}`;
    return (
      `{"topic":"${extractedTopic}","partition":0,"offset":${next++},"timestamp":"${at}",` +
      `"key":${JSON.stringify(key)},"value":${JSON.stringify(value)}}\n`
    );
  };
  const write = async (lines: string) => {
    if (lines === "") return;
    if (!file) {
      await mkdir(folder, { recursive: true });
      file = await beginFile(folder, `extract-${String(begin).padStart(15, "0")}.ndjson`);
    }
    await file.write(lines);
  };
  return {
    written,
    get known() {
      return known;
    },
    async write(found, states) {
      let lines = "";
      for (const { key, after } of found) {
        const version = versionOf(after);
        const state = states.get(key);
        if (state?.version === version && state.op !== "d") {
          known++;
          continue;
        }
        lines += line({ key, op: "r", after, source: { ...read.source, version }, at: read.at });
        written.rows++;
      }
      await write(lines);
    },
    async delete(keys) {
      await write(keys.map((key) => line({ key, op: "d", before: key, ...read })).join(""));
      written.deletions += keys.length;
    },
    async change(changes) {
      await write(changes.map(line).join(""));
      written.rows += changes.length;
    },
    async land() {
      const made = file;
      file = undefined;
      if (!made || (await made.land())) return true;
      warn(
        `${into.name}: another run is reading the same and was faster. This one gives way and goes on with what has landed.`,
      );
      return false;
    },
    async discard() {
      await file?.discard();
    },
  };
}

/** Of fewer rows nobody is asked whether they may go, as long as others stay. */
const fewDeletions = 100;

/** @throws InputError when most rows of a source are gone, or all of few, unless a person has accepted it */
export function refuseLoss(
  { written: { rows, deletions }, known }: Pick<ChangeWriter, "written" | "known">,
  source: { readonly what: string; readonly variables: string; readonly acceptLoss: boolean },
): void {
  const left = known + rows;
  const isExpected = deletions <= left || (deletions <= fewDeletions && left > 0);
  if (isExpected || source.acceptLoss) return;
  throw new InputError(
    `${deletions} ${source.what} that bronze holds are gone from the database, which has ${left} now. If ` +
      `that is right, run once with --accept-loss (or ${source.variables}_ACCEPT_LOSS=true). If it is another database, or one ` +
      `that is not filled, check ${source.variables}_URL. Nothing was taken over.`,
  );
}
