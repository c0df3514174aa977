import path from "node:path";
import * as z from "zod";
import { readdir, readFile, stat } from "node:fs/promises";
import { statusSign, statusWord } from "shopmetrics/run";
import { InputError } from "shopmetrics/settings";
import type { WarehouseStats } from "./warehouse-stats.js";

/** What covers a requirement: a test, a check of data, or what a person looks at. */
export type Cover =
  | { readonly kind: "test"; readonly file: string; readonly title: string }
  | { readonly kind: "check"; readonly step: string; readonly name: string }
  | { readonly kind: "by hand"; readonly words: string };

/** A requirement as `docs/requirements.md` states it. */
export interface Requirement {
  readonly id: string;
  /** What it asks for. */
  readonly text: string;
  readonly covers: readonly Cover[];
  /** Why nothing covers it, where that is so. */
  readonly gap?: string | undefined;
}

/** What covers a requirement, with its last result in words; undefined where there is none. */
export interface Evidence {
  readonly cover: Cover;
  readonly result?: { readonly status: "pass" | "warn" | "fail"; readonly words: string } | undefined;
}

/** What covers each requirement, by its id. */
export type EvidenceMap = ReadonlyMap<string, readonly Evidence[]>;

/** Finds the last result of all that covers requirements. @param known.tests results of tests, if they are known */
export function findEvidence(
  requirements: ReadonlyMap<string, Requirement>,
  known: { warehouseStats: WarehouseStats; tests: TestReport | undefined },
): EvidenceMap {
  const resultOf = (cover: Cover): Evidence["result"] => {
    if (cover.kind === "test") return known.tests?.resultOf(cover.file, cover.title);
    if (cover.kind === "by hand") return undefined;
    const check = known.warehouseStats.checks.find(
      ({ step, name }) => step === cover.step && name === cover.name,
    );
    if (!check) return undefined;
    const { status, checkedAt } = check;
    const words = `${statusSign[status]} ${statusWord[status]} on ${checkedAt.slice(0, 10)}`;
    return { status, words };
  };
  return new Map(
    [...requirements.values()].map(({ id, covers }) => [
      id,
      covers.map((cover) => ({ cover, result: resultOf(cover) })),
    ]),
  );
}

export const requirementsFile = "docs/requirements.md";

/** The shop's requirements by id, in the order of `docs/requirements.md`. @throws InputError at a line that says nothing */
export async function readRequirements(root: string): Promise<Map<string, Requirement>> {
  return parseRequirements(await readFile(path.join(root, requirementsFile), "utf8"));
}

export function parseRequirements(text: string): Map<string, Requirement> {
  const found = new Map<string, Requirement>();
  for (const [, id, body] of text.matchAll(/^### (\S+)\n([^]*?)(?=^#|$(?![^]))/gm)) {
    const [asked, ...entries] = body!.trim().split(/\n+- /);
    const covers: Cover[] = [];
    let gap: string | undefined;
    for (const entry of entries.map((lines) => lines.replace(/\s+/g, " "))) {
      const [, kind, name, words] =
        /^(test|check|by hand|not covered)(?: `([^`]+)`)?: (.+)$/.exec(entry) ?? [];
      if (kind === "test" && name) covers.push({ kind, file: name, title: words! });
      else if (kind === "check" && name) covers.push({ kind, step: name, name: words! });
      else if (kind === "by hand") covers.push({ kind, words: words! });
      else if (kind === "not covered") gap = words!;
      else
        throw new InputError(
          `${requirementsFile}: ${id} has the line "${entry}". A line is one of: test \`FILE\`: title, check \`STEP\`: name, ` +
            "by hand: words, not covered: why.",
        );
    }
    if (found.has(id!)) throw new InputError(`${requirementsFile} has ${id} twice. Join the two.`);
    found.set(id!, { id: id!, text: asked!.replace(/\s+/g, " "), covers, gap });
  }
  return found;
}

/** The last results of the tests. */
interface TestReport {
  /** The result of a file's tests whose full name holds these words. Undefined if none of them was run. */
  resultOf(file: string, title: string): Evidence["result"];
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

type TestResult = z.infer<typeof report>["testResults"][number];

/**
 * Reads vitest's report (`--reporter=json`), or all the reports in a folder: CI runs the tests in parts, each on its own machine.
 *
 * @throws InputError when there is none, or when a file is no such report
 */
export async function readTestReport(root: string, place: string): Promise<TestReport> {
  const texts = await reportTexts(place).catch((cause: Error) => {
    throw new InputError(`The test report ${place} cannot be read: ${cause.message}`, { cause });
  });
  if (texts.length === 0)
    throw new InputError(`The folder ${place} holds no test report: a report is a file that ends in .json.`);
  const byFile = new Map<string, TestResult[]>();
  for (const { testResults } of texts.map(([file, text]) => parse(file, text)))
    for (const result of testResults) {
      const name = testFile(root, result.name);
      byFile.set(name, [...(byFile.get(name) ?? []), result]);
    }
  return {
    resultOf(name, title) {
      const found = byFile.get(name);
      if (!found) return undefined;
      if (found.some(({ assertionResults, status }) => assertionResults.length === 0 && status === "failed"))
        return { status: "fail", words: "✗ the test file failed" };
      // A test that ran twice, such as on two Node versions, is one test, and passes if it always does.
      const tests = new Map<string, Set<string>>();
      for (const { fullName, status } of found.flatMap(({ assertionResults }) => assertionResults))
        if (fullName.includes(title)) tests.set(fullName, (tests.get(fullName) ?? new Set()).add(status));
      const all = [...tests.values()];
      const failed = all.filter((statuses) => statuses.has("failed")).length;
      const passed = all.filter((statuses) => statuses.has("passed")).length;
      if (failed > 0) return { status: "fail", words: `✗ ${failed} of ${all.length} tests failed` };
      if (passed === 0) return undefined;
      const skipped = all.length - passed;
      const words = `✓ ${passed} ${passed === 1 ? "test" : "tests"} passed`;
      return { status: "pass", words: skipped > 0 ? `${words}, ${skipped} skipped` : words };
    },
  };
}

async function reportTexts(place: string): Promise<(readonly [file: string, text: string])[]> {
  const isFolder = (await stat(place)).isDirectory();
  const files = isFolder
    ? (await readdir(place)).filter((name) => name.endsWith(".json")).map((name) => path.join(place, name))
    : [place];
  return Promise.all(files.map(async (file) => [file, await readFile(file, "utf8")] as const));
}

/** A test's file from the root. The report may come from another machine, where the root was elsewhere. */
function testFile(root: string, file: string): string {
  const own = path.relative(root, file).replaceAll(path.sep, "/");
  return own.startsWith("../") ? file.slice(file.lastIndexOf("/tests/") + 1) : own;
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
