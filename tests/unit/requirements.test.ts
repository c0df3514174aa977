import { shop } from "#lib/shop/index.js";
import path from "node:path";
import { access, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { beforeAll, describe, expect, it } from "vitest";
import { type Compiled, compile } from "../../build/src/compile/compile.ts";
import {
  parseRequirements,
  readRequirements,
  readTestReport,
  type Requirement,
} from "../../build/src/docs/evidence.ts";

const root = path.resolve(import.meta.dirname, "../..");

const counts = { FR: 18, NFR: 9, AC: 14, C: 4, R: 4 };
const ids = Object.entries(counts).flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, index) => `${kind}-${String(index + 1).padStart(3, "0")}`),
);

describe("requirements", () => {
  let requirements: Map<string, Requirement>;
  let compiled: Compiled;
  beforeAll(async () => {
    [requirements, compiled] = await Promise.all([readRequirements(root), compile(root, shop)]);
  });

  const covers = () =>
    [...requirements.values()].flatMap(({ id, covers }) => covers.map((cover) => ({ id, cover })));

  it("have a row for every id of the business document, in its order", () => {
    expect([...requirements.keys()]).toEqual(ids);
  });

  it("say what covers them, or that nothing does", () => {
    const silent = [...requirements.values()].filter(
      ({ covers, gap }) => (covers.length === 0) !== (gap !== undefined),
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
  });

  it("name tests that exist", async () => {
    const missing: string[] = [];
    for (const { id, cover } of covers()) {
      if (cover.kind !== "test") continue;
      const titles = await titlesOf(cover.file);
      if (!titles.some((title) => title.includes(cover.title)))
        missing.push(`${id}: ${cover.file}: ${cover.title}`);
    }
    expect(missing).toEqual([]);
  });

  it("name checks that exist", () => {
    const has = (step: string, name: string) =>
      compiled.plans.some(
        (plan) =>
          plan.step === step && plan.items.some((item) => item.kind === "check" && item.name === name),
      );
    const missing = covers().filter(({ cover }) => cover.kind === "check" && !has(cover.step, cover.name));
    expect(missing).toEqual([]);
  });

  it("are no others than those that the project quotes", async () => {
    const quoted = new Map<string, string>();
    for (const folder of ["notebooks", "tests", "lib/src", "build/src", "bundle", "docs", ".github"])
      for (const entry of await readdir(path.join(root, folder), { recursive: true })) {
        const isText =
          /\.(ts|ipynb|ya?ml|md|py)$/.test(entry) && !/node_modules|fixtures|services/.test(entry);
        if (!isText || (folder === "tests" && /\bdocs\.test\.ts$/.test(entry))) continue;
        const text = await readFile(path.join(root, folder, entry), "utf8");
        for (const [id] of text.matchAll(/\b(?:N?FR|AC|C|R)-\d{3}\b/g)) quoted.set(id, `${folder}/${entry}`);
      }
    expect([...quoted].filter(([id]) => !requirements.has(id))).toEqual([]);
  });

  it("are signed off in a list of all acceptance tests (AC-014)", async () => {
    const list = await readFile(path.join(root, "docs/sign-off.md"), "utf8");
    const lines = [...list.matchAll(/^\| (AC-\d{3}) \| ([^|]+) \| ([^|]+) \|/gm)];
    expect(lines.map(([, id]) => id)).toEqual(ids.filter((id) => id.startsWith("AC-")));
    for (const [, id, ...filled] of lines)
      expect(
        filled.filter((cell) => cell.trim() === ""),
        id,
      ).toEqual([]);
  });

  it("are of the project that README and the About page name", async () => {
    for (const file of ["README.md", "notebooks/dashboard/about.ipynb"])
      expect(await readFile(path.join(root, file), "utf8"), file).toContain("SHOPMETRICS-DATA-001");
  });

  it("refuse a line that covers nothing", () => {
    expect(() => parseRequirements("### FR-001\n\nKept.\n\n- notebook `a.ipynb`: quotes it\n")).toThrow(
      /A line is one of/,
    );
    expect(
      parseRequirements("### FR-001\n\nKept\nwhole.\n\n- not covered: later.\n\n## Next\n").get("FR-001"),
    ).toEqual({
      id: "FR-001",
      text: "Kept whole.",
      covers: [],
      gap: "later.",
    });
  });
});

/** The titles of the tests in a file, without those in comments and those that never run. */
async function titlesOf(file: string): Promise<string[]> {
  const full = path.join(root, file);
  const exists = await access(full).then(
    () => true,
    () => false,
  );
  if (!exists || !/^tests\/(unit|steps|system)\/.*\.test\.ts$/.test(file)) return [];
  const code = (await readFile(full, "utf8")).replace(/^\s*\/\*[^]*?\*\//gm, "");
  const calls = code.matchAll(
    /^\s*(?:\]\)|(?:it|test|describe)(?:\.(?!skip\b|todo\b)\w+)*(?:<[^\n]*>)?(?:\([^\n]*?\))?)\(\s*(["'`])((?:\\.|(?!\1).)*)\1/gm,
  );
  return [...calls].map(([, , title]) => title!);
}

describe("the reports of the tests", () => {
  const tested = (name: string, ...tests: (readonly [fullName: string, status: string])[]) => ({
    name,
    status: tests.some(([, status]) => status === "failed") ? "failed" : "passed",
    assertionResults: tests.map(([fullName, status]) => ({ fullName, status })),
  });
  const folderOf = async (reports: Record<string, ReturnType<typeof tested>[]>) => {
    const folder = await mkdtemp(path.join(tmpdir(), "reports-"));
    for (const [name, testResults] of Object.entries(reports))
      await writeFile(path.join(folder, name), JSON.stringify({ testResults }));
    return folder;
  };

  it("count together where they lie in a folder, also those of another machine", async () => {
    const folder = await folderOf({
      "spark-0.json": [
        tested(
          "/home/runner/shop/tests/steps/a.test.ts",
          ["typing one", "passed"],
          ["typing two", "skipped"],
        ),
      ],
      "pipeline-0.json": [tested(path.join(root, "tests/unit/b.test.ts"), ["keys", "failed"])],
      "notes.txt": [],
    });
    const report = await readTestReport(root, folder);
    expect(report.resultOf("tests/steps/a.test.ts", "typing")).toEqual({
      status: "pass",
      words: "✓ 1 test passed, 1 skipped",
    });
    expect(report.resultOf("tests/unit/b.test.ts", "keys")?.words).toBe("✗ 1 of 1 tests failed");
    expect(report.resultOf("tests/unit/c.test.ts", "keys")).toBeUndefined();
  });

  it("count a test that ran twice once, as failed if it failed once", async () => {
    const file = path.join(root, "tests/unit/b.test.ts");
    const folder = await folderOf({
      "gates-0.json": [tested(file, ["keys one", "passed"], ["keys two", "failed"])],
      "pipeline-0.json": [tested(file, ["keys one", "passed"], ["keys two", "passed"])],
    });
    const report = await readTestReport(root, folder);
    expect(report.resultOf("tests/unit/b.test.ts", "keys one")?.words).toBe("✓ 1 test passed");
    expect(report.resultOf("tests/unit/b.test.ts", "keys")?.words).toBe("✗ 1 of 2 tests failed");
  });

  it("must be there", async () => {
    await expect(readTestReport(root, await folderOf({}))).rejects.toThrow(
      /holds no test report: a report is a file/,
    );
    await expect(readTestReport(root, "/nowhere")).rejects.toThrow("The test report /nowhere cannot be read");
  });
});
