import { shop as project } from "#lib/shop/index.js";
import { openDatabricks } from "#lib/engine/databricks/engine.js";
import { createLanded, landedTable } from "#lib/engine/databricks/copy-into.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import type { Engine } from "#lib/engine/adapter.js";
import { readSettings } from "#lib/settings.js";
import { beforeTable } from "#lib/sql/render.js";

/**
 * An empty warehouse of its own for one test. The only place of the step tests that knows which engine they run on.
 *
 * By hand, on the warehouse that `npm run warehouse` gives the environment of, one file at a time:
 * `TEST_ENGINE=databricks npx vitest run --no-file-parallelism --testTimeout 600000 tests/steps/dim_products.test.ts`
 */
export async function openTestEngine(): Promise<Engine> {
  if (process.env["TEST_ENGINE"] === "databricks") return emptiedWarehouse();
  return openDuckdb({ file: ":memory:", threads: 1 });
}

/** Takes all rows out of the warehouse's tables, since making them anew takes a minute. */
async function emptiedWarehouse(): Promise<Engine> {
  const { workspace, catalog } = readSettings({ ...process.env, SHOPMETRICS_ENGINE: "databricks" });
  const engine = await openDatabricks({ ...workspace!, catalog });
  const connection = await engine.connect();
  const { rows } = await connection.query(
    "select concat_ws('.', table_schema, table_name) as name from information_schema.tables",
  );
  const present = new Set(rows.map(({ name }) => String(name)));
  const kept = [...project.tables.values()].flatMap((table) => [
    table.name,
    ...(table.options.tracks ? [beforeTable(table)] : []),
  ]);
  for (const name of kept) if (present.has(name)) await connection.execute(`delete from ${name}`);
  // What COPY INTO remembers goes with its table only.
  for (const { name, layer } of project.tables.values()) {
    if (layer !== "bronze" || !present.has(landedTable(name))) continue;
    await connection.execute(`drop table ${landedTable(name)}`);
    await connection.execute(createLanded(name));
  }
  await connection.close();
  return engine;
}
