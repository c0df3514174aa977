import { shop as project } from "#lib/shop/index.js";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NotebookOutput, type NotebookRun, executeNotebooks } from "../services/jupyter/execute.ts";
import { kernelEnvironment } from "../../build/src/commands/jupyter.ts";
import { whyNoJupyter } from "../services/jupyter/why-not.ts";

const root = resolve(import.meta.dirname, "../..");
const fixtures = join(root, "tests/fixtures/kernel");
const absent = whyNoJupyter();
const cli = join(root, "build/bin/shopmetrics.js");
const { steps } = JSON.parse(
  execFileSync(process.execPath, [cli, "graph", "--json"], { encoding: "utf8" }),
) as {
  steps: { step: string; notebook: string; runtime: "sql" | "node" | "page"; writes: string[] }[];
};
const home = mkdtempSync(join(tmpdir(), "shopmetrics-kernel-"));

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What the fixture `complains` ends with. */
const misspelt = [
  'show: there is no column "quantitty" here: did you mean quantity?',
  "",
  "Cell [4], line 3, column 5:",
  "",
  "  1 | await show(sql`",
  "  2 |   select id,",
  "> 3 |     quantitty",
  "    |     ^^^^^^^^^",
  "  4 |   from ${orders}`);",
].join("\n");

describe.skipIf(absent)(`the tslab kernel${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let runs: NotebookRun[];

  beforeAll(async () => {
    const names = [
      "runs",
      "fails",
      "mistyped",
      "unawaited",
      "complains",
      "earlier",
      "tested",
      "misspelt-test",
    ];
    const ours = names.map((name) => join(fixtures, `${name}.ipynb`));
    // Notebooks that touch the world have a data folder of their own.
    const theirs = steps
      .filter(({ runtime }) => runtime === "node")
      .map(({ notebook }) => join(root, notebook));
    runs = await executeNotebooks([...ours, ...theirs], { root, home, keepGoing: true });
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

  it("ends a cell that takes too long", async () => {
    const [hung] = await executeNotebooks([join(fixtures, "hangs.ipynb")], { root, home, timeout: 2 });
    expect(hung?.failure).toEqual({ cell: 1, message: "The cell took longer than 2 s." });
  });

  it("shows rows with their types as HTML, in which nothing from the data is HTML", () => {
    const output = runs[4]?.cells[1]?.outputs.at(-1);
    const html = String(output?.data?.["text/html"]);
    expect(html).toContain("DECIMAL(12,2)");
    expect(html).toContain(">1234.50</td>");
    expect(html).toContain("&lt;b&gt;$5&lt;/b&gt;");
    expect(html).toMatch(/font-style:italic[^>]*>null<\/td>/);
  });

  it("shows a statement's failure with its place in the cell, and no stack", () => {
    expect(runs[4]?.failure).toEqual({ cell: 4, message: misspelt });
  });

  it("names the earlier cell where what is wrong stands", () => {
    expect(runs[5]?.failure).toEqual({
      cell: 3,
      message: [
        'show: "id" stands neither in group by nor in an aggregate',
        "",
        "Cell [2], line 2, column 10:",
        "",
        "  1 | const amounts = sql`",
        "> 2 |   select id,",
        "    |          ^^",
        "  3 |     sum(amount) as amount",
        "  4 |   from (select 1 as id, 2 as amount)`;",
      ].join("\n"),
    });
  });

  it("shows below its cell that a unit test holds, and of one that does not the rows that differ", () => {
    const [passed] = runs[6]!.cells[2]!.outputs;
    const html = String(passed?.data?.["text/html"]);
    expect(html).toMatch(
      /✓<\/span> <strong>silver.dim_products<\/strong> 1 row as expected, from 1 row of bronze.products_raw/,
    );
    expect(runs[6]?.failure).toEqual({
      cell: 4,
      message: [
        "silver.dim_products is not as expected. Of 1 expected row: 1 differs.",
        "          product_id  product_name",
        "expected  P1          Lamp",
        "got       P1          LAMP",
      ].join("\n"),
    });
  });

  it("refuses a unit test that names a column which the table lacks, by its type", () => {
    expect(runs[7]?.failure?.cell).toBe(4);
    expect(runs[7]?.failure?.message).toMatch(
      /'product_nam' does not exist.* Did you mean to write 'product_name'\?/,
    );
  });

  it("runs the notebooks that touch the world; those that are nothing here say what to do", () => {
    const said = runs.slice(8).map(({ path, failure }) => ({
      isNothing: /kafka|produce_|forget/.test(path),
      saysSo: /KAFKA_BROKERS is not set|Here a command does all of it/.test(failure?.message ?? ""),
      ...(failure && { path, failure }),
    }));
    expect(
      said.filter(({ isNothing, saysSo, failure }) => isNothing !== saysSo || (failure && !saysSo)),
    ).toEqual([]);
    expect(runs.length).toBeGreaterThan(8);
  });

  it("keeps its kernel spec and all of Jupyter's files inside the data folder", async () => {
    const env = await kernelEnvironment({ root, home });
    const ours = Object.entries(env).filter(([name]) => /^(JUPYTER_(?!PLATFORM)\w+|IPYTHONDIR)$/.test(name));
    for (const [name, folder] of ours) expect(folder, name).toContain(join(home, "jupyter"));
    const spec = readFileSync(join(home, "jupyter/share/kernels/tslab/kernel.json"), "utf8");
    expect(JSON.parse(spec)).toMatchObject({
      argv: expect.arrayContaining([
        join(root, "build/dist/jupyter/kernel.js"),
        join(root, "node_modules/tslab/bin/tslab"),
      ]),
    });
  });
});

describe.skipIf(absent)("the Deno kernel", () => {
  let runs: NotebookRun[];

  beforeAll(async () => {
    const names = ["complains", "broken", "fails"];
    const paths = names.map((name) => join(fixtures, `${name}.ipynb`));
    runs = await executeNotebooks(paths, { root, home, kernel: "deno", keepGoing: true });
  });

  it("shows rows as HTML", () => {
    expect(String(runs[0]?.cells[1]?.outputs.at(-1)?.data?.["text/html"])).toContain(">1234.50</td>");
  });

  it("shows a statement's failure with its place in the cell, and no stack", () => {
    expect(runs[0]?.failure).toEqual({ cell: 4, message: misspelt });
  });

  it("knows the names of the notebook", () => {
    expect(JSON.stringify(runs[1]?.cells[1]?.outputs)).toContain("with orders as (");
  });

  it("shows what a person gave wrongly as its message alone", () => {
    expect(runs[1]?.failure).toEqual({
      cell: 3,
      message: expect.stringMatching(/^sql: the value after "select" is undefined\. [^\n]*$/),
    });
  });

  it("names the cell that threw, and runs none after it", () => {
    expect(runs[2]?.failure).toMatchObject({
      cell: 2,
      message: expect.stringContaining("no orders after 1"),
    });
    expect(runs[2]?.cells).toHaveLength(2);
  });

  it("writes nothing outside the data folder", () => {
    expect(existsSync(join(home, "jupyter/deno"))).toBe(true);
    expect(existsSync(join(root, "deno.lock"))).toBe(false);
  });
});

describe.skipIf(absent)("every notebook, from start to end in the order of the graph", () => {
  // A program that keeps tables belongs to the pipeline as well.
  const notebooks = steps
    .filter(({ runtime, writes }) => runtime !== "node" || (runtime === "node" && writes.length > 0))
    .map(({ notebook }) => notebook);
  const kernels = { tslab: join(home, "live"), deno: join(home, "live-deno") };
  const ran = join(home, "ran");
  let runs: Record<keyof typeof kernels, Map<string, NotebookRun>>;

  beforeAll(async () => {
    await shopmetrics(ran, "generate", "--scale", "0.02", "--faults", "0.005");
    const paths = notebooks.map((path) => join(root, path));
    // Deno's data of languages is older than Node's, and writes a thousand of British English otherwise.
    const env = { SHOPMETRICS_DEV: "test", SHOPMETRICS_LOCALE: "en-US" };
    const under = async (kernel: keyof typeof kernels) => {
      const data = kernels[kernel];
      cpSync(join(ran, "landing"), join(data, "landing"), { recursive: true, preserveTimestamps: true });
      const done = await executeNotebooks(paths, {
        root,
        home: data,
        kernel,
        env,
      });
      return new Map(done.map((run) => [relative(root, run.path), run]));
    };
    const [tslab, deno] = await Promise.all([
      under("tslab"),
      under("deno"),
      shopmetrics(ran, "run", "--quiet"),
    ]);
    runs = { tslab, deno };
  });

  describe.each(["tslab", "deno"] as const)("under %s", (kernel) => {
    it.each(notebooks)("%s", (path) => {
      const run = runs[kernel].get(path);
      if (!run) throw new Error(`${path} did not run, because a notebook before it failed`);
      const failed = run.cells.find(({ cell }) => cell === run.failure?.cell);
      expect(run.failure, `the cell:\n${failed?.source}`).toBeUndefined();
    });
  });

  it.each(notebooks)("%s shows the same below each cell under both kernels", (path) => {
    const [tslab, deno] = [runs.tslab, runs.deno].map((all) =>
      all.get(path)?.cells.map(({ cell, outputs }) => ({ cell, shown: outputs.flatMap(shownOf) })),
    );
    expect(deno).toEqual(tslab);
  });

  it("writes to the developer's own tables only", () => {
    for (const data of Object.values(kernels)) {
      expect(existsSync(join(data, "dev_test.duckdb"))).toBe(true);
      expect(existsSync(join(data, "warehouse.duckdb"))).toBe(false);
    }
  });

  it.each(["tslab", "deno"] as const)("leaves under %s the very tables that a run leaves", async (kernel) => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
    await connection.run(`attach '${kernels[kernel]}/dev_test.duckdb' as live (read_only);
      attach '${ran}/warehouse.duckdb' as ran (read_only)`);
    const differences: unknown[] = [];
    for (const table of [...project.tables.values()].filter(({ layer }) => layer !== "ops")) {
      const auditColumns = (table.options.auditColumns ?? []) as readonly string[];
      const columns = table.columns.map(({ name }) => name).filter((name) => !auditColumns.includes(name));
      const [here, there] = ["live", "ran"].map(
        (one) => `select ${columns.join(", ")} from ${one}.${table.name}`,
      );
      const differing =
        await rows(`select 'only live' as "${table.name}", * from (${here} except all ${there})
        union all select 'only in the run', * from (${there} except all ${here}) limit 3`);
      differences.push(...differing);
      // Neither a broker nor a database nor a service of exchange rates is here.
      const isElsewhere =
        /^bronze\.(?:topic_starts|currency_rates_raw|\w+_changes|database_\w+)$|\.product_(?:reviews|ratings)$/.test(
          table.name,
        );
      const isWritten = !isElsewhere && steps.some(({ writes }) => writes.includes(table.name));
      if (isWritten && (await rows(`${here} limit 1`)).length === 0)
        differences.push(`${table.name} is empty`);
    }
    connection.closeSync();
    instance.closeSync();
    expect(differences).toEqual([]);
  });

  function shopmetrics(data: string, ...args: string[]) {
    const env = { ...process.env, SHOPMETRICS_HOME: data };
    return promisify(execFile)(process.execPath, [cli, ...args], { env });
  }
});

/** What a person sees, without what differs from run to run or in the last digits: seconds, and places in a drawing. */
const shownOf = ({ data }: NotebookOutput): string[] =>
  data?.["text/html"] === undefined
    ? []
    : [
        String(data["text/html"])
          .replace(/\d+\.\d\d s</g, "… s<")
          .replace(/[\d,.]+ hours?\b/g, "… hours") // since the newest row
          .replace(/\d+\.\d{7,}/g, (number) => Number(number).toFixed(6)),
      ];
