import type { Tables } from "../contracts/table.js";
import type { Dialect } from "../engine/adapter.js";
import type { Connection } from "../engine/connection.js";
import { besides, mentions } from "./erase.js";
import { bound, identifying, optionsOf } from "./look-up.js";
import type { Finder } from "./person.js";

interface Found {
  readonly table: string;
  readonly rows: number;
}

/** Searches all tables, and gives those in which a person is found, with the number of rows. */
export async function searchTables(
  connection: Connection,
  dialect: Dialect,
  tables: Tables,
  finder: Finder,
): Promise<{ searched: number; found: Found[] }> {
  const all = [
    ...[...tables.values()].map((table) => {
      const { name, columns } = dialect.stored(table);
      return { name, columns: columns.flatMap(({ name: of, type }) => (/STRING/.test(type) ? of : [])) };
    }),
    ...(await besides(connection, tables)),
  ];
  const found: Found[] = [];
  for (const { name, columns } of all) {
    if (columns.length === 0) continue;
    const text = `concat_ws(' | ', ${columns.map((column) => `cast(${column} as string)`).join(", ")})`;
    const { where, params } = mentions(`texts`, finder);
    const { rows } = await connection.query(
      `select texts from (select ${text} as texts from ${name}) as all_rows where ${where}`,
      params,
    );
    const count = rows.filter((row) => finder.isIn(String(row["texts"]))).length;
    if (count > 0) found.push({ table: name, rows: count });
  }
  // Names are no proof in texts, since others have them too: under a pseudonym stands none.
  for (const table of identifying(tables)) {
    const { person, personal = [] } = optionsOf(table);
    const { list, params } = bound("pseudonym", finder.pseudonyms);
    const { rows } = await connection.query(
      `select count(*) as filled from ${table.name} where ${person} in (${list}) and coalesce(${personal.join(", ")}) is not null`,
      params,
    );
    const filled = Number(rows[0]?.["filled"]);
    if (filled > 0) found.push({ table: table.name, rows: filled });
  }
  return { searched: all.length, found };
}
