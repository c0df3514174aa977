import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeWhole } from "../../landing/write-whole.js";
import { type Day, isoDate } from "./calendar.js";
import { drawNumber } from "./random.js";
import type { Entity, EntityName } from "./entity.js";
import { plainLines, faultCounts, faultyLines } from "./faults.js";
import type { GeneratedFile } from "./options.js";
import type { Shop } from "./shop.js";
import { literal } from "./tables.js";

interface ExportJob {
  readonly landing: string;
  readonly seed: number;
  readonly entity: Entity;
  readonly day: Day;
  readonly history: boolean;
  readonly faults: number;
}

/** The export of an entity for a day, within the landing folder. */
export function exportName(entity: EntityName, day: Day): string {
  return join(entity, `${entity}_${isoDate(day)}.csv`);
}

/** Writes one export. */
export async function writeExport(
  shop: Shop,
  job: ExportJob,
  count: (kind: string, rows: number) => void,
): Promise<GeneratedFile> {
  const { connection } = shop;
  const { entity, day } = job;
  const file = join(job.landing, exportName(entity.name, day));
  await mkdir(dirname(file), { recursive: true });

  if (entity.isOfSales) await shop.sell(day, job.history);
  await connection.run(
    `create or replace temp table picked as ${job.history ? entity.pickHistory(day) : entity.pickDay(day)}`,
  );
  const rendered = entity.render(day);
  const copy = (select: string, options: string): Promise<number> =>
    writeWhole(file, async (draft) => {
      const result = await connection.run(`copy (${select}) to ${literal(draft)} (${options})`);
      return result.rowsChanged;
    });
  let rows: number;
  if (job.faults > 0 && entity.faults.length > 0) {
    const phase = drawNumber(job.seed, entity.name, "faults", day);
    const spread = { rate: job.faults, phase };
    rows = await copy(faultyLines(entity, rendered, spread), plainLines);
    const counts = await connection.runAndReadAll(faultCounts(entity, spread));
    for (const [kind, faulty] of counts.getRows()) count(String(kind), Number(faulty));
  } else {
    rows = await copy(`select ${entity.columns.join(", ")} from (${rendered})`, "format csv, header");
  }
  const { size } = await stat(file);
  return { entity: entity.name, file, rows, bytes: size };
}
