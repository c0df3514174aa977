import { InputError } from "shopmetrics/settings";
import { changesSince, type ChangedStep, type Changes } from "../changed/changed.js";
import type { Compiled } from "../compile/compile.js";
import { compileProject } from "./compile-project.js";
import { reserveStdoutForJson, printJson } from "./fail.js";
import { runPipeline, settingsOf, type RunCommand } from "./run.js";

/**
 * Runs the steps whose plan differs from that of a commit, and all that depend on them, each over all rows: rows that
 * are in the tables already are computed the new way too.
 */
export async function runChanged(options: ChangedCommand): Promise<void> {
  const settings = settingsOf(options);
  if (options.json) reserveStdoutForJson();
  const compiled = await compileProject(settings.root);
  const { changes, chosen, run } = await changedChoice(settings.root, compiled, options);
  if (!options.json && !options.quiet) console.log(`${describedChanges(changes, options.job ?? "daily")}\n`);
  if (options.json && chosen.length === 0) return printJson({ changed: changes, steps: [] });
  if (chosen.length === 0) return;
  const report = await runPipeline(settings, compiled, run);
  if (options.json) printJson({ ...report, changed: changes });
}

export type ChangedCommand = RunCommand & { since?: string };

/** The steps that `--changed` chooses, and the run that it means. */
export async function changedChoice(
  root: string,
  compiled: Compiled,
  options: ChangedCommand,
): Promise<{ changes: Changes; chosen: readonly ChangedStep[]; run: RunCommand }> {
  if (options.only !== undefined || options.from !== undefined)
    throw new InputError("--changed chooses the steps: leave out --only and --from.");
  if (options.fromDate !== undefined || options.toDate !== undefined)
    throw new InputError("--changed computes all dates: leave out --from-date and --to-date.");
  const changes = await changesSince(root, compiled, options.since);
  const chosen = changes.steps.filter((change) => change.jobs.includes(options.job ?? "daily"));
  const only = chosen.map(({ step }) => step).join(",");
  return { changes, chosen, run: { ...options, only, full: true } };
}

/** What runs and why, then what does not and why. */
export function describedChanges({ base, steps, gone }: Changes, job: string): string {
  const short = base.commit.slice(0, 7);
  const at = base.commit.startsWith(base.name) ? short : `${base.name} (${short})`;
  if (steps.length + gone.length === 0) return `No step differs from ${at}: nothing to run.`;
  const changed = steps.filter(({ isChanged }) => isChanged).length;
  const width = Math.max(0, ...steps.map(({ step }) => step.length));
  return [
    `${changed} ${changed === 1 ? "step differs" : "steps differ"} from ${at}; ${steps.length - changed} ` +
      `depend on ${changed === 1 ? "it" : "them"}:`,
    ...steps.map(
      (change) =>
        `  ${change.step.padEnd(width)}  ${change.reason}${change.jobs.includes(job) ? "" : ` (not run: --job ${change.jobs[0]})`}`,
    ),
    ...gone.map((step) => `  ${step} is gone; what it wrote stays`),
  ].join("\n");
}
