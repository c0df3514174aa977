import { styleText } from "node:util";
import { describeCheck } from "shopmetrics/run";
import { printable } from "shopmetrics/settings";
import { nothingNew, type RunReport, type StepEvent, type StepReport } from "./run-report.js";
import { count, counted, seconds } from "../text.js";
import { terminalTable, terminalWidth } from "../terminal-table.js";
import { runningLine } from "./running-line.js";

const paint = (style: Parameters<typeof styleText>[0], text: string) =>
  process.stdout.isTTY && !process.env["NO_COLOR"] ? styleText(style, text) : text;

const signs = { succeeded: paint("green", "✓"), failed: paint("red", "✗"), skipped: paint("dim", "·") };

/** A column of figures beside the names of the steps. */
interface Figure {
  readonly head: string;
  readonly width: number;
  readonly of: (report: StepReport) => string;
}

/** In the order in which a narrow terminal keeps them. */
const figures: readonly Figure[] = [
  { head: "seconds", width: 8, of: (step) => step.seconds.toFixed(2) },
  { head: "rows out", width: 10, of: (step) => count(step.out) },
  { head: "rejected", width: 9, of: (step) => count(step.rejected) },
  { head: "rows in", width: 10, of: (step) => count(step.in) },
  {
    head: "checks",
    width: 7,
    of: ({ checks }) =>
      checks.length === 0
        ? ""
        : `${checks.filter(({ status }) => status === "pass").length}/${checks.length}`,
  },
  { head: "merged", width: 7, of: (step) => (step.merged === null ? "" : count(step.merged)) },
];
const order = ["rows in", "rows out", "merged", "rejected", "checks", "seconds"];

/** With this width of names, all figures have room on the 80 columns of a log. A longer name has its figures on the next line. */
const longestName = 27;

/** Those that fit beside names of a width: all in a log, and as many as a terminal has room for. */
function fitting(names: number): Figure[] {
  let room = terminalWidth() - names - 2;
  const kept = figures.filter(({ width }) => (room -= width) >= 0);
  return order.flatMap((head) => kept.filter((figure) => figure.head === head));
}

/** Prints a line for each step as it ends; those with nothing new are counted in one line at the end. */
export function progress(options: { steps: ReadonlySet<string>; quiet: boolean }): Progress {
  const width = Math.min(longestName, Math.max(...[...options.steps].map((step) => step.length)));
  const shown = fitting(width);
  const line = options.quiet ? undefined : runningLine();
  let hasHead = options.quiet;
  const print = (text: string) => {
    if (!hasHead) {
      const heads = shown.map((figure) => figure.head.padStart(figure.width)).join("");
      console.log(paint("dim", `  ${"step".padEnd(width)}${heads}`));
    }
    hasHead = true;
    console.log(text);
  };
  return {
    clear: () => line?.clear(),
    stop: () => line?.stop(),
    step(event) {
      if (event.kind === "started") return line?.began(event.step);
      const { report } = event;
      line?.ended(report.step);
      line?.clear();
      for (const warning of report.warnings) printWarning(warning);
      if (options.quiet || report.message === nothingNew) return;
      const name =
        report.step.length > width ? `${report.step}\n  ${" ".repeat(width)}` : report.step.padEnd(width);
      print(`${signs[report.status]} ${name}${did(report, shown)}`);
    },
  };
}

interface Progress {
  step(event: StepEvent): void;
  /** Takes away what shows the running steps, before something else is printed. */
  clear(): void;
  stop(): void;
}

function did(report: StepReport, shown: readonly Figure[]): string {
  if (report.status === "skipped") return `  ${paint("dim", report.message ?? "skipped")}`;
  if (report.status === "failed") return `  failed after ${seconds(report.seconds)}`;
  const isBroken = report.checks.some(({ status }) => status !== "pass");
  return shown
    .map(({ head, width, of }) => {
      const text = ` ${of(report)}`.padStart(width);
      const isNotable = (head === "rejected" && report.rejected) || (head === "checks" && isBroken);
      return isNotable ? paint("yellow", text) : text;
    })
    .join("");
}

/** Prints how many steps were idle, then warnings, failures and what to do next. */
export function summary(report: RunReport, options: { quiet: boolean }): void {
  if (!options.quiet) {
    const idle = report.steps.filter(({ message }) => message === nothingNew).length;
    if (idle > 0) console.log(`${signs.skipped} ${counted(idle, "step")} had nothing new to read`);
    if (report.backfill) console.log(backfillTable(report));
  }
  for (const step of report.steps) {
    for (const check of step.checks) {
      if (check.status === "warn") printWarning(describeCheck(check).replaceAll("\n", "\\n"));
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
        `${counted(ran, "step")} ran, ${report.steps.length - ran} skipped, ` +
        `${passed} of ${counted(checks.length, "check")} passed\n${paint("dim", `Run ${report.runId}`)}`,
    );
  }
}

/** How many rows of each table a backfill has added, changed and removed, and some of them. */
function backfillTable({ backfill, steps }: RunReport): string {
  const rows = steps.flatMap(({ step, changed }) => {
    if (!changed) return [];
    const { keys, ...totals } = changed;
    const named = Object.entries(keys).flatMap(([change, some]) =>
      some.map((key) => `${change} ${printable(key)}`),
    );
    return [[step, count(totals.added), count(totals.changed), count(totals.removed), named.join("\n")]];
  });
  const table = terminalTable({
    head: ["table", "added", "changed", "removed", "such as"],
    aligns: ["left", "right", "right", "right", "left"],
    rows,
    style: tableStyle(),
  });
  return `Backfill of ${backfill!.from} to ${backfill!.to}: ${rowsChanged(steps)}\n${table}`;
}

function rowsChanged(steps: readonly StepReport[]): string {
  const sum = (change: "added" | "changed" | "removed") =>
    steps.reduce((rows, { changed }) => rows + (changed?.[change] ?? 0), 0);
  const [added, changed, removed] = [sum("added"), sum("changed"), sum("removed")];
  if (added + changed + removed === 0) return "no row differed.";
  return `${counted(added, "row")} added, ${count(changed)} changed, ${count(removed)} removed.`;
}

/** What a failure means for the tables, and what to do. */
function nextStep(report: RunReport, failed: readonly StepReport[]): string {
  const behind = report.steps.filter(({ status, message }) => status === "skipped" && message !== nothingNew);
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
});
