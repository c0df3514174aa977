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
      const texts = columns.flatMap(({ name: of, type }) => (/STRING/.test(type) ? of : []));
      return { name, columns: texts, keys: optionsOf(table).person === undefined ? [] : ["kafka_key"] };
    }),
    ...(await besides(connection, tables)).map((table) => ({ ...table, keys: [] as string[] })),
  ];
  const found: Found[] = [];
  for (const { name, columns, keys } of all) {
    if (columns.length === 0) continue;
    const text = `concat_ws(' | ', ${columns.map((column) => `cast(${column} as string)`).join(", ")})`;
    const { where, params } = mentions(`texts`, finder);
    const plain = bound("plain", finder.plain);
    const isTheirs = columns
      .filter((column) => finder.fields.person.includes(column) || keys.includes(column))
      .map((column) => `coalesce(trim(${column}) in (${plain.list}), false)`);
    const { rows } = await connection.query(
      `select texts, is_theirs from (
  select ${text} as texts, ${isTheirs.join(" or ") || "false"} as is_theirs from ${name}
) as all_rows where is_theirs or ${where}`,
      { ...params, ...(isTheirs.length > 0 && plain.params) },
    );
    const count = rows.filter((row) => row["is_theirs"] === true || finder.isIn(String(row["texts"]))).length;
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
