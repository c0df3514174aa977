import { readFile } from "node:fs/promises";
import path from "node:path";
import { InputError } from "shopmetrics/internal/errors";
import * as z from "zod";
import type { Evidence } from "./evidence.js";
import { idsIn } from "./requirements.js";

/** The last results of the tests. */
export interface TestReport {
  /** How a file's tests came out: those that quote the id, or all where none does. Undefined when it was not run. */
  resultOf(file: string, id: string): Evidence["result"];
}

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/**
 * Reads vitest's report (`--reporter=json`).
 *
 * @throws InputError when the file is not there or is no such report
 */
export async function readTestReport(root: string, file: string): Promise<TestReport> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new InputError(`The test report ${file} cannot be read: ${cause.message}`, { cause });
  });
  const { testResults } = parse(file, text);
  const byFile = new Map(
    testResults.map((one) => [path.relative(root, one.name).replaceAll(path.sep, "/"), one]),
  );
  return {
    resultOf(name, id) {
      const found = byFile.get(name);
      if (!found) return undefined;
      const own = found.assertionResults.filter(({ fullName }) => idsIn(fullName).has(id));
      const tests = own.length > 0 ? own : found.assertionResults;
      const count = (status: string) => tests.filter((one) => one.status === status).length;
      const [passed, failed] = [count("passed"), count("failed")];
      const isBroken = tests.length === 0 && found.status === "failed";
      if (failed > 0 || isBroken)
        return { status: "fail", words: `✗ ${failed} of ${tests.length} tests failed` };
      if (passed === 0) return undefined;
      const skipped = tests.length - passed;
      const words = `✓ ${passed} ${passed === 1 ? "test" : "tests"} passed`;
      return { status: "pass", words: skipped > 0 ? `${words}, ${skipped} skipped` : words };
    },
  };
}

function parse(file: string, text: string): z.infer<typeof report> {
  try {
    return report.parse(JSON.parse(text));
  } catch (cause) {
    throw new InputError(
      `${file} is not a test report: write one by \`npx vitest run --reporter=json --outputFile.json=${path.basename(file)}\`.`,
      { cause },
    );
  }
}
