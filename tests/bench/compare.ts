import { DuckDBInstance } from "@duckdb/node-api";
import { tables } from "#lib/shop/index.js";
import { literal } from "#lib/engine/duckdb/literals.js";

/** What only we know: the public holidays come from a library. */
const notCompared = new Set(["gold.dim_date.holiday"]);

/**
 * The tables that two warehouses hold, equal in all columns of the contracts but the audit columns of when they were written.
 *
 * @param other the file of the other warehouse, and whose it is
 * @throws Error naming the tables that differ: then a comparison of their times says nothing
 */
export async function equalTables(
  ours: string,
  other: { file: string; whose: string },
): Promise<{ table: string; rows: number }[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `attach ${literal(ours)} as ours (read_only); attach ${literal(other.file)} as other (read_only)`,
  );
  const equal = [];
  const different = [];
  const made = await connection.runAndReadAll(
    "select table_schema || '.' || table_name from information_schema.tables where table_catalog = 'other'",
  );
  const otherTables = new Set(made.getRows().map(([name]) => String(name)));
  for (const { name, columns, options } of tables.values()) {
    if (!otherTables.has(name)) continue;
    const auditColumns = (options.auditColumns ?? []) as readonly string[];
    const compared = columns
      .map((column) => column.name)
      .filter((column) => !auditColumns.includes(column) && !notCompared.has(`${name}.${column}`));
    const digest = `count(*)::double as rows, sum(hash(row(${compared.join(", ")})))::varchar as digest`;
    const found = await connection.runAndReadAll(
      `select ${digest} from ours.${name} union all select ${digest} from other.${name}`,
    );
    const [a, b] = found.getRows();
    if (a?.join() === b?.join()) equal.push({ table: name, rows: Number(a?.[0]) });
    else different.push(`${name} (${String(a?.[0])} rows here, ${String(b?.[0])} there)`);
  }
  connection.closeSync();
  instance.closeSync();
  if (different.length > 0)
    throw new Error(`The pipeline and ${other.whose} made different tables: ${different.join(", ")}.`);
  return equal;
}
