import path from "node:path";
import * as z from "zod";
import { readFile } from "node:fs/promises";
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
    testResults.map((result) => [path.relative(root, result.name).replaceAll(path.sep, "/"), result]),
  );
  return {
    resultOf(name, title) {
      const found = byFile.get(name);
      if (!found) return undefined;
      if (found.assertionResults.length === 0 && found.status === "failed")
        return { status: "fail", words: "✗ the test file failed" };
      const tests = found.assertionResults.filter(({ fullName }) => fullName.includes(title));
      const count = (status: string) => tests.filter((test) => test.status === status).length;
      const [passed, failed] = [count("passed"), count("failed")];
      if (failed > 0) return { status: "fail", words: `✗ ${failed} of ${tests.length} tests failed` };
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
