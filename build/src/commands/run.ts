import { readdir } from "node:fs/promises";
import { openEngine } from "shopmetrics/engine";
import type { BusinessDates } from "shopmetrics/run";
import { InputError, readSettings, useSettings, withAcceptLoss, type Settings } from "shopmetrics/settings";
import type { Compiled } from "../compile/compile.js";
import { saysWhenInterrupted } from "../run/interrupt.js";
import { recordLineage } from "../run/openlineage/record-run.js";
import { nothingLanded, printWarning, progress, summary } from "../run/print.js";
import { runGraph } from "../run/run.js";
import type { RunReport } from "../run/run-report.js";
import { selectBackfilled, selectSteps } from "../compile/select.js";
import { nearPath } from "../text.js";
import { compileProject } from "./compile-project.js";
import { reserveStdoutForJson, printJson } from "./fail.js";

export interface RunCommand {
  only?: string;
  from?: string;
  date?: string;
  full?: boolean;
  fromDate?: string;
  toDate?: string;
  job?: string;
  acceptLoss?: boolean;
  quiet?: boolean;
  json?: boolean;
}

export async function run(options: RunCommand): Promise<void> {
  const settings = settingsOf(options);
  if (options.json) reserveStdoutForJson();
  const report = await runPipeline(settings, await compileProject(settings.root), options);
  if (options.json) printJson(report);
}

/** The settings of the environment, changed as the options say. */
export function settingsOf({ acceptLoss }: { acceptLoss?: boolean }): Settings {
  const settings = readSettings();
  return acceptLoss ? withAcceptLoss(settings, true) : settings;
}

/** Runs what the options choose, prints as it goes unless told not to, and sets the exit code. */
export async function runPipeline(
  settings: Settings,
  compiled: Compiled,
  options: RunCommand,
): Promise<RunReport> {
  const { steps, date, full, backfill, cares } = selectionOf(compiled, options);
  const silent = Boolean(options.json);
  const stopListening = saysWhenInterrupted();
  const say = silent ? undefined : progress({ steps, quiet: Boolean(options.quiet) });
  const onNote = (message: string) => {
    say?.clear();
    console.error(message);
  };
  const engine = await openEngine(settings, { onWait: onNote });
  const restoreSettings = useSettings(settings);
  try {
    const lineage = await recordLineage(settings, compiled, { job: options.job ?? "daily", onNote });
    const report = await runGraph({
      engine,
      graph: compiled,
      steps,
      landing: settings.landing,
      snapshots: settings.snapshots,
      date,
      full,
      cares,
      ...(backfill && { backfill }),
      onNote,
      onWarning(message) {
        say?.clear();
        printWarning(message);
      },
      onStep: (event) => {
        lineage.step(event);
        say?.step(event);
      },
    });
    say?.stop();
    lineage.end(report);
    if (!silent) summary(report, { quiet: Boolean(options.quiet) });
    if (await isEmpty(settings.landing)) console.error(nothingLanded(nearPath(settings.landing)));
    if (report.status === "failed") process.exitCode = 1;
    return report;
  } finally {
    say?.stop();
    await engine.close();
    restoreSettings();
    stopListening();
  }
}

/** What the options choose: the steps, and how they run. */
export function selectionOf(compiled: Compiled, options: RunCommand) {
  const backfill = backfillOf(options);
  const chosen = { job: "daily", ...options };
  return {
    steps: backfill ? selectBackfilled(compiled, chosen) : selectSteps(compiled, chosen),
    date: asOfDate(options.date),
    full: Boolean(options.full),
    ...(backfill && { backfill }),
    /** Whether the tables are cared for as well, where that is due. */
    cares: options.only === undefined && options.from === undefined && !backfill,
  };
}

/** Whether the landing folder holds no export at all, or is not there. */
export async function isEmpty(landing: string): Promise<boolean> {
  const entries = await readdir(landing, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return !entries.some((name) => /\.(csv|ndjson)(\.gz)?$/i.test(name));
}

const asOfDate = (given: string | undefined): string =>
  given === undefined ? new Date().toISOString().slice(0, 10) : readDate("--date", given);

/**
 * The business dates that are to be computed anew.
 *
 * @throws InputError where they make no sense
 */
function backfillOf({ fromDate, toDate, full }: RunCommand): BusinessDates | undefined {
  if (fromDate === undefined && toDate === undefined) return undefined;
  if (fromDate === undefined) throw new InputError("--to-date needs --from-date: give both, or neither.");
  if (toDate === undefined) throw new InputError("--from-date needs --to-date: give both, or neither.");
  const dates = { from: readDate("--from-date", fromDate), to: readDate("--to-date", toDate) };
  if (dates.from > dates.to)
    throw new InputError(`--from-date ${dates.from} is after --to-date ${dates.to}: exchange them.`);
  for (const [option, date] of [
    ["--from-date", dates.from],
    ["--to-date", dates.to],
  ] as const)
    if (date < "1900-01-01" || date > "2199-12-31")
      throw new InputError(`${option} ${date}: business dates are from 1900-01-01 to 2199-12-31.`);
  if (full)
    throw new InputError("--full computes all dates: leave out --full, or --from-date and --to-date.");
  return dates;
}

function readDate(option: string, given: string): string {
  const day = new Date(`${given}T00:00:00Z`);
  const valid =
    /^\d{4}-\d{2}-\d{2}$/.test(given) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(given);
  if (!valid) throw new InputError(`${option} ${given}: give a date such as 2026-03-01.`);
  return given;
}
