import { engineNamed } from "shopmetrics/engine";
import { appendFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { asksOutside, keptFrom, type Settings } from "shopmetrics/settings";
import type { Compiled } from "../../compile/compile.js";
import type { RunReport, StepEvent } from "../run-report.js";
import { namingOf } from "./datasets.js";
import { runEvent, stepEvent, type RunEvent, type RunOfEvents } from "./events.js";

/** Records a run as OpenLineage events. */
interface LineageRecord {
  step(event: StepEvent): void;
  end(report: RunReport): void;
}

/**
 * Writes the events of one run to `SHOPMETRICS_HOME/lineage/<run>.ndjson`, one a line, as they happen: of a run that is killed,
 * the start is recorded. A run never fails because of it: a problem is reported once. Files of runs that are older than the
 * settings say are deleted.
 */
export async function recordLineage(
  settings: Settings,
  compiled: Compiled,
  options: { readonly job: string; readonly onNote: (message: string) => void },
): Promise<LineageRecord> {
  const version = await engineVersion(settings);
  const plans = new Map(compiled.plans.map((plan) => [plan.step, plan]));
  let run: RunOfEvents | undefined;
  let broken = false;
  const begin = (runId: string): RunOfEvents => {
    if (run) return run;
    mkdirSync(path.join(settings.home, "lineage"), { recursive: true });
    removeOld(path.join(settings.home, "lineage"), keptFrom(settings, new Date()));
    run = {
      runId,
      job: options.job,
      engine: { name: settings.engine, version },
      naming: namingOf(settings),
      asks: (source) => asksOutside(settings, source),
      tables: compiled.tables,
      lineage: compiled.lineage,
    };
    write(runEvent(run));
    return run;
  };
  const write = (event: RunEvent) =>
    appendFileSync(path.join(settings.home, "lineage", `${run!.runId}.ndjson`), `${JSON.stringify(event)}\n`);
  const safely = (work: () => void) => {
    if (broken) return;
    try {
      work();
    } catch (error) {
      broken = true;
      options.onNote(`The run continues without its lineage: ${(error as Error).message}`);
    }
  };
  return {
    step: (event) =>
      safely(() => {
        const started = event.kind === "started";
        const plan = plans.get(started ? event.step : event.report.step)!;
        const known = begin(event.runId);
        write(stepEvent(known, plan, started ? undefined : event.report));
      }),
    end: (report) => safely(() => write(runEvent(begin(report.runId), report))),
  };
}

/** A file's name begins with the instant at which its run began. */
function removeOld(folder: string, from: Date): void {
  const oldest = from.toISOString().slice(0, 19).replaceAll(":", "");
  for (const name of readdirSync(folder))
    if (/^\d{4}-\d\d-\d\dT\d{6}Z-\w+\.ndjson$/.test(name) && name < oldest) rmSync(path.join(folder, name));
}

/** A SQL warehouse does not say which version answers. */
const engineVersion = async ({ engine }: Settings) => (await engineNamed(engine).version?.()) ?? "unknown";
