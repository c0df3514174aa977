import { readdir } from "node:fs/promises";
import { openEngine } from "shopmetrics/engine";
import { InputError, readSettings, useSettings, withAcceptLoss, type Settings } from "shopmetrics/settings";
import { shop } from "shopmetrics/shop";
import { compile, type Compiled } from "../compile/compile.js";
import { saysWhenInterrupted } from "../run/interrupt.js";
import { recordLineage } from "../run/openlineage/record-run.js";
import { nothingLanded, printWarning, progress, summary } from "../run/print.js";
import { runGraph } from "../run/run.js";
import type { RunReport } from "../run/run-report.js";
import { selectSteps } from "../compile/select.js";
import { nearPath } from "../text.js";
import { reserveStdoutForJson, printJson } from "./fail.js";

export interface RunCommand {
  only?: string;
  from?: string;
  date?: string;
  full?: boolean;
  job?: string;
  acceptLoss?: boolean;
  quiet?: boolean;
  json?: boolean;
}

export async function run(options: RunCommand): Promise<void> {
  const settings = settingsOf(options);
  if (options.json) reserveStdoutForJson();
  const report = await runPipeline(settings, await compile(settings.root, shop), options);
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
  const steps = selectSteps(compiled, { job: "daily", ...options });
  const date = logicalDate(options.date);
  const silent = Boolean(options.json);
  const stopListening = saysWhenInterrupted();
  const engine = await openEngine(settings, { onWait: (message) => console.error(message) });
  const restoreSettings = useSettings(settings);
  const onNote = (message: string) => console.error(message);
  const say = silent ? undefined : progress({ steps, quiet: Boolean(options.quiet) });
  try {
    const lineage = await recordLineage(settings, compiled, { job: options.job ?? "daily", onNote });
    const report = await runGraph({
      engine,
      graph: compiled,
      steps,
      landing: settings.landing,
      snapshots: settings.snapshots,
      date,
      full: Boolean(options.full),
      onNote,
      onWarning: printWarning,
      onStep: (event) => {
        lineage.step(event);
        say?.(event);
      },
    });
    lineage.end(report);
    if (!silent) summary(report, { quiet: Boolean(options.quiet) });
    if (await isEmpty(settings.landing)) console.error(nothingLanded(nearPath(settings.landing)));
    if (report.status === "failed") process.exitCode = 1;
    return report;
  } finally {
    await engine.close();
    restoreSettings();
    stopListening();
  }
}

/** Whether the landing folder holds no export at all, or is not there. */
export async function isEmpty(landing: string): Promise<boolean> {
  const entries = await readdir(landing, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return !entries.some((name) => /\.(csv|ndjson)(\.gz)?$/i.test(name));
}

function logicalDate(given: string | undefined): string {
  if (given === undefined) return new Date().toISOString().slice(0, 10);
  const day = new Date(`${given}T00:00:00Z`);
  const valid =
    /^\d{4}-\d{2}-\d{2}$/.test(given) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(given);
  if (!valid) throw new InputError(`--date ${given}: give a date such as 2026-03-01.`);
  return given;
}
