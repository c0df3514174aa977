import type { Connection } from "shopmetrics/engine";
import type { Tables } from "shopmetrics/plan";
import { insert, passedOver } from "shopmetrics/run";
import type { Graph } from "../compile/graph.js";
import { nearest } from "../text.js";

/** As many files are named one by one in one run. */
const mostNamed = 20;

/**
 * Records which files of the landing folder no step loads, with the reason, in `ops.loaded_files`, and tells of each once: a
 * file that lies there is not named again by the next run. One that is gone leaves the record.
 */
export async function recordPassedOver(
  records: Connection,
  graph: Graph & { readonly tables: Tables },
  options: { landing: string; runId: string; now: string; onNote: ((message: string) => void) | undefined },
): Promise<void> {
  const { landing, runId, now, onNote } = options;
  // Programs load too, but their plans do not say from where: a bronze table is called after its folder.
  const bronze = [...graph.tables.values()].filter(({ layer }) => layer === "bronze");
  const loads = graph.plans.flatMap(({ items }) => items.flatMap(({ load }) => load ?? []));
  const entities = new Map([
    ...bronze.map(({ name, options }) => [folderOf(name), options.files ?? "csv"] as const),
    ...loads.map(({ folder, format }) => [folder, format] as const),
  ]);
  const folders = [...entities.keys()];
  const found = await passedOver(landing, entities, (folder) => nearest(folder.toLowerCase(), folders));
  const { rows } = await records.query(
    "select source_file, reason from ops.loaded_files where table_name = 'none'",
  );
  const known = new Map(rows.map((row) => [String(row["source_file"]), String(row["reason"])]));
  const fresh = found.filter(({ name, reason }) => known.get(name) !== reason);
  const isUnchanged = fresh.length === 0 && found.length === known.size;
  if (isUnchanged) return;
  for (const { name, reason } of fresh.slice(0, mostNamed)) onNote?.(`${name} was not loaded: ${reason}`);
  if (fresh.length > mostNamed)
    onNote?.(
      `${fresh.length - mostNamed} more files were not loaded: \`npx shopmetrics show ops.loaded_files\` names them.`,
    );
  await records.transaction(async () => {
    await records.execute("delete from ops.loaded_files where table_name = 'none'");
    await insert(
      records,
      "ops.loaded_files",
      found.map(({ name, reason }) => ({
        table_name: "none",
        source_file: name,
        rows_loaded: 0,
        rows_rescued: 0,
        batch: 0,
        run_id: runId,
        loaded_at: { type: "timestamp", value: now } as const,
        reason,
      })),
    );
  });
}

/** `bronze.orders_raw` is loaded from orders/. */
const folderOf = (table: string) => table.replace(/^bronze\./, "").replace(/_raw$/, "");
