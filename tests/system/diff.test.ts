import { writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { TableDiff } from "../../build/src/diff/diff-table.ts";
import { lakehouse, succeeded, temporaryFolder, type Lakehouse } from "./cli.ts";

const products =
  "product_id,product_name,category,subcategory,brand,price,cost,updated_at\nP1,Lamp,Home,Light,Acme,10.00,5.00,2026-01-01T00:00:00Z\n";
const customers =
  "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at\n" +
  "C1,Ann,Lee,ann@example.com,1,Rome,RM,IT,2026-01-01,2026-01-01T00:00:00Z\n";
const head =
  "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at\n";
const order = (id: string, amount: string, status = "completed") =>
  `${id},C1,P1,1,${amount},${amount},2026-01-02T10:00:00Z,${status},2026-01-02T10:00:00Z\n`;

let before: Lakehouse;
let after: Lakehouse;

/** Two warehouses: in the second an order costs more, one is no longer there and one is new. */
beforeAll(async () => {
  before = await lakehouse();
  await before.land("products/p.csv", products);
  await before.land("customers/c.csv", customers);
  after = await before.copy({ warehouse: false });
  await before.land("orders/o.csv", head + order("O1", "10.00") + order("O2", "20.50") + order("O3", "5.00"));
  await after.land(
    "orders/o.csv",
    head + order("O1", "10.00") + order("O2", "21.75") + order("O4", "7.00", "pending"),
  );
  for (const one of [before, after]) succeeded(await one.shopmetrics("run --quiet"));
}, 120_000);

describe("diff", () => {
  it("counts rows added, removed and changed by key, and says which columns and totals moved", async () => {
    const { tables } = await after.json<{ tables: TableDiff[] }>(
      `diff silver.orders_clean --against ${before.home}`,
    );
    expect(tables).toHaveLength(1);
    expect(tables[0]).toMatchObject({
      in: "both",
      key: ["order_id"],
      rows: { before: 3, after: 3 },
      added: 1,
      removed: 1,
      changed: 1,
    });
    const moved = tables[0]!.columns.filter(({ changed }) => changed > 0);
    expect(moved).toEqual([
      { column: "unit_price", changed: 1 },
      { column: "total_amount", changed: 1, before: "35.50", after: "38.75", difference: "3.25" },
    ]);
    expect(tables[0]!.samples).toMatchObject([
      {
        change: "changed",
        key: { order_id: "O2" },
        columns: { total_amount: { before: "20.50", after: "21.75" } },
      },
      { change: "added", row: { order_id: "O4", status: "pending" } },
      { change: "removed", row: { order_id: "O3" } },
    ]);
  });

  it("leaves audit columns aside: two runs of the same files are the same", async () => {
    const other = await before.copy({ warehouse: false });
    succeeded(await other.shopmetrics("run --quiet"));
    const { stdout } = await other.shopmetrics(`diff --against ${before.home}`);
    expect(stdout).toMatch(/\nNo table differs\.\n$/);
  });

  it("sums all tables up, with the figures that move", async () => {
    const { stdout, code } = await after.shopmetrics(`diff --against ${before.home}/warehouse.duckdb`);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /gold\.daily_sales_summary .*│ +0 │ +0 │ +1 │ revenue 35\.50 → 31\.75 \(-10\.56 %\)/,
    );
    expect(stdout).toMatch(/order_count 3 → 2 \(-33\.33 %\)/);
    expect(stdout).not.toContain("ops.runs");
  });

  it("writes markdown, without rows of tables with personal data", async () => {
    await after.land(
      "customers/c2.csv",
      `${customers.split("\n")[0]}\nC2,<b>Bo</b>,Li,secret@example.com,1,Rome,RM,IT,2026-01-01,2026-01-01T00:00:00Z\n`,
    );
    succeeded(await after.shopmetrics("run --quiet"));
    const { stdout } = await after.shopmetrics(`diff --against ${before.home} --markdown`);
    expect(stdout).toContain("| `gold.daily_sales_summary` | 1 → 1 | 0 | 0 | 1 | revenue 35.50 → 31.75");
    expect(stdout).toContain("- changed: order&#95;id=O2: unit&#95;price 20.50 → 21.75");
    expect(stdout).toContain("<summary><code>silver.dim_customers</code>: 1 → 2 rows; 1 added");
    expect(stdout).not.toContain("secret");
  });

  it.each([
    ["silver.order_clean", "", 'There is no table "silver.order_clean". Did you mean silver.orders_clean?'],
    ["", "/nowhere", "There is no warehouse at /nowhere. Give a SHOPMETRICS_HOME or a warehouse.duckdb."],
    ["ops.batches_of_nothing", "", "There is no table"],
    ["--samples x", "", "Give a number."],
    ["--json --markdown", "", "exclude each other"],
  ])("diff %s against '%s' says what is wrong", async (args, against, message) => {
    const { code, stderr } = await after.shopmetrics(`diff ${args} --against ${against || before.home}`);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
    expect(code).toBe(2);
  });

  it("refuses itself, an empty home and a file that is no warehouse", async () => {
    const empty = await temporaryFolder();
    const text = path.join(empty, "text.duckdb");
    await writeFile(text, "not a warehouse");
    const said = async (against: string) => (await after.shopmetrics(`diff --against ${against}`)).stderr;
    expect(await said(after.home)).toContain("can't be compared with itself");
    expect(await said(empty)).toContain("Run the pipeline there first.");
    expect(await said(text)).toContain("text.duckdb cannot be opened");
  });
});
