import { runUnitTest } from "shopmetrics/run";
import { messageFor } from "shopmetrics/settings";
import type { Compiled } from "../compile/compile.js";
import type { PlacedTest } from "../compile/record.js";

/** What became of a notebook's unit test. */
export interface UnitTestReport extends PlacedTest {
  readonly status: "passed" | "failed";
  readonly seconds: number;
  /** Of a test that failed, the difference or what the engine said. */
  readonly message: string | null;
}

/** Runs unit tests of notebooks, one after another, each in an empty warehouse of its own. */
export async function runUnitTests(
  { plans, tables }: Pick<Compiled, "plans" | "tables">,
  tests: readonly PlacedTest[],
  onEnd: (report: UnitTestReport) => void = () => undefined,
): Promise<UnitTestReport[]> {
  const reports: UnitTestReport[] = [];
  for (const placed of tests) {
    const started = performance.now();
    const plan = plans.find(({ step }) => step === placed.step)!;
    const message = await runUnitTest(plan, placed.test, { tables }).then(
      () => null,
      (error: unknown) => messageFor(error),
    );
    const seconds = (performance.now() - started) / 1000;
    const report = { ...placed, status: message === null ? "passed" : "failed", seconds, message } as const;
    reports.push(report);
    onEnd(report);
  }
  return reports;
}
