import type { Table, Tables } from "../contracts/table.js";
import type { Dialect } from "../engine/adapter.js";
import type { Bound, Connection } from "../engine/connection.js";
import { beforeTable } from "../sql/render.js";
import { isTelling, objectOf, pseudonymOf, type Finder, type Person } from "./person.js";

/* What the warehouse knows of persons, and how it forgets it. All statements mean the same on all engines. */

interface Options {
  readonly person?: string;
  readonly personBy?: { readonly column: string; readonly is: string };
  readonly personal?: readonly string[];
  readonly standsFor?: Table;
}

export const optionsOf = (table: Table): Options => table.options as Options;

/** The tables that name persons and hold what identifies them, in columns. */
const identifying = (tables: Tables) =>
  [...tables.values()].filter((table) => {
    const { person, personal = [] } = optionsOf(table);
    return person !== undefined && personal.length > 0;
  });

/** Names of the columns and fields that identify a person. */
export const personalFields = (tables: Tables): string[] => [
  ...new Set(identifying(tables).flatMap((table) => optionsOf(table).personal ?? [])),
];

/** What is known of persons who are to be forgotten. */
interface Known {
  /** Whose number stands in a table. */
  readonly numbers: ReadonlySet<string>;
  /** What leads to one of them and to nobody else. */
  readonly values: readonly string[];
}

/** Looks up what leads to persons, in tables and in the texts of changes, and leaves out what others have too. */
export async function lookUp(
  connection: Connection,
  dialect: Dialect,
  tables: Tables,
  numbers: readonly string[],
): Promise<Known> {
  const found = new Set<string>();
  const values = new Set<string>();
  const take = (value: unknown) => {
    if (typeof value === "string" && isTelling(value)) values.add(value.trim());
  };
  const { list, params } = bound("number", numbers);
  for (const table of tables.values()) {
    const { person, personal = [] } = optionsOf(table);
    if (person === undefined) continue;
    // A key that is made of the number and a time leads back to it.
    const keys = table.columns.some(({ name }) => name === "surrogate_key") ? ["surrogate_key"] : [];
    const theirs = await connection.query(
      `select distinct ${[`trim(${person}) as number`, ...personal, ...keys].join(", ")}
from ${table.name} where trim(${person}) in (${list})`,
      params,
    );
    for (const row of theirs.rows) {
      found.add(String(row["number"]));
      for (const column of personal) take(row[column]);
      for (const column of keys) values.add(String(row[column]));
    }
    if (keys.length === 0 || !table.options.tracks) continue;
    const { rows } = await connection.query(
      `select distinct surrogate_key from ${beforeTable(table)} where ${person} in (${list})`,
      params,
    );
    for (const row of rows) values.add(String(row["surrogate_key"]));
  }
  const fields = personalFields(tables);
  for (const table of tables.values()) {
    const { person, personal } = optionsOf(optionsOf(table).standsFor ?? table);
    if (!optionsOf(table).standsFor || person === undefined) continue;
    const { rows } = await connection.query(
      `select distinct value from ${dialect.stored(table).name} where ${numbers
        .map((_, at) => `contains(value, $number_${at})`)
        .join(" or ")}`,
      params,
    );
    for (const row of rows) {
      const change = objectOf(String(row["value"])) ?? {};
      for (const side of ["before", "after"]) {
        const of = (change[side] ?? {}) as Record<string, unknown>;
        const number = String(of[person]);
        if (!numbers.includes(number)) continue;
        found.add(number);
        if (personal) for (const field of fields) take(of[field]);
      }
    }
  }
  for (const value of await ofOthers(connection, tables, numbers, [...values])) values.delete(value);
  return { numbers: found, values: [...values] };
}

/** Values that other persons have too, such as a family's telephone. */
async function ofOthers(
  connection: Connection,
  tables: Tables,
  numbers: readonly string[],
  values: readonly string[],
): Promise<string[]> {
  if (values.length === 0) return [];
  const shared = new Set<string>();
  const known = bound("number", numbers);
  const wanted = bound(
    "value",
    values.map((value) => value.toLowerCase()),
  );
  for (const table of identifying(tables)) {
    const { person, personal = [] } = optionsOf(table);
    for (const column of personal) {
      const { rows } = await connection.query(
        `select distinct lower(trim(${column})) as value from ${table.name}
where lower(trim(${column})) in (${wanted.list}) and trim(${person}) not in (${known.list})`,
        { ...known.params, ...wanted.params },
      );
      for (const row of rows) shared.add(String(row["value"]));
    }
  }
  return values.filter((value) => shared.has(value.toLowerCase()));
}

/** What leads to persons in a table whose rows name nobody, such as the numbers of their orders. */
export async function keysOf(
  connection: Connection,
  tables: Tables,
  table: Table,
  finder: Finder,
): Promise<ReadonlySet<string>> {
  const { personBy } = optionsOf(table);
  if (!personBy) return new Set();
  const { select, params } = keysSelect(tables, personBy.is, finder.persons);
  const { rows } = await connection.query(select, params);
  return new Set(rows.map((row) => String(row["key"])));
}

function keysSelect(
  tables: Tables,
  column: string,
  persons: readonly Person[],
): { select: string; params: Params } {
  const at = column.lastIndexOf(".");
  const table = tables.get(column.slice(0, at))!;
  const { person, personBy } = optionsOf(table);
  const name = column.slice(at + 1);
  const { list, params } = bound(
    "person",
    persons.flatMap(({ number, pseudonym }) => [number, pseudonym]),
  );
  if (person !== undefined)
    return { select: `select ${name} as key from ${table.name} where trim(${person}) in (${list})`, params };
  const inner = keysSelect(tables, personBy!.is, persons);
  return {
    select: `select ${name} as key from ${table.name} where ${personBy!.column} in (${inner.select})`,
    params: inner.params,
  };
}

/** Takes persons out of a table of bronze, as `rewriteFiles` does with its files. @returns how many rows it changed */
export async function rewriteTable(
  connection: Connection,
  dialect: Dialect,
  tables: Tables,
  table: Table,
  finder: Finder,
): Promise<number> {
  const { name, columns } = dialect.stored(table);
  const { person, personBy, personal = [] } = optionsOf(table);
  const texts = columns.filter(({ type }) => type === "STRING").map((column) => column.name);
  let changed = 0;
  if (person !== undefined && texts.includes(person))
    for (const { number, pseudonym } of finder.persons) {
      const theirs = `trim(${person}) = $number`;
      // Columns of a file that no contract knows.
      changed += await replaceTexts(
        connection,
        name,
        "_rescued_data",
        { where: theirs, params: { number } },
        (text) =>
          JSON.stringify(Object.fromEntries(Object.keys(objectOf(text) ?? {}).map((field) => [field, null]))),
      );
      const sets = [`${person} = $pseudonym`, ...personal.map((column) => `${column} = null`)];
      changed += await connection.execute(`update ${name} set ${sets.join(", ")} where ${theirs}`, {
        number,
        pseudonym,
      });
    }
  if (personBy) {
    const { select, params } = keysSelect(tables, personBy.is, finder.persons);
    changed += await connection.execute(
      `update ${name} set ${personal.map((column) => `${column} = null`).join(", ")}
where ${personBy.column} in (${select}) and coalesce(${personal.join(", ")}) is not null`,
      params,
    );
  }
  for (const column of texts) {
    if (column === person || column === "source_file") continue;
    const isWhole = column === "_rescued_data";
    const isPersonal = personBy !== undefined && personal.includes(column);
    changed += await replaceTexts(connection, name, column, mentions(column, finder), (text) =>
      !finder.isIn(text) ? text : isPersonal ? null : isWhole ? finder.raw(text) : finder.json(text),
    );
  }
  return changed;
}

/** Takes persons out of the records of runs, and what is kept of earlier rows. @returns the tables that it changed, with their rows */
export async function rewriteRecords(
  connection: Connection,
  tables: Tables,
  finder: Finder,
): Promise<Map<string, number>> {
  const changed = new Map<string, number>();
  for (const table of tables.values()) {
    if (table.layer !== "ops") continue;
    for (const { name, type } of table.columns) {
      if (type !== "STRING") continue;
      const rows = await replaceTexts(connection, table.name, name, mentions(name, finder), finder.replaced);
      if (rows > 0) changed.set(table.name, (changed.get(table.name) ?? 0) + rows);
    }
  }
  for (const { name, columns } of await besides(connection, tables)) {
    if (/^ops\.(incoming|news|stage)_/.test(name)) {
      await connection.execute(`drop table ${name}`);
      continue;
    }
    if (columns.length === 0) continue;
    const { list, params } = bound("needle", finder.needles);
    const where = columns.map((column) => `lower(${column}) in (${list})`).join(" or ");
    const rows = await connection.execute(`delete from ${name} where ${where}`, params);
    if (rows > 0) changed.set(name, rows);
  }
  return changed;
}

/** What is in the warehouse beside the tables of the contracts: logs of earlier rows, and what a task leaves. */
async function besides(
  connection: Connection,
  tables: Tables,
): Promise<{ name: string; columns: string[] }[]> {
  const { rows } = await connection.query(
    `select concat_ws('.', table_schema, table_name) as name, column_name, lower(data_type) as type
from information_schema.columns where table_schema = 'ops'`,
  );
  const found = new Map<string, string[]>();
  for (const row of rows) {
    const name = String(row["name"]);
    if (tables.has(name)) continue;
    const columns = found.get(name) ?? [];
    found.set(name, columns);
    if (/^(?:varchar|string)$/.test(String(row["type"]))) columns.push(String(row["column_name"]));
  }
  return [...found].map(([name, columns]) => ({ name, columns }));
}

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
  for (const table of identifying(tables)) {
    const { person, personal = [] } = optionsOf(table);
    const { list, params } = bound(
      "pseudonym",
      finder.persons.map(({ pseudonym }) => pseudonym),
    );
    const { rows } = await connection.query(
      `select count(*) as filled from ${table.name} where ${person} in (${list}) and coalesce(${personal.join(", ")}) is not null`,
      params,
    );
    const filled = Number(rows[0]?.["filled"]);
    if (filled > 0) found.push({ table: table.name, rows: filled });
  }
  return { searched: all.length, found };
}

/** The salt of this warehouse, and the pseudonyms of those who were forgotten before. */
export async function readForgotten(
  connection: Connection,
): Promise<{ salt: string | undefined; pseudonyms: ReadonlyMap<string, boolean> }> {
  const { rows } = await connection.query("select pseudonym, salt, finished_at from ops.forgotten_persons");
  return {
    salt: rows[0] && String(rows[0]["salt"]),
    pseudonyms: new Map(rows.map((row) => [String(row["pseudonym"]), row["finished_at"] !== null])),
  };
}

/** The numbers in the tables of bronze whose persons were forgotten before: they have arrived again. */
export async function arrivedAgain(connection: Connection, tables: Tables): Promise<string[]> {
  const { salt, pseudonyms } = await readForgotten(connection);
  if (salt === undefined) return [];
  const numbers = new Set<string>();
  for (const table of tables.values()) {
    const { person } = optionsOf(table);
    if (person === undefined) continue;
    const { rows } = await connection.query(
      `select distinct trim(${person}) as number from ${table.name} where ${person} is not null`,
    );
    for (const row of rows) numbers.add(String(row["number"]));
  }
  return [...numbers].filter((number) => pseudonyms.has(pseudonymOf(salt, number)));
}

/** Replaces texts of a column by others, of the rows for which a condition holds. */
async function replaceTexts(
  connection: Connection,
  table: string,
  column: string,
  { where, params }: { where: string; params: Params },
  replace: (text: string) => string | null,
): Promise<number> {
  const { rows } = await connection.query(
    `select distinct ${column} as text from ${table} where ${column} is not null and (${where})`,
    params,
  );
  const changes = rows
    .map((row) => ({ old: String(row["text"]), anew: replace(String(row["text"])) }))
    .filter(({ old, anew }) => old !== anew);
  let changed = 0;
  for (let start = 0; start < changes.length; start += 50) {
    const some = changes.slice(start, start + 50);
    const own = Object.fromEntries(
      some.flatMap(({ old, anew }, at) => [
        [`old_${at}`, old],
        [`new_${at}`, anew],
      ]),
    );
    changed += await connection.execute(
      `update ${table} set ${column} = case ${some.map((_, at) => `when ${column} = $old_${at} then cast($new_${at} as string)`).join(" ")} end
where ${column} in (${some.map((_, at) => `$old_${at}`).join(", ")}) and (${where})`,
      { ...params, ...own },
    );
  }
  return changed;
}

/** A condition on columns that may name a person; `Finder.isIn` decides. */
function mentions(
  columns: string | readonly string[],
  { needles }: Finder,
): { where: string; params: Params } {
  const { params } = bound("needle", needles);
  const all = [columns].flat();
  const conditions = all.flatMap((column) =>
    needles.map((_, at) => `contains(lower(${column}), $needle_${at})`),
  );
  return { where: conditions.join(" or ") || "false", params };
}

type Params = Readonly<Record<string, Bound>>;

/** Values as parameters, and the list of these. */
function bound(name: string, values: readonly string[]): { list: string; params: Params } {
  return {
    list: values.map((_, at) => `$${name}_${at}`).join(", ") || "null",
    params: Object.fromEntries(values.map((value, at) => [`${name}_${at}`, value])),
  };
}
