import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { bronze, given, gold, merge, refresh, run, silver, sql, touched, changes } from "shopmetrics";
import { duckdb } from "#lib/engine/index.js";
import { useSession } from "#lib/plan/session.js";
import type { UnitTest } from "#lib/plan/unit-test.js";
import { liveSession } from "#lib/session/live.js";
import { readSettings } from "#lib/settings.js";
import { shop } from "#lib/shop/index.js";
import { runUnitTest } from "#lib/unit/run-unit-test.js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { record } from "../../build/src/compile/record.ts";
import { sqlFile } from "../../build/src/bundle/sql/step.ts";
import { bundleNotebooks } from "../../build/src/notebook/plugin.ts";
import { checkNotebooks, diagnosticText } from "../../build/src/notebook/typecheck.ts";
import { code, frontMatter, notebookFile } from "../../build/src/new/draft.ts";

const projectRoot = path.resolve(import.meta.dirname, "../..");
let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "shopmetrics-unit-tests-"));
  await mkdir(path.join(root, "notebooks/silver"), { recursive: true });
});
afterAll(() => rm(root, { recursive: true }));

/** What recording a notebook of these cells gives. */
async function recorded(
  cells: readonly string[],
  front: Record<string, string> = {},
  name = "silver/orders_clean",
) {
  const { path: file, text } = notebookFile(`notebooks/${name}.ipynb`, [
    frontMatter({ title: "Tried out", ...front }),
    ...cells.map(code),
  ]);
  await writeFile(path.join(root, file), text);
  const [bundled] = await bundleNotebooks([file], { root });
  return record(bundled!, duckdb.translate, shop.tables);
}

const imports = `import { bronze, changes, given, gold, merge, refresh, run, silver, sql } from "shopmetrics";`;
const products = `await merge(silver.dim_products, sql\`
  select product_id, upper(product_name) as product_name, category, subcategory, brand, cast(price as decimal(12,2)) as price,
    cast(cost as decimal(12,2)) as cost, try_cast(updated_at as timestamp) as updated_at, source_file, source_row, source_load,
    cast(null as bigint) as change_lsn
  from \${changes(bronze.products_raw)}\`);`;

/** Runs the one unit test of a notebook that keeps products, and gives what its failure says. */
async function outcome(test: string): Promise<string> {
  const { plan, tests } = await recorded([imports, products, test], {}, "silver/dim_products");
  return runUnitTest(plan, tests[0]!.test, { tables: shop.tables }).then(
    () => "passed",
    (error: Error) => error.message,
  );
}

const lamp = `{ product_id: "P1", product_name: "Lamp", price: "9.5", cost: "1", updated_at: "2026-03-09" }`;

describe("a unit test", () => {
  it("passes where the named columns are as expected, whatever the others hold and in whatever order", async () => {
    const two = `given(bronze.products_raw, [${lamp}, { product_id: "P2", updated_at: "2026-03-09" }])`;
    expect(
      await outcome(`await ${two}.expect(silver.dim_products, [
        { product_id: "P2", product_name: null }, { product_id: "P1", product_name: "LAMP" }]);`),
    ).toBe("passed");
  });

  it("shows a row that differs beside the one that was expected", async () => {
    expect(
      await outcome(
        `await given(bronze.products_raw, [${lamp}]).expect(silver.dim_products, [{ price: "9.00", product_id: "P1" }]);`,
      ),
    ).toBe(`silver.dim_products is not as expected. Of 1 expected row: 1 differs.
          product_id  price
expected  P1          9.00
got       P1          9.50`);
  });

  it("shows rows that are missing and rows that are too many, in at most 80 columns", async () => {
    const long = "x".repeat(60);
    const message = await outcome(`await given(bronze.products_raw, [${lamp}]).expect(silver.dim_products, [
      { product_id: "P9", product_name: "${long}", category: "${long}", brand: "${long}", subcategory: "${long}" }]);`);
    expect(message).toMatch(/Of 1 expected row: 1 missing, 1 too many\./);
    expect(message).toMatch(/got +no such row/);
    expect(message).toMatch(/expected +no such row/);
    const [, ...lines] = message.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("expects a table to be empty by no rows", async () => {
    const nothing = `await given(bronze.products_raw, []).expect(silver.dim_products, []);`;
    expect(await outcome(nothing)).toBe("passed");
    expect(await outcome(nothing.replace("[])", `[${lamp}])`))).toMatch(/0 expected rows: 1 too many\./);
  });

  it("runs the step once for each arrival, with its watermark, and over what earlier runs left", async () => {
    const seen = `await merge(silver.dim_products, sql\`
      select n.product_id, concat(n.product_name, ' of ', cast((select count(*) from \${changes(bronze.products_raw)}) as string)) as product_name,
        k.brand as category, cast(null as string) as subcategory, cast(null as string) as brand, cast(null as decimal(12,2)) as price,
        cast(null as decimal(12,2)) as cost, try_cast(n.updated_at as timestamp) as updated_at, n.source_file, n.source_row, n.source_load,
        cast(null as bigint) as change_lsn
      from \${changes(bronze.products_raw)} as n left join \${silver.dim_products} as k on k.product_id = n.product_id\`);`;
    const { plan, tests } = await recorded(
      [
        imports,
        seen,
        `await given(silver.dim_products, [{ product_id: "P1", brand: "kept", updated_at: "2026-03-01T00:00:00Z" }])
  .and(bronze.products_raw, [{ product_id: "P1", product_name: "first", updated_at: "2026-03-02" }])
  .later(bronze.products_raw, [
    { product_id: "P2", product_name: "second", updated_at: "2026-03-03" },
    { product_id: "P3", product_name: "second", updated_at: "2026-03-03" }])
  .expect(silver.dim_products, [
    { product_id: "P1", product_name: "first of 1", category: "kept" },
    { product_id: "P2", product_name: "second of 2", category: null },
    { product_id: "P3", product_name: "second of 2", category: null }]);`,
      ],
      {},
      "silver/dim_products",
    );
    await expect(runUnitTest(plan, tests[0]!.test, { tables: shop.tables })).resolves.toBeUndefined();
  });

  it("runs at the time that it says, for each arrival", async () => {
    const stamped = products
      .replace("try_cast(updated_at as timestamp) as updated_at", "${run.now} as updated_at")
      .replace("category,", "cast(${run.date} as string) as category,");
    const { plan, tests } = await recorded(
      [
        imports,
        stamped,
        `await given(bronze.products_raw, [${lamp}]).at("2026-02-28T23:59:59.5Z")
  .later(bronze.products_raw, [{ product_id: "P2" }]).at("2026-03-05T00:00:00Z")
  .expect(silver.dim_products, [
    { product_id: "P1", updated_at: "2026-02-28T23:59:59.500Z", category: "2026-02-28" },
    { product_id: "P2", updated_at: "2026-03-05T00:00:00Z", category: "2026-03-05" }]);`,
      ],
      {},
      "silver/dim_products",
    );
    await expect(runUnitTest(plan, tests[0]!.test, { tables: shop.tables })).resolves.toBeUndefined();
  });

  it.each([
    [
      "a table that the step does not read",
      `await given(silver.orders_clean, []).expect(silver.dim_products, []);`,
      /dim_products.ipynb cell 3:1: given\(silver.orders_clean\): silver.dim_products does not read it. .*bronze.products_raw/,
    ],
    [
      "a table that the step does not write",
      `await given(bronze.products_raw, []).expect(gold.customer_ltv, []);`,
      /cell 3:1: expect\(gold.customer_ltv\): silver.dim_products does not write it. It knows silver.dim_products/,
    ],
    [
      "a column that the table lacks",
      `await given(bronze.products_raw, [{ product_nam: "Lamp" } as object]).expect(silver.dim_products, []);`,
      /cell 3:1: given\(bronze.products_raw\), row 1: there is no column "product_nam". Did you mean product_name\?/,
    ],
    [
      "a value that is none of the column's type",
      `await given(bronze.products_raw, []).expect(silver.dim_products, [{ price: "9.5" }]);`,
      /cell 3:1: expect\(silver.dim_products\), row 1: price is DECIMAL\(12,2\), a text with all its decimals such as "10.00", and "9.5" is none/,
    ],
    [
      "a column that the run fills in",
      `await given(bronze.products_raw, [{ ingested_at: "2026-03-09T00:00:00Z" }]).expect(silver.dim_products, []);`,
      /row 1: ingested_at is filled in by the run. Leave it out/,
    ],
    [
      "expected rows of other columns",
      `await given(bronze.products_raw, []).expect(silver.dim_products, [{ product_id: "P1" }, { brand: "B" }]);`,
      /row 2 names brand, and row 1 product_id: name the same columns in each/,
    ],
    [
      "a table given twice at one time",
      `await given(bronze.products_raw, []).and(bronze.products_raw, []).expect(silver.dim_products, []);`,
      /and\(bronze.products_raw\): this test gives rows of it already/,
    ],
    [
      "a time that is no instant",
      `await given(bronze.products_raw, []).at("yesterday").expect(silver.dim_products, []);`,
      /at\("yesterday"\): give an instant such as "2026-03-11T00:00:00Z"/,
    ],
  ])("is refused when the notebook is compiled, for %s", async (_, test, message) => {
    await expect(recorded([imports, products, test], {}, "silver/dim_products")).rejects.toThrow(message);
  });

  it("is refused where two rows have the same key, which would become one", async () => {
    const message = await outcome(
      `await given(silver.dim_products, [{ brand: "A" }, { brand: "B" }]).expect(silver.dim_products, []);`,
    );
    expect(message).toBe(
      "given(silver.dim_products): row 1 and row 2 have the same key. Name product_id in each.",
    );
  });

  it.each([
    ["a program", { runtime: "node", reads: "[]", writes: "[silver.dim_products]" }],
    ["a page", { runtime: "page", position: "9" }],
  ])("is refused in %s", async (kind, front) => {
    const cell = `import { given } from "shopmetrics";`;
    await expect(recorded([cell], front as unknown as Record<string, string>)).rejects.toThrow(
      new RegExp(`cell 1:1: given\\(…\\) tests what SQL makes of rows, and this is ${kind}`),
    );
  });
});

describe("a unit test's columns", () => {
  it("are checked by their types, with the name that comes near", async () => {
    const fixtures = path.join(projectRoot, "tests/fixtures/notebooks/types");
    const diagnostics = await checkNotebooks(["unit-test.ipynb"], { root: fixtures });
    expect(diagnostics.map(diagnosticText)).toEqual([
      expect.stringMatching(
        /^unit-test.ipynb cell 2:2 – TS2561: .*'statu' does not exist.*Did you mean.*'status'/,
      ),
      expect.stringMatching(
        /^unit-test.ipynb cell 2:4 – TS2820: Type '"complete"' is not assignable.*Did you mean '"completed"'/,
      ),
    ]);
  });
});

describe("what is deployed", () => {
  it("is the same without a notebook's unit tests: plan, fingerprint and the task's file", async () => {
    const file = path.join(projectRoot, "notebooks/silver/orders_clean.ipynb");
    const { cells } = JSON.parse(await readFile(file, "utf8")) as {
      cells: { cell_type: string; source: string[] }[];
    };
    const codes = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => source.join(""));
    // A cell without its test stays, so that all others keep their numbers.
    const bare = codes.map((text) => (text.includes("given(") ? "export {};" : text));
    const [withTests, without] = [await recorded(codes), await recorded(bare)];
    expect(withTests.tests).toHaveLength(3);
    expect(without.tests).toEqual([]);
    expect(withTests.plan).toEqual(without.plan);
    const deployed = sqlFile(withTests.plan);
    expect(deployed).toBe(sqlFile(without.plan));
    expect(deployed).not.toMatch(/status is not known yet|in London|"O1"/);
  });
});

describe("in Jupyter", () => {
  const said: UnitTest[] = [];
  let restore: () => void;
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "shopmetrics-unit-live-"));
    const display = {
      outcome: async () => undefined,
      note: () => undefined,
      passed: async (test: UnitTest) => void said.push(test),
    };
    restore = useSession(
      liveSession(display, shop.tables, readSettings({ SHOPMETRICS_HOME: home, SHOPMETRICS_IDLE: "0.1" })),
    );
  });
  afterEach(() => said.splice(0));
  afterAll(async () => {
    restore();
    await rm(home, { recursive: true });
  });
  const keep = (category: string) =>
    merge(
      silver.dim_products,
      sql`select product_id, product_name, ${category} as category, subcategory, brand, cast(price as decimal(12,2)) as price,
        cast(cost as decimal(12,2)) as cost, ${run.now} as updated_at, source_file, source_row, source_load,
        cast(null as bigint) as change_lsn from ${changes(bronze.products_raw)}`,
    );
  const tested = () =>
    given(bronze.products_raw, [{ product_id: "P1" }]).expect(silver.dim_products, [
      { product_id: "P1", category: "Home" },
    ]);

  it("says first that no verb has run", async () => {
    expect(await tested().catch(inspect)).toBe(
      "expect(silver.dim_products): this notebook does not write it. No verb has run yet.",
    );
  });

  it("tests what the cells say by then: a verb that runs again counts as it is now", async () => {
    await keep("Garden");
    const failure = await tested().catch(inspect);
    expect(failure).toContain("got       P1          Garden");
    expect(said).toEqual([]);
    await keep("Home");
    await tested();
    expect(said).toHaveLength(1);
  });

  it("keeps apart what nobody has named: a select that several read, and one that reads it", async () => {
    const customers = sql`select customer_id from ${touched(silver.orders_clean)}`;
    const large = sql`select customer_id, total_amount from ${silver.orders_clean}
      where total_amount > 5 and customer_id in (select customer_id from ${customers})`;
    await refresh(
      gold.customer_ltv,
      sql`select everyone.customer_id, cast(coalesce(sum(large.total_amount), 0) as decimal(18,2)) as total_revenue,
        count(large.total_amount) as order_count, cast(null as date) as first_order_date, cast(null as date) as last_order_date,
        'Low' as ltv_segment
        from (select distinct customer_id from ${customers}) as everyone
        left join ${large} as large on large.customer_id = everyone.customer_id group by everyone.customer_id`,
      { by: ["customer_id"], in: customers },
    );
    await given(silver.orders_clean, [
      { order_id: "O1", customer_id: "C1", total_amount: "1.00" },
      { order_id: "O2", customer_id: "C2", total_amount: "9.00" },
    ]).expect(gold.customer_ltv, [
      { customer_id: "C1", total_revenue: "0.00" },
      { customer_id: "C2", total_revenue: "9.00" },
    ]);
    expect(said).toHaveLength(1);
  });

  it("leaves the warehouse of the notebook as it is", async () => {
    const engine = await duckdb.openReadOnly(readSettings({ SHOPMETRICS_HOME: home }), {
      onWait: () => undefined,
    });
    if (typeof engine === "string") throw new Error(engine);
    const connection = await engine.connect();
    const { rows } = await connection.query("select count(*) as n from silver.dim_products");
    expect(rows).toEqual([{ n: 0 }]);
    await connection.close();
    await engine.close();
  });

  it("of gold, an aggregate is computed over the rows given", async () => {
    const days = sql`select cast(date '2026-03-10' as date) as date`;
    await refresh(
      gold.customer_ltv,
      sql`select customer_id, cast(sum(total_amount) as decimal(18,2)) as total_revenue, count(*) as order_count,
        min(cast(order_date as date)) as first_order_date, max(cast(order_date as date)) as last_order_date, 'Low' as ltv_segment
        from ${silver.orders_clean} where cast(order_date as date) in (select date from ${days}) group by customer_id`,
      { by: ["customer_id"], in: sql`select customer_id from ${silver.orders_clean}` },
    );
    await given(silver.orders_clean, [
      { order_id: "O1", customer_id: "C1", total_amount: "1.00" },
      { order_id: "O2", customer_id: "C1", total_amount: "2.00" },
    ]).expect(gold.customer_ltv, [{ customer_id: "C1", total_revenue: "3.00" }]);
    expect(said).toHaveLength(1);
  });
});
