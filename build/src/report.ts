import { styleText } from "node:util";
import Table from "cli-table3";
import { describeCheck } from "shopmetrics/internal/run/step";
import type { RunReport, StepEvent, StepReport } from "./run.js";
import { count, seconds } from "./text.js";

const paint = (style: Parameters<typeof styleText>[0], text: string) =>
  process.stdout.isTTY && !process.env["NO_COLOR"] ? styleText(style, text) : text;

const signs = { succeeded: paint("green", "✓"), failed: paint("red", "✗"), skipped: paint("dim", "·") };

/** Prints a line for each step as it ends. */
export function progress(options: {
  steps: ReadonlySet<string>;
  quiet: boolean;
}): (event: StepEvent) => void {
  const width = Math.max(...[...options.steps].map((step) => step.length));
  return (event) => {
    if (event.kind !== "ended") return;
    const { report } = event;
    for (const warning of report.warnings) console.error(`${paint("yellow", "!")} ${warning}`);
    if (options.quiet && report.status !== "failed") return;
    console.log(`${signs[report.status]} ${report.step.padEnd(width)}  ${did(report)}`);
  };
}

function did(report: StepReport): string {
  if (report.status === "skipped") return paint("dim", report.message ?? "skipped");
  if (report.status === "failed") return `failed after ${seconds(report.seconds)}`;
  const failedChecks = report.checks.filter(({ status }) => status !== "pass").length;
  return [
    `${count(report.in)} in`,
    `${count(report.out)} out`,
    report.rejected ? paint("yellow", `${count(report.rejected)} rejected`) : "",
    failedChecks ? paint("yellow", `${failedChecks} of ${report.checks.length} checks warn`) : "",
    paint("dim", seconds(report.seconds)),
  ]
    .filter(Boolean)
    .join("  ");
}

/** Prints the table of steps, then what a person has to know: warnings, the failure and what to do next. */
export function summary(report: RunReport, options: { quiet: boolean }): void {
  if (!options.quiet) {
    console.log(`\n${stepTable(report)}`);
  }
  for (const step of report.steps) {
    for (const check of step.checks) {
      if (check.status === "warn") console.error(`${paint("yellow", "warning")}  ${describeCheck(check)}`);
    }
  }
  const failed = report.steps.filter(({ status }) => status === "failed");
  for (const { step, message } of failed)
    console.error(`${paint("red", "failed")}  ${step}: ${message ?? ""}`);
  if (failed.length > 0) {
    const first = failed[0]!;
    console.error(
      `\nNothing of ${failed.map(({ step }) => step).join(", ")} was kept, and what depends on it was not run. ` +
        `Mend the cause and run again: \`npx shopmetrics run\` goes on from there; \`npx shopmetrics show ops.check_results\` has the figures of ${first.step}.`,
    );
  }
  if (!options.quiet) {
    const checks = report.steps.flatMap((step) => step.checks);
    const passed = checks.filter(({ status }) => status === "pass").length;
    const ran = report.steps.filter(({ status }) => status !== "skipped").length;
    console.log(
      `${report.status === "succeeded" ? paint("green", "Succeeded") : paint("red", "Failed")} in ${seconds(report.seconds)}: ` +
        `${ran} steps ran, ${report.steps.length - ran} skipped, ${passed} of ${checks.length} checks passed (run ${report.runId})`,
    );
  }
}

function stepTable(report: RunReport): string {
  const table = new Table({
    head: ["step", "rows in", "rows out", "merged", "rejected", "checks", "seconds"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    style: {
      head: process.stdout.isTTY ? ["bold"] : [],
      border: process.stdout.isTTY ? ["dim"] : [],
      compact: true,
    },
  });
  for (const step of report.steps) {
    const skipped = step.status === "skipped";
    const passed = step.checks.filter(({ status }) => status === "pass").length;
    table.push([
      `${signs[step.status]} ${step.step}`,
      skipped ? "" : count(step.in),
      skipped ? "" : count(step.out),
      step.merged === null || skipped ? "" : count(step.merged),
      skipped ? "" : count(step.rejected),
      skipped ? (step.message ?? "") : `${passed}/${step.checks.length}`,
      skipped ? "" : step.seconds.toFixed(2),
    ]);
  }
  return table.toString();
}
