import { readFile, readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { NotebookError } from "../../build/src/notebook/error.ts";
import { notebookModule } from "../../build/src/notebook/module.ts";
import { bundleNotebooks } from "../../build/src/notebook/plugin.ts";
import { parseNotebook } from "../../build/src/notebook/parse.ts";

const input = new URL("../fixtures/notebooks/input/", import.meta.url);
const read = async (name: string) => parseNotebook(name, await readFile(new URL(name, input), "utf8"));

// Each notebook of the input folder becomes the module, or the error, in the output folder of the same name.
for (const name of (await readdir(input)).filter((file) => file.endsWith(".ipynb"))) {
  it(`${name} compiles to what the output folder says`, async () => {
    const outcome = await compile(name);
    await expect(outcome).toMatchFileSnapshot(`../fixtures/notebooks/output/${name.replace("ipynb", "txt")}`);
  });
}

async function compile(name: string): Promise<string> {
  try {
    await bundleNotebooks([name], { root: input.pathname });
    return notebookModule(await read(name)).code;
  } catch (error) {
    if (!(error instanceof NotebookError)) throw error;
    const { message, cell, line, column } = error;
    return cell === undefined
      ? `${message}\n`
      : `${message}\n(cell ${cell}, line ${line}, column ${column})\n`;
  }
}

it("code cells are numbered as Jupyter numbers them", async () => {
  const { cells } = await read("cells-in-order.ipynb");
  expect(cells.map(({ kind, number }) => [kind, number])).toEqual([
    ["raw", 0],
    ["markdown", 0],
    ["code", 1],
    ["markdown", 0],
    ["code", 2],
  ]);
});

it("front matter has defaults", async () => {
  expect((await read("prose-only.ipynb")).front).toEqual({ title: "A step", job: ["daily"], runtime: "sql" });
});

it("front matter of a node step names its tables", async () => {
  expect((await read("node-step.ipynb")).front).toMatchObject({
    runtime: "node",
    reads: ["bronze.orders_raw"],
    writes: ["silver.orders"],
  });
});
