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
let text: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "stages-"));
  await mkdir(path.join(folder, path.dirname(notebook)), { recursive: true });
  text = await readFile(path.join(root, notebook), "utf8");
});
afterAll(() => rm(folder, { recursive: true }));

/** The notebook's plan after its text was changed. */
async function planWith(change: (source: string) => string): Promise<Plan> {
  await writeFile(path.join(folder, notebook), change(text));
  const [bundled] = await bundleNotebooks([notebook], { root: folder });
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
});
