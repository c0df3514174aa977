import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";

/**
 * The floor: the pipeline's tables, made by the SQL files in `floor/` and nothing else. Run as
 * `node floor.mjs <landing> <warehouse>`; each layer is one transaction.
 */
const [landing = "", warehouse = ""] = process.argv.slice(2);
const script = (name) => readFile(new URL(`floor/${name}.sql`, import.meta.url), "utf8");

const instance = await DuckDBInstance.create(warehouse);
const connection = await instance.connect();
await connection.run(`begin; set variable now = '${new Date().toISOString()}'::timestamp`);
await connection.run(
  `set variable rates = '${fileURLToPath(new URL("../../notebooks/silver/currency_rates.csv", import.meta.url))}'`,
);
await connection.run(await script("tables"));
const [load, clicks] = [await script("load"), await script("clicks")];
const folders = (await readdir(landing, { withFileTypes: true })).filter((found) => found.isDirectory());
for (const { name: entity } of folders) {
  const loaded = await connection.runAndReadAll(`select distinct source_file from bronze.${entity}_raw`);
  const known = new Set(loaded.getRows().map(([name]) => name));
  for (const file of (await readdir(path.join(landing, entity))).toSorted()) {
    const name = `${entity}/${file}`;
    if (known.has(name)) continue;
    known.add(name);
    const given = { name, path: path.join(landing, name) };
    if (entity === "clickstream") await connection.run(clicks, { ...given, load: known.size });
    else await connection.run(load.replace("{entity}", entity), given);
  }
}
await connection.run("commit");
await connection.run(`begin; ${await script("silver")}; commit`);
await connection.run(`begin; ${await script("gold")}; commit`);
connection.closeSync();
instance.closeSync();
