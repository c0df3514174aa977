import path from "node:path";
import { styleText } from "node:util";
import { InputError, printable, readSettings } from "shopmetrics/settings";
import type { Compiled } from "../compile/compile.js";
import type { PlacedTest } from "../compile/record.js";
import { placeText } from "../notebook/error.js";
import { runUnitTests, type UnitTestReport } from "../run/unit-tests.js";
import { counted, nearest, seconds } from "../text.js";
import { compileProject } from "./compile-project.js";
import { reserveStdoutForJson, printJson } from "./fail.js";

/** Runs the unit tests that notebooks hold, all or those of the notebooks named. */
export async function test(
  names: readonly string[],
  options: { quiet?: boolean; json?: boolean },
): Promise<void> {
  if (options.json) reserveStdoutForJson();
  const compiled = await compileProject(readSettings().root);
  const chosen = testsOf(compiled, names);
  const print = options.json
    ? undefined
    : (report: UnitTestReport) => printTest(report, Boolean(options.quiet));
  const reports = await runUnitTests(compiled, chosen, print);
  const failed = reports.filter(({ status }) => status === "failed").length;
  if (failed > 0) process.exitCode = 1;
  if (options.json) return printJson({ tests: reports, passed: reports.length - failed, failed });
  const total = reports.reduce((sum, report) => sum + report.seconds, 0);
  if (reports.length === 0) console.log(`No unit test: ${names.join(", ")} begins none with given(…).`);
  else if (!options.quiet)
    console.log(
      failed > 0
        ? `${failed} of ${counted(reports.length, "unit test")} failed in ${seconds(total)}`
        : `${counted(reports.length, "unit test")} passed in ${seconds(total)}`,
    );
}

/** The tests of the notebooks that are named by their path, or by their step with or without its layer. */
function testsOf({ plans, tests }: Compiled, names: readonly string[]): readonly PlacedTest[] {
  if (names.length === 0) return tests;
  const chosen = new Set(
    names.map((name) => {
      const file = path.normalize(name).replace(/\.ipynb$/, "");
      const found = plans.find(
        ({ step, notebook }) =>
          step === name ||
          step.endsWith(`.${name}`) ||
          `/${file}`.endsWith(`/${notebook.replace(/\.ipynb$/, "")}`),
      );
      if (found) return found.step;
      const near = nearest(
        name
          .replace(/^notebooks\//, "")
          .replaceAll("/", ".")
          .replace(/\.ipynb$/, ""),
        plans.map(({ step }) => step),
      );
      throw new InputError(
        `There is no notebook "${name}". ${near ? `Did you mean ${near}?` : "`npx shopmetrics graph` lists the steps."}`,
      );
    }),
  );
  return tests.filter(({ step }) => chosen.has(step));
}

function printTest({ step, place, test: { expected }, message }: UnitTestReport, quiet: boolean): void {
  const paint = (style: "green" | "red", text: string) =>
    process.stdout.isTTY && !process.env["NO_COLOR"] ? styleText(style, text) : text;
  if (message !== null)
    return console.error(`${paint("red", "✗")} ${placeText(place)}: ${printable(message)}`);
  if (quiet) return;
  const where = expected.table === step ? "" : ` of ${expected.table}`;
  console.log(
    `${paint("green", "✓")} ${step} cell ${place.cell}:${place.line}  ${counted(expected.rows.length, "row")}${where}`,
  );
}
