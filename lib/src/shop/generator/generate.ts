import { clickstreamName, firstClickstreamDay, writeClickstream } from "./clickstream.js";
import { type Day, isoDate } from "./calendar.js";
import { hasNewCampaign } from "./campaigns.js";
import { entityNames, faultKinds, type EntityName } from "./entity.js";
import { exportName, writeExport } from "./write-export.js";
import { eventFaultKinds } from "./event-faults.js";
import { type GeneratedFile, type GenerateOptions, type GenerateReport, plan } from "./options.js";
import { openShop } from "./shop.js";
import { Visits } from "./visits.js";
import { aloneIn, type LandingState, listExports, readState, writeState } from "./landing-state.js";

/**
 * Fills a landing folder, as `generate` of `sources.ts` says.
 *
 * @param duckdb settings of the embedded database that creates the rows, such as `{ threads: "1" }`
 */
export async function generate(
  options: GenerateOptions,
  duckdb: Record<string, string> = {},
): Promise<GenerateReport> {
  return aloneIn(options.landing, () => generateAlone(options, duckdb));
}

async function generateAlone(
  options: GenerateOptions,
  duckdb: Record<string, string>,
): Promise<GenerateReport> {
  const started = performance.now();
  const known = await readState(options.landing);
  const asked = plan(options, known);
  const present = new Set(await listExports(options.landing));
  // If a killed call left files unwritten, this call writes only those.
  const unfinished = known === undefined ? [] : missing(known, present);
  const state = known !== undefined && unfinished.length > 0 ? known : asked;
  const due = unfinished.length > 0 ? unfinished : missing(state, present);

  const files: GeneratedFile[] = [];
  const faults = Object.fromEntries([...faultKinds, ...eventFaultKinds].map((kind) => [kind, 0]));
  if (due.length > 0) {
    await writeState(options.landing, state);
    const shop = await openShop(state, state.through, duckdb);
    const visits = new Visits(shop, state);
    try {
      for (const [index, { name, day }] of due.entries()) {
        options.onFile?.({ entity: name, day: isoDate(day), number: index + 1, of: due.length });
        const job = { ...state, landing: options.landing, day, faults: options.faults ?? state.faults };
        const count = (kind: string, rows: number) => {
          faults[kind] = (faults[kind] ?? 0) + rows;
        };
        files.push(
          name === "clickstream"
            ? await writeClickstream(visits, job, count)
            : await writeExport(
                shop,
                { ...job, entity: shop.entities.get(name)!, history: day === state.to },
                count,
              ),
        );
      }
    } finally {
      shop.close();
    }
  }
  return {
    files,
    from: isoDate(state.from),
    to: isoDate(state.through),
    seconds: (performance.now() - started) / 1000,
    faults,
  };
}

/** The files that are due up to the last day and missing in the folder, oldest first. */
function missing(
  state: LandingState,
  present: ReadonlySet<string>,
): { name: EntityName | "clickstream"; day: Day }[] {
  const due: { name: EntityName | "clickstream"; day: Day }[] = [];
  for (let day = firstClickstreamDay(state); day <= state.through; day++) {
    for (const name of day < state.to ? [] : entityNames) {
      if (name === "campaigns" && !hasNewCampaign(state, day)) continue;
      if (!present.has(exportName(name, day))) due.push({ name, day });
    }
    if (!present.has(clickstreamName(day))) due.push({ name: "clickstream", day });
  }
  return due;
}
