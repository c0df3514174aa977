import type { LandingFolder } from "../contracts/table.js";
import type { Connection } from "../engine/connection.js";
import { isCompressed, levelsOfTasks, passedOver, type PassedOver } from "../landing/landing.js";
import { nearestOf } from "../sql/nearest.js";
import { insert } from "./warehouse.js";

/** As many files are named one by one in one run. */
const mostNamed = 20;

/**
 * Records which files of the landing folder no step loads, with the reason, in `ops.loaded_files`, and tells of each once: a
 * file that lies there is not named again by the next run. One that is gone leaves the record.
 *
 * @param entities each entity's folder
 * @param options.landing the folder, or the landing volume where it is mounted
 * @param options.byTasks whether SQL tasks load from it, which take less than a run on this machine
 */
export async function recordPassedOver(
  records: Connection,
  entities: ReadonlyMap<string, LandingFolder>,
  options: {
    landing: string;
    runId: string;
    now: string;
    byTasks?: boolean;
    onNote: ((message: string) => void) | undefined;
  },
): Promise<void> {
  const { landing, runId, now, byTasks = false, onNote } = options;
  const folders = [...entities].flatMap(([folder, { landsItself }]) => (landsItself ? [] : [folder]));
  const loaded = byTasks ? await loadedNames(records) : undefined;
  const found = await passedOver(landing, entities, {
    nearest: (folder) => nearestOf(folder, folders),
    ...(loaded && { whyNot: (name: string) => (loaded.has(name) ? undefined : whyNotByTasks(name)) }),
  });
  const { rows } = await records.query(
    "select source_file, reason from ops.loaded_files where table_name = 'none'",
  );
  const known = new Map(rows.map((row) => [String(row["source_file"]), String(row["reason"])]));
  const fresh = found.filter(({ name, reason }) => known.get(name) !== reason);
  if (fresh.length === 0 && found.length === known.size) return;
  for (const { name, reason } of fresh.slice(0, mostNamed)) onNote?.(`${name} was not loaded: ${reason}`);
  if (fresh.length > mostNamed)
    onNote?.(
      `${fresh.length - mostNamed} more files were not loaded: \`npx shopmetrics show ops.loaded_files\` names them.`,
    );
  await replaceRecord(records, found, { runId, now });
}

async function loadedNames(records: Connection): Promise<ReadonlySet<unknown>> {
  const { rows } = await records.query("select source_file from ops.loaded_files where reason is null");
  return new Set(rows.map((row) => row["source_file"]));
}

/** What a run on this machine loads and a SQL task does not. */
function whyNotByTasks(name: string): string | undefined {
  if (isCompressed({ name })) return "a SQL task cannot decompress it: land it as it is without .gz";
  if (name.split("/").length > levelsOfTasks + 1)
    return `it lies more than ${levelsOfTasks - 1} folders below its entity's: move it up`;
  return undefined;
}

const replaceRecord = (
  records: Connection,
  found: readonly PassedOver[],
  { runId, now }: { runId: string; now: string },
) =>
  records.transaction(async () => {
    await records.execute("delete from ops.loaded_files where table_name = 'none'");
    const rows = found.map(({ name, reason }) => ({
      table_name: "none",
      source_file: name,
      rows_loaded: 0,
      rows_rescued: 0,
      batch: 0,
      run_id: runId,
      loaded_at: { type: "timestamp", value: now } as const,
      reason,
    }));
    await insert(records, "ops.loaded_files", rows);
  });
