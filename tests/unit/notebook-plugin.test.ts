import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createViteServer } from "vitest/node";
import { lineAndColumn } from "../../build/src/notebook/error.ts";
import { importModule } from "../../build/src/notebook/execute.ts";
import { locate, locateStack } from "../../build/src/notebook/location.ts";
import { isMeasuring } from "../measure.ts";
import { bundleNotebooks, notebooks, type BundledNotebook } from "../../build/src/notebook/plugin.ts";

const folder = (name: string) => fileURLToPath(new URL(`../fixtures/notebooks/${name}`, import.meta.url));

async function bundle(path: string, root = "running"): Promise<BundledNotebook> {
  const [bundled] = await bundleNotebooks([path], { root: folder(root) });
  if (!bundled) throw new Error(`${path} was not bundled`);
  return bundled;
}

describe("bundleNotebooks", () => {
  it("keeps the order of the paths", async () => {
    const paths = ["throws.ipynb", "knows-its-place.ipynb", "missing-export.ipynb"];
    const bundled = await bundleNotebooks(paths, { root: folder("running") });
    expect(bundled.map(({ notebook }) => notebook.path)).toEqual(paths);
  });

  it("names a notebook's cells in the source map", async () => {
    const { map } = await bundle("running/throws.ipynb", "");
    expect(map.sources).toEqual(["running/throws.ipynb cell 1", "running/throws.ipynb cell 2"]);
  });

  it("maps a place in the code to cell, line and column", async () => {
    const { code, map } = await bundle("throws.ipynb");
    const { line, column } = lineAndColumn(code, code.indexOf("rows[0]"));
    expect(locate(map, line, column)).toEqual({
      path: "throws.ipynb",
      cell: 2,
      line: 3,
      column: "const id = add(1) + rows[0]!.id;".indexOf("rows") + 1,
    });
  });

  it("reports all broken notebooks at once", async () => {
    const failure = bundleNotebooks(["syntax-error.ipynb", "no-title.ipynb"], { root: folder("input") });
    await expect(failure).rejects.toThrow(
      /no-title.ipynb: [^]*syntax-error.ipynb cell 2:1|cell 2:1[^]*no-title/,
    );
  });

  it.runIf(isMeasuring)("compiles all fixtures at once in well under 0.3 s", async () => {
    const paths = (await readdir(folder("running"))).filter((path) => path.endsWith(".ipynb"));
    await bundleNotebooks(paths, { root: folder("running") });
    const start = performance.now();
    await bundleNotebooks(paths, { root: folder("running") });
    expect(performance.now() - start).toBeLessThan(300);
  });
});

describe("importModule", () => {
  it("runs the cells anew at each call", async () => {
    const bundled = await bundle("knows-its-place.ipynb");
    expect(await importModule(bundled)).not.toBe(await importModule(bundled));
  });

  it("lets a call be attributed to its cell and line", async () => {
    const { here } = (await importModule(await bundle("knows-its-place.ipynb"))) as { here: string };
    expect(locateStack(here)).toMatchObject({ path: "knows-its-place.ipynb", cell: 2, line: 3 });
  });

  it("says in which cell and line a statement failed", async () => {
    const failure = importModule(await bundle("throws.ipynb"));
    await expect(failure).rejects.toMatchObject({
      name: "NotebookError",
      message: expect.stringContaining("throws.ipynb cell 2:3: Cannot read properties of undefined"),
      cell: 2,
      line: 3,
      column: 30,
      cause: expect.any(TypeError),
    });
  });

  it("names the notebook's statement when a helper file fails", async () => {
    const failure = importModule(await bundle("throws-in-helper.ipynb"));
    await expect(failure).rejects.toThrow("throws-in-helper.ipynb cell 2:2: out of paper");
  });

  it("names the cell that imports what shopmetrics does not have", async () => {
    const failure = importModule(await bundle("missing-export.ipynb"));
    await expect(failure).rejects.toThrow(/missing-export.ipynb cell 2:1: .*nothingOfTheKind/);
  });
});

it("stack traces that Node or vitest has mapped are understood", () => {
  const place = { path: "notebooks/silver/x.ipynb", cell: 4, line: 7, column: 12 };
  for (const file of [
    "notebooks/silver/x.ipynb cell 4",
    `${process.cwd()}/notebooks/silver/x.ipynb%20cell%204`,
    `file://${process.cwd()}/notebooks/silver/x.ipynb%20cell%204`,
  ]) {
    expect(locateStack(`Error: no\n    at merge (lib/merge.ts:1:1)\n    at ${file}:7:12`)).toEqual(place);
    expect(locateStack(`Error: no\n    at async rows (${file}:7:12)`)).toEqual(place);
  }
});

describe("the vite plugin", () => {
  const vite = (root: string) =>
    createViteServer({
      root: folder(root),
      configFile: false,
      plugins: [notebooks()],
      server: { middlewareMode: true, ws: false, watch: null },
      logLevel: "silent",
    });

  it("imports a notebook as a module with its front matter", async () => {
    const server = await vite("input");
    try {
      expect(await server.ssrLoadModule("/hoisted-import.ipynb")).toMatchObject({
        text: "a/b",
        default: { path: "hoisted-import.ipynb", front: { title: "A step" } },
      });
    } finally {
      await server.close();
    }
  });

  it("says cell and line of a syntax error", async () => {
    const server = await vite("input");
    try {
      const failure = server.ssrLoadModule("/syntax-error.ipynb");
      await expect(failure).rejects.toThrow('syntax-error.ipynb cell 2:1: Expected ";" but found "c"');
    } finally {
      await server.close();
    }
  });
});
