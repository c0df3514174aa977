import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { findNotebooks } from "../../build/src/compile/compile.ts";
import { cleanNotebook } from "../../build/src/notebook/clean.ts";

const root = path.resolve(import.meta.dirname, "../..");

const code = { cell_type: "code", execution_count: null, id: "b", metadata: {}, outputs: [], source: ["1"] };
const metadata = {
  kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" },
  language_info: {
    codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
    file_extension: ".ts",
    mimetype: "text/typescript",
    name: "typescript",
    version: "3.7.2",
  },
};
const notebook = (cells: object[], more: object = metadata) =>
  `${JSON.stringify({ cells, metadata: more, nbformat: 4, nbformat_minor: 5 }, undefined, 1)}\n`;
const clean = (cells: object[], more?: object) => cleanNotebook("n.ipynb", notebook(cells, more));
const ids = (text: string) => (JSON.parse(text) as { cells: { id: string }[] }).cells.map(({ id }) => id);

describe("a notebook for git", () => {
  it.each([
    ["outputs", { outputs: [{ output_type: "stream" }] }, "cell 1: has outputs"],
    ["an execution count", { execution_count: 7 }, "cell 1: has an execution count"],
    [
      "an editor's metadata",
      { metadata: { scrolled: true, tags: ["x"] } },
      "metadata of an editor or a kernel (scrolled)",
    ],
    ["no id", { id: undefined }, "cell 1: has no id"],
    ["an id that is none", { id: "a b" }, "has the id a b"],
  ])("is not clean with %s", (_, part, problem) => {
    const { problems, text } = clean([{ ...code, ...part }]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`n.ipynb `);
    expect(problems[0]).toContain(problem);
    expect(cleanNotebook("n.ipynb", text)).toEqual({ problems: [], text });
  });

  it("keeps tags, and the language of a cell that the compiler will refuse", () => {
    const kept = { tags: ["slow"], vscode: { languageId: "python" } };
    expect(clean([{ ...code, metadata: kept }]).problems).toEqual([]);
  });

  it("has what the kernel says of itself and nothing else, and leaves another language's notebook to the compiler", () => {
    const noisy = {
      ...metadata,
      language_info: { name: "typescript", version: "5.0", mimetype: "text/x" },
    };
    const { problems, text } = clean([code], noisy);
    expect(problems).toEqual(["n.ipynb: has metadata of a kernel or an editor"]);
    expect(text).toBe(notebook([code]));
    const python = { kernelspec: { name: "python3", language: "python" } };
    expect(clean([code], python)).toEqual({ problems: [], text: notebook([code], python) });
  });

  it("gives a repeated id anew, the same one each time, and leaves the first as it is", () => {
    const cells = [code, { ...code, source: ["2"] }, { ...code, source: ["3"] }];
    const { problems, text } = clean(cells);
    expect(problems).toHaveLength(2);
    expect(ids(text)[0]).toBe("b");
    expect(new Set(ids(text)).size).toBe(3);
    expect(ids(clean(cells).text)).toEqual(ids(text));
    // A cell added before does not rename those behind it.
    const added = clean([{ ...code, id: "first" }, ...cells]);
    expect(ids(added.text).slice(1)).toEqual(ids(text));
  });

  it("tells two cells without id apart that say the same", () => {
    const { text } = clean([
      { ...code, id: undefined },
      { ...code, id: undefined },
    ]);
    expect(new Set(ids(text)).size).toBe(2);
  });

  it("is formatted as Jupyter saves it, whatever it was", () => {
    const { problems, text } = cleanNotebook(
      "n.ipynb",
      JSON.stringify(JSON.parse(notebook([{ ...code, source: "a\nb" }]))),
    );
    expect(problems).toEqual(["n.ipynb: is not formatted as Jupyter saves it"]);
    expect(text).toBe(notebook([{ ...code, source: ["a\n", "b"] }]));
  });

  it("says so when it is not a notebook", () => {
    expect(() => cleanNotebook("n.ipynb", "<<<<<<< ours")).toThrow(
      /n\.ipynb: is not valid JSON .*\n.*conflict markers/s,
    );
    expect(() => cleanNotebook("n.ipynb", "[]")).toThrow("is not a notebook");
  });

  it("every notebook of the project is", async () => {
    for (const name of await findNotebooks(root)) {
      const text = await readFile(path.join(root, name), "utf8");
      expect(cleanNotebook(name, text)).toEqual({ problems: [], text });
    }
  });
});
