import { mkdir } from "node:fs/promises";
import { isoDate, type Day } from "./dates.js";
import type { EntityName } from "./entity.js";
import { exportName, writeExport, type GeneratedFile } from "./export.js";
import { FAULT_KINDS } from "./faults.js";
import { plan, type GenerateOptions } from "./options.js";
import { openShop } from "./shop.js";
import { listExports, readState, writeState } from "./state.js";

export type { GeneratedFile, GenerateOptions };

export interface GenerateReport {
  /** The files that this call wrote, oldest first. */
  files: GeneratedFile[];
  /** First day of the history, and the last day for which the folder now holds exports. */
  from: string;
  to: string;
  seconds: number;
  /** Faulty rows written, by kind; all zero on clean exports. */
  faults: Record<string, number>;
}

/**
 * Fills a landing folder with the exports of a simulated shop: its history first, then daily increments. A call
 * that was killed is finished by repeating it; exports that exist are never touched.
 *
 * @example
 * await generate({ landing: ".shopmetrics/landing", scale: 0.1 }); // the history up to yesterday
 * await generate({ landing: ".shopmetrics/landing", days: 7 }); // the seven days after it
 *
 * @param duckdb settings of the embedded database that makes the rows, such as `{ threads: "1" }`
 * @throws one sentence that names the option at fault, or the folder if somebody else filled it
 */
export async function generate(
  options: GenerateOptions,
  duckdb: Record<string, string> = {},
): Promise<GenerateReport> {
  const started = performance.now();
  const known = await readState(options.landing);
  const asked = plan(options, known);
  const present = new Set(await listExports(options.landing));
  // What a killed call left undone comes first, and is all that this call does.
  const unfinished = known === undefined ? [] : missing(known.to, known.through, present);
  const state = known !== undefined && unfinished.length > 0 ? known : asked;
  const due = unfinished.length > 0 ? unfinished : missing(state.to, state.through, present);

  const report: GenerateReport = {
    files: [],
    from: isoDate(state.from),
    to: isoDate(state.through),
    seconds: 0,
    faults: Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])),
  };
  if (due.length > 0) {
    await mkdir(options.landing, { recursive: true });
    await writeState(options.landing, state);
    const shop = await openShop(state, state.through, duckdb);
    try {
      for (const { name, day } of due) {
        const entity = shop.entities[name];
        const faults = options.faults ?? state.faults;
        const job = {
          landing: options.landing,
          seed: state.seed,
          entity,
          day,
          history: day === state.to,
          faults,
        };
        report.files.push(
          await writeExport(shop, job, (kind, rows) => {
            report.faults[kind] = (report.faults[kind] ?? 0) + rows;
          }),
        );
      }
    } finally {
      shop.close();
    }
  }
  report.seconds = (performance.now() - started) / 1000;
  return report;
}

/** The exports due from the history to `through` that the folder lacks, oldest first. */
function missing(to: Day, through: Day, present: ReadonlySet<string>): { name: EntityName; day: Day }[] {
  const due: { name: EntityName; day: Day }[] = [];
  for (let day = to; day <= through; day++) {
    for (const name of ["customers", "orders", "products"] as const) {
      if (!present.has(exportName(name, day))) due.push({ name, day });
    }
  }
  return due;
}
