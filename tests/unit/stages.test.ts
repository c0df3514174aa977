import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { duckdb } from "#lib/engine/index.js";
import type { Plan } from "#lib/plan/plan.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqlFile } from "../../build/src/bundle/sql/step.ts";
import { record } from "../../build/src/compile/record.ts";
import { bundleNotebooks } from "../../build/src/notebook/plugin.ts";
import { statements } from "../services/warehouse/sql.ts";

const root = path.resolve(import.meta.dirname, "../..");
const notebook = "notebooks/gold/daily_sales_summary.ipynb";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "stages-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A notebook's plan after its text was changed. */
async function planWith(change: (source: string) => string, of = notebook): Promise<Plan> {
  await mkdir(path.join(folder, path.dirname(of)), { recursive: true });
  await writeFile(path.join(folder, of), change(await readFile(path.join(root, of), "utf8")));
  const [bundled] = await bundleNotebooks([of], { root: folder });
  return (await record(bundled!, duckdb.translate)).plan;
}

describe("a stage", () => {
  it("is placed by what is known of its readers: a variable that is called as a column changes no statement", async () => {
    const before = statements(sqlFile(await planWith((source) => source)));
    // `revenue` is a column of the table that the step keeps, so statements that read no stage name it too.
    const after = statements(
      sqlFile(await planWith((source) => source.replaceAll(/(?<!\.)\bdays\b/g, "revenue"))),
    );
    expect(before.join().match(/\bdays\b/g)!.length).toBeGreaterThan(2);
    expect(after).toEqual(before.map((sql) => sql.replaceAll(/\bdays\b/g, "revenue")));
  });

  it("has the name of its variable however the notebook's lines are broken", async () => {
    const names = async (change: (source: string) => string) =>
      (await planWith(change)).items.filter(({ kind }) => kind === "stage").map(({ name }) => name);
    expect(await names((source) => source)).toEqual(["days"]);
    expect(
      await names((source) => source.replace("const days = sql`", 'const days =\\n",\n    "  sql`')),
    ).toEqual(["days"]);
    expect(await names((source) => source.replaceAll(/(?<!\.)\bdays\b/g, "salesDays"))).toEqual([
      "sales_days",
    ]);
  });

  it("is a table for the time of the step where it is long and many read it, if a table can have its columns", async () => {
    const stage = "ops.stage_silver_orders_clean_judged";
    const sqlWith = async (more: string) =>
      statements(
        sqlFile(
          await planWith(
            (source) => source.replace("select is_torn, ", `select ${more}is_torn, `),
            "notebooks/silver/orders_clean.ipynb",
          ),
        ),
      );
    const all = (await sqlWith("")).filter((sql) => sql.includes(stage));
    expect(all[0]).toContain(`create or replace table ${stage} using delta as`);
    expect(all.slice(1, -1).length).toBeGreaterThan(2);
    expect(all.at(-1)).toContain(`drop table if exists ${stage}`);
    // In a table of Delta Lake a name has no space.
    expect((await sqlWith("1 as \\\\`a b\\\\`, ")).join()).not.toContain(stage);
  });
});
