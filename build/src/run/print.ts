import { styleText } from "node:util";
import Table from "cli-table3";
import { describeCheck } from "shopmetrics/run";
import { printable } from "shopmetrics/settings";
import { notHere, nothingNew, type RunReport, type StepEvent, type StepReport } from "./run-report.js";
import { count, seconds } from "../text.js";

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
    for (const warning of report.warnings) printWarning(warning);
    if (!options.quiet) console.log(`${signs[report.status]} ${report.step.padEnd(width)}  ${did(report)}`);
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

/** Prints the table of steps, then warnings, failures and what to do next. */
export function summary(report: RunReport, options: { quiet: boolean }): void {
  if (!options.quiet) {
    console.log(`\n${stepTable(report)}`);
    if (report.backfill) console.log(backfillTable(report));
  }
  for (const step of report.steps) {
    for (const check of step.checks) {
      if (check.status === "warn") printWarning(describeCheck(check));
    }
  }
  const failed = report.steps.filter(({ status }) => status === "failed");
  for (const { step, message } of failed)
    console.error(`${paint("red", "failed")}  ${step}: ${printable(message ?? "")}`);
  if (failed.length > 0) console.error(`\n${nextStep(report, failed)}`);
  if (!options.quiet) {
    const checks = report.steps.flatMap((step) => step.checks);
    const passed = checks.filter(({ status }) => status === "pass").length;
    const ran = report.steps.filter(({ status }) => status !== "skipped").length;
    console.log(
      `${report.status === "succeeded" ? paint("green", "Succeeded") : paint("red", "Failed")} in ${seconds(report.seconds)}: ` +
        `${ran} ${ran === 1 ? "step" : "steps"} ran, ${report.steps.length - ran} skipped, ` +
        `${passed} of ${checks.length} checks passed (run ${report.runId})`,
    );
  }
}

/** How many rows of each table a backfill has added, changed and removed, and some of them. */
function backfillTable({ backfill, steps }: RunReport): string {
  const table = new Table({
    head: ["table", "added", "changed", "removed", "such as"],
    colAligns: ["left", "right", "right", "right", "left"],
    style: tableStyle(),
  });
  for (const { step, changed } of steps) {
    if (!changed) continue;
    const { keys, ...totals } = changed;
    const named = Object.entries(keys).flatMap(([change, some]) =>
      some.map((key) => `${change} ${printable(key)}`),
    );
    table.push([step, count(totals.added), count(totals.changed), count(totals.removed), named.join("\n")]);
  }
  return `Backfill of ${backfill!.from} to ${backfill!.to}: ${rowsChanged(steps)}\n${table.toString()}`;
}

function rowsChanged(steps: readonly StepReport[]): string {
  const sum = (change: "added" | "changed" | "removed") =>
    steps.reduce((rows, { changed }) => rows + (changed?.[change] ?? 0), 0);
  const [added, changed, removed] = [sum("added"), sum("changed"), sum("removed")];
  if (added + changed + removed === 0) return "no row differed.";
  return `${count(added)} rows added, ${count(changed)} changed, ${count(removed)} removed.`;
}

/** What a failure means for the tables, and what to do. */
function nextStep(report: RunReport, failed: readonly StepReport[]): string {
  const behind = report.steps.filter(
    ({ status, message }) => status === "skipped" && message !== nothingNew && message !== notHere,
  );
  const halted = failed.some(({ checks }) => checks.some(({ status }) => status === "fail"));
  return [
    `${failed.map(({ step }) => step).join(" and ")} wrote nothing` +
      (behind.length > 0
        ? `, and the ${behind.length} ${behind.length === 1 ? "step" : "steps"} behind ` +
          `${failed.length > 1 ? "them" : "it"} did not run: their tables are as they were.`
        : "."),
    "Fix the cause and run again: `npx shopmetrics run` continues from there.",
    ...(halted
      ? [
          "If a file is the cause, remove it from bronze first: `npx shopmetrics unload <file>`, which says how to land the " +
            "corrected one. All figures: `npx shopmetrics show ops.check_results`.",
        ]
      : []),
  ].join("\n");
}

/** A line on the standard error stream about what a person should look at. */
export const printWarning = (message: string) =>
  console.error(`${paint("yellow", "warning")}  ${printable(message)}`);

/** For a run that found an empty landing folder. */
export const nothingLanded = (landing: string) =>
  `${paint("yellow", "warning")}  Nothing has landed in ${landing} yet: put exports into its folders customers/, products/ and orders/, ` +
  "or generate some with `npx shopmetrics generate`.";

const tableStyle = () => ({
  head: process.stdout.isTTY ? ["bold"] : [],
  border: process.stdout.isTTY ? ["dim"] : [],
  compact: true,
});

function stepTable(report: RunReport): string {
  const table = new Table({
    head: ["step", "rows in", "rows out", "merged", "rejected", "checks", "seconds"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    style: tableStyle(),
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
