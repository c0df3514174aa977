import { shop as project } from "#lib/shop/index.js";
import path from "node:path";
import { DuckDBInstance, type Json } from "@duckdb/node-api";
import type { Lakehouse } from "./cli.ts";

/** Every table's rows as text, each a line, sorted. */
export type Tables = Readonly<Record<string, readonly string[]>>;

/** What the ledger says of a file, without when and by which run. */
const ledger =
  "select table_name, source_file, size, sha256, rows_loaded, rows_rescued from ops.loaded_files order by all";

/**
 * All that a run decides: every bronze, silver and gold table, in the contract's columns but the audit columns, which say when
 * and by which run a row was written, and the number of the load, which says how many loads there were; and the ledger of files.
 */
export async function dump(shop: Lakehouse): Promise<Tables> {
  const kept = [...project.tables.values()].filter(({ layer }) => layer !== "ops");
  const selects = kept.map(({ name, columns, options }) => {
    const auditColumns = new Set<string>([...(options.auditColumns ?? []), "source_load"]);
    const names = columns.map((column) => column.name).filter((column) => !auditColumns.has(column));
    return [name, `select ${names.join(", ")} from ${name} order by all`] as const;
  });
  return lines(shop, [...selects, ["ops.loaded_files", ledger]]);
}

/** Published batches, and how far each step has read: what says that there is nothing left to do. */
export async function positions(shop: Lakehouse): Promise<Tables> {
  return lines(shop, [
    [
      "ops.watermarks",
      "select step, table_name, max(batch) from ops.watermarks group by step, table_name order by all",
    ],
  ]);
}

/** The steps that have not taken in all that is published. Empty after a good run. */
export function unread(shop: Lakehouse): Promise<Json[]> {
  return query(
    shop,
    `select step, table_name, max(batch) as seen, published
from ops.watermarks join (select table_name, max(batch) as published from ops.watermarks group by table_name) using (table_name)
group by step, table_name, published having max(batch) <> published`,
  );
}

/** Rows of a query on a warehouse that no process holds. */
export async function query(shop: Lakehouse, sql: string): Promise<Record<string, Json>[]> {
  return withWarehouse(shop, async (run) => run(sql));
}

/** Statements that change a warehouse that no process holds. */
export async function execute(shop: Lakehouse, statements: readonly string[]): Promise<void> {
  await withWarehouse(shop, async (run) => {
    for (const statement of statements) await run(statement);
  });
}

/** Up to three differing rows of every table that differs; empty when all tables are equal. */
export function differences(actual: Tables, expected: Tables): string[] {
  const names = new Set([...Object.keys(actual), ...Object.keys(expected)]);
  return [...names].flatMap((name) => {
    const [a, e] = [actual[name] ?? [], expected[name] ?? []];
    const surplus = without(a, e);
    const missing = without(e, a);
    if (surplus.length + missing.length === 0) return [];
    return [
      `${name}: ${a.length} rows instead of ${e.length}`,
      ...surplus.slice(0, 3).map((row) => `  + ${row}`),
      ...missing.slice(0, 3).map((row) => `  - ${row}`),
    ];
  });
}

/** The rows of one list that the other lacks, as often as it lacks them. */
function without(rows: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1);
  return rows.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  });
}

function lines(shop: Lakehouse, selects: readonly (readonly [string, string])[]): Promise<Tables> {
  return withWarehouse(shop, async (run) => {
    const found: Record<string, string[]> = {};
    for (const [name, select] of selects)
      found[name] = (await run(select)).map((row) => JSON.stringify(Object.values(row)));
    return found;
  });
}

async function withWarehouse<T>(
  shop: Lakehouse,
  work: (run: (sql: string) => Promise<Record<string, Json>[]>) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(path.join(shop.home, "warehouse.duckdb"), { threads: "1" });
  const connection = await instance.connect();
  try {
    await connection.run("set TimeZone = 'UTC'");
    return await work(async (sql) => {
      const reader = await connection.runAndReadAll(sql);
      return reader.getRowObjectsJson() as Record<string, Json>[];
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
