import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeNotebooks, findJupyter, kernelEnvironment } from "../../build/src/jupyter.js";
import type { NotebookRun } from "../../build/src/jupyter.js";

const root = resolve(import.meta.dirname, "../..");
const fixtures = join(root, "tests/fixtures/kernel");
const absent = whyNoJupyter();
const notebooks = projectNotebooks();
const home = mkdtempSync(join(tmpdir(), "shopmetrics-kernel-"));

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe.skipIf(absent)(`the tslab kernel${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let runs: NotebookRun[];

  beforeAll(async () => {
    const names = ["runs", "fails", "mistyped", "unawaited", "hangs"];
    const paths = names.map((name) => join(fixtures, `${name}.ipynb`));
    runs = await executeNotebooks(paths, { root, home, timeout: 5, keepGoing: true });
  });

  it("imports the package, awaits at the top level and hands names on to the next cell", () => {
    expect(runs[0]?.failure).toBeUndefined();
    expect(runs[0]?.cells[1]?.outputs).toMatchObject([
      { output_type: "stream", name: "stdout", text: "42\n" },
    ]);
  });

  it("shows HTML, and gives the kernel the absolute data folder", () => {
    expect(runs[0]?.cells[2]?.outputs).toMatchObject([
      { output_type: "display_data", data: { "text/html": "<b>42 object</b>" } },
      { output_type: "stream", text: `${home}\n` },
    ]);
  });

  it("names the cell that threw, and runs none after it", () => {
    expect(runs[1]?.failure).toMatchObject({
      cell: 2,
      message: expect.stringContaining("Error: no orders after 1"),
    });
    expect(runs[1]?.cells).toHaveLength(2);
  });

  it("refuses a cell that does not type", () => {
    expect(runs[2]?.failure?.message).toBe("1:7 - Type 'string' is not assignable to type 'number'.");
  });

  it("fails a cell whose promise nobody awaited, which tslab lets pass", () => {
    expect(runs[3]?.failure).toMatchObject({ cell: 1, message: expect.stringContaining("Error: lost") });
  });

  it("ends a cell that takes too long", () => {
    expect(runs[4]?.failure).toEqual({ cell: 1, message: "The cell took longer than 5 s." });
  });

  it("keeps its kernel spec and all of Jupyter's files inside the data folder", async () => {
    const env = await kernelEnvironment({ root, home });
    const ours = Object.entries(env).filter(([name]) => /^(JUPYTER_(?!PLATFORM)\w+|IPYTHONDIR)$/.test(name));
    for (const [name, folder] of ours) expect(folder, name).toContain(join(home, "jupyter"));
    const spec = readFileSync(join(home, "jupyter/share/kernels/tslab/kernel.json"), "utf8");
    expect(JSON.parse(spec)).toMatchObject({
      argv: [process.execPath, join(root, "node_modules/tslab/bin/tslab"), "kernel", expect.any(String)],
    });
  });
});

describe.skipIf(absent || notebooks.length === 0)("every notebook, from start to end", () => {
  let runs: Map<string, NotebookRun>;
  const data = join(home, "notebooks");

  beforeAll(async () => {
    await shopmetrics("generate", "--scale", "0.001");
    const paths = notebooks.map((path) => join(root, path));
    const done = await executeNotebooks(paths, { root, home: data });
    runs = new Map(done.map((run) => [relative(root, run.path), run]));
  });

  it.each(notebooks)("%s", (path) => {
    const run = runs.get(path);
    if (!run) throw new Error(`${path} did not run, because a notebook before it failed`);
    const failed = run.cells.find(({ cell }) => cell === run.failure?.cell);
    expect(run.failure, `the cell:\n${failed?.source}`).toBeUndefined();
  });

  function shopmetrics(...args: string[]) {
    const env = { ...process.env, SHOPMETRICS_HOME: data };
    return promisify(execFile)(process.execPath, [join(root, "build/bin/shopmetrics.js"), ...args], { env });
  }
});

/** The notebooks that a kernel can run, in pipeline order: by layer, then by name (which suits the layers' own order). */
function projectNotebooks(): string[] {
  return ["sources", "bronze", "silver", "gold", "ops"].flatMap((layer) => {
    const folder = join(root, "notebooks", layer);
    return listOf(folder)
      .filter((name) => name.endsWith(".ipynb") && !name.includes(".ipynb_checkpoints"))
      .filter((name) => !/^runtime:\s*node\s*$/m.test(frontMatter(join(folder, name))))
      .toSorted()
      .map((name) => join("notebooks", layer, name));
  });
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
}

/** The raw first cell's text, or nothing. */
function frontMatter(path: string): string {
  const book = JSON.parse(readFileSync(path, "utf8")) as {
    cells: { cell_type: string; source: string | string[] }[];
  };
  const [first] = book.cells;
  return first?.cell_type === "raw" ? [first.source].flat().join("") : "";
}

/** Why the kernel can't be tested here. In CI that is no excuse. */
function whyNoJupyter(): string {
  if (process.env["CI"]) return "";
  try {
    findJupyter(root);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
