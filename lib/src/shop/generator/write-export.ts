import { mkdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Day, isoDate } from "./calendar.js";
import { drawNumber } from "./random.js";
import type { Entity, EntityName } from "./entity.js";
import { PLAIN_LINES, faultCounts, faultyLines } from "./faults.js";
import type { GeneratedFile } from "./options.js";
import type { Shop } from "./shop.js";
import { literal } from "./tables.js";

interface ExportJob {
  landing: string;
  seed: number;
  entity: Entity;
  day: Day;
  history: boolean;
  faults: number;
}

/** The export of an entity for a day, within the landing folder. */
export function exportName(entity: EntityName, day: Day): string {
  return join(entity, `${entity}_${isoDate(day)}.csv`);
}

/** Writes one export under a hidden name and then gives it its own, so that nobody reads half a file. */
export async function writeExport(
  shop: Shop,
  job: ExportJob,
  count: (kind: string, rows: number) => void,
): Promise<GeneratedFile> {
  const { connection } = shop;
  const { entity, day } = job;
  const file = join(job.landing, exportName(entity.name, day));
  const folder = join(job.landing, entity.name);
  const unfinished = join(folder, `.${entity.name}_${isoDate(day)}.csv.tmp`);
  await mkdir(folder, { recursive: true });

  await connection.run(
    `create or replace temp table picked as ${job.history ? entity.pickHistory(day) : entity.pickDay(day)}`,
  );
  const rendered = entity.render(day);
  let rows: number;
  if (job.faults > 0) {
    const phase = drawNumber(job.seed, entity.name, "faults", day);
    const spread = { rate: job.faults, phase };
    rows = await copy(faultyLines(entity, rendered, spread), PLAIN_LINES);
    const counts = await connection.runAndReadAll(faultCounts(entity, spread));
    for (const [kind, faulty] of counts.getRows()) count(String(kind), Number(faulty));
  } else {
    rows = await copy(`select ${entity.columns.join(", ")} from (${rendered})`, "format csv, header");
  }
  const { size } = await stat(unfinished);
  await rename(unfinished, file);
  return { entity: entity.name, file, rows, bytes: size };

  async function copy(select: string, options: string): Promise<number> {
    const result = await connection.run(`copy (${select}) to ${literal(unfinished)} (${options})`);
    return result.rowsChanged;
  }
}
