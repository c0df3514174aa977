import path from "node:path";
import * as z from "zod";
import { readFile, readdir } from "node:fs/promises";
import type { Tables } from "shopmetrics/plan";
import type { Notebook } from "../notebook/parse.js";
import type { WarehouseStats } from "./warehouse-stats.js";
import { checksWords, worst } from "./outputs.js";
import { InputError } from "shopmetrics/settings";

/** A place that says it satisfies a requirement. */
export interface Evidence {
  readonly kind: "notebook" | "table" | "test" | "guide" | "code";
  /** The step, the table, or the file. */
  readonly name: string;
  /** Of a test file: the titles of its tests that quote the id, where they do. */
  readonly titles?: readonly string[];
  /** The last result, in words; undefined when there is none. */
  readonly result?: { readonly status: "pass" | "warn" | "fail"; readonly words: string } | undefined;
}

/** The places that quote a requirement, by its id. */
export type EvidenceMap = ReadonlyMap<string, readonly Evidence[]>;

/**
 * Looks for the ids that notebooks, contracts, tests, guides and the rest of the code quote.
 *
 * @param tests the last results of the tests, if they are known
 */
export async function findEvidence(
  root: string,
  known: {
    notebooks: ReadonlyMap<string, Notebook>;
    tables: Tables;
    warehouseStats: WarehouseStats;
    tests: TestReport | undefined;
  },
): Promise<EvidenceMap> {
  const { notebooks, tables, warehouseStats, tests } = known;
  const found = new Map<string, Evidence[]>();
  const add = (ids: Iterable<string>, make: (id: string) => Evidence) => {
    for (const id of ids) found.set(id, [...(found.get(id) ?? []), make(id)]);
  };
  for (const [step, { cells }] of notebooks)
    add(idsIn(cells.map(({ source }) => source).join("\n")), () => ({
      kind: "notebook",
      name: step,
      result: checked(warehouseStats, (check) => check.step === step),
    }));
  for (const { name, comment, columns } of tables.values())
    add(idsIn([comment, ...columns.map((column) => column.comment)].join("\n")), () => ({
      kind: "table",
      name,
      result: checked(warehouseStats, (check) => check.table === name),
    }));
  for (const { file, text } of await readSources(root)) {
    const kind = kindOf(file);
    add(idsIn(text), (id) => {
      if (kind !== "test") return { kind, name: file };
      const titles = titlesWith(text, id);
      return { kind, name: file, titles, result: tests?.resultOf(file, id) };
    });
  }
  return found;
}

function checked(
  warehouseStats: WarehouseStats,
  choose: (check: WarehouseStats["checks"][number]) => boolean,
): Evidence["result"] {
  const checks = warehouseStats.checks.filter(choose);
  const status = worst(checks);
  return status && { status, words: checksWords(checks) };
}

interface Source {
  readonly file: string;
  readonly text: string;
}

/**
 * Folders and files in which ids are looked for. Not searched: contracts and notebooks, which are read separately, and
 * the tests of these pages, which quote ids as examples.
 */
const places = ["README.md", "docs", "tests", "lib/src", "build/src", "bundle", ".github", ".ci"];
const skipped = [
  /(^|\/)(node_modules|dist|fixtures|tasks|examples|images|__pycache__)(\/|$)/,
  /^lib\/src\/(contracts\/|shop\/(bronze|silver|gold)\.ts)/,
  /^tests\/\w+\/docs\./,
];
const textFiles = /\.(ts|mjs|md|ya?ml|py|css)$|^\.ci\/\w+$/;

async function readSources(root: string): Promise<Source[]> {
  const names = await Promise.all(
    places.map(async (place) => {
      const entries = await readdir(path.join(root, place), { recursive: true }).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code === "ENOTDIR") return [""];
          if (error.code === "ENOENT") return [];
          throw error;
        },
      );
      return entries.map((entry) => path.posix.join(place, entry.replaceAll(path.sep, "/")));
    }),
  );
  const files = names
    .flat()
    .filter((name) => textFiles.test(name) && name !== requirementsFile)
    .filter((name) => !skipped.some((pattern) => pattern.test(name)))
    .toSorted();
  return Promise.all(
    files.map(async (file) => ({ file, text: await readFile(path.join(root, file), "utf8") })),
  );
}

const kindOf = (file: string): "test" | "guide" | "code" =>
  file.endsWith(".test.ts") ? "test" : file.endsWith(".md") ? "guide" : "code";

/** Titles of the tests in a file that quote an id. */
function titlesWith(text: string, id: string): string[] {
  const titles = [...text.matchAll(/\b(?:it|test|describe)(?:\.\w+)*\(\s*(["'`])((?:\\.|(?!\1).)*)\1/g)];
  return titles.map((match) => match[2]!).filter((title) => idsIn(title).has(id));
}

/** The shop's requirements: the line of each, by id, in the order of `docs/requirements.md`. */
export async function readRequirements(root: string): Promise<Map<string, string>> {
  const text = await readFile(path.join(root, requirementsFile), "utf8");
  return new Map(
    [...text.matchAll(/^\| ((?:N?FR|AC)-\d{3})\s*\| (.+?)\s*\|$/gm)].map(([, id, asked]) => [id!, asked!]),
  );
}

export const requirementsFile = "docs/requirements.md";

/** The ids that a text quotes, each once. */
const idsIn = (text: string): Set<string> => new Set(text.match(/\b(?:N?FR|AC)-\d{3}\b/g) ?? []);

/** The last results of the tests. */
interface TestReport {
  /** The result of a file's tests: of those that quote the id, or of all if none does. Undefined if it was not run. */
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
    testResults.map((result) => [path.relative(root, result.name).replaceAll(path.sep, "/"), result]),
  );
  return {
    resultOf(name, id) {
      const found = byFile.get(name);
      if (!found) return undefined;
      const own = found.assertionResults.filter(({ fullName }) => idsIn(fullName).has(id));
      const tests = own.length > 0 ? own : found.assertionResults;
      const count = (status: string) => tests.filter((test) => test.status === status).length;
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
