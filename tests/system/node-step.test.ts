import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, scratchProject, succeeded, type Lakehouse } from "./cli.ts";

let root: string;
let shop: Lakehouse;

/** Adds a step with `runtime: node` to the project, of these code cells. */
async function addNotebook(name: string, front: string, ...cells: string[]): Promise<void> {
  const cell = (cell_type: string, source: string) => ({
    cell_type,
    metadata: {},
    source: [source],
    ...(cell_type === "code" && { execution_count: null, outputs: [] }),
  });
  const notebook = {
    cells: [
      cell("raw", `---\ntitle: A program\njob: probe\nruntime: node\n${front}---`),
      ...cells.map((source) => cell("code", source)),
    ],
    metadata: {
      kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" },
      language_info: { name: "typescript" },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  const file = path.join(root, "notebooks", `${name}.ipynb`);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(notebook));
}

beforeAll(async () => {
  root = await scratchProject();
  shop = await lakehouse({ root });
  await addNotebook(
    "ops/loss",
    "reads: []\nwrites: []\n",
    'import { settings } from "shopmetrics";',
    "console.log(`accepts ${settings().kafka?.acceptLoss}, ${process.env.KAFKA_ACCEPT_LOSS}`);",
  );
  await addNotebook(
    "ops/loads",
    "reads: []\nwrites: []\n",
    'import { bronze, load } from "shopmetrics";',
    'const folder = "products";',
    "\n\nawait load(bronze.products_raw, { from: folder });",
  );
  await addNotebook(
    "ops/asks",
    "reads: [silver.dim_products]\nwrites: []\n",
    'import { rows, silver, sql } from "shopmetrics";',
    "const limit = 1;\n\nawait rows(sql`select regexp_replace(cast(count(*) + ${limit} as string), '(', '') as price from ${silver.dim_products}`);",
  );
  await addNotebook(
    "ops/throws",
    "reads: []\nwrites: []\n",
    "await Promise.resolve();",
    'await Promise.reject(Object.assign(new Error("as asked"), { stack: "Error: as asked" }));',
  );
}, 60_000);

describe("a step that is a program", () => {
  it("sees by its settings whether the run accepts losses", async () => {
    const env = { KAFKA_BROKERS: "127.0.0.1:9" };
    const refuses = await shop.shopmetrics("run --only ops.loss --job probe", { env });
    succeeded(refuses);
    expect(refuses.stdout).toContain("accepts false, undefined");
    const accepts = await shop.shopmetrics("run --only ops.loss --job probe --accept-loss", { env });
    succeeded(accepts);
    expect(accepts.stdout).toContain("accepts true, undefined");
  });

  it.each([
    ["a verb that failed", "loads", "cell 3:3: products/products_2026-03-01.csv is a ZIP archive"],
    ["a select that failed", "asks", "cell 2:3: "],
  ])("names the cell and the line of %s", async (_, name, message) => {
    await shop.land("products/products_2026-03-01.csv", Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 1]));
    const { code, stderr } = await shop.shopmetrics(`run --only ops.${name} --job probe`);
    expect(stderr).toContain(`notebooks/ops/${name}.ipynb ${message}`);
    expect(code).toBe(1);
  });

  it("names the cell where an error does not know its line", async () => {
    const { stderr } = await shop.shopmetrics("run --only ops.throws --job probe");
    expect(stderr).toContain("notebooks/ops/throws.ipynb cell 2: as asked");
  });
});
