import type { Table, Tables } from "../contracts/table.js";
import type { Dialect } from "../engine/adapter.js";
import type { Bound, Connection } from "../engine/connection.js";
import { beforeTable } from "../sql/render.js";
import { isTelling, pseudonymOf, type Fields, type Finder } from "./person.js";

/* What the warehouse knows of persons. All statements mean the same on all engines. */

/** What a contract says of persons. */
interface Options {
  readonly person?: string;
  readonly personBy?: { readonly column: string; readonly is: string };
  readonly personal?: readonly string[];
  readonly standsFor?: Table;
}

export const optionsOf = (table: Table): Options => table.options as Options;

/** The tables that name persons and hold what identifies them, in columns. */
export const identifying = (tables: Tables) =>
  [...tables.values()].filter((table) => {
    const { person, personal = [] } = optionsOf(table);
    return person !== undefined && personal.length > 0;
  });

/** Names of the columns and fields that name and identify a person. */
export const fieldsOf = (tables: Tables): Fields => ({
  person: [...new Set([...tables.values()].flatMap((table) => optionsOf(table).person ?? []))],
  personal: [...new Set(identifying(tables).flatMap((table) => optionsOf(table).personal ?? []))],
});

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
  if (numbers.length === 0) return { numbers: found, values: [] };
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
  const fields = fieldsOf(tables).personal;
  for (const table of tables.values()) {
    const { person, personal } = optionsOf(optionsOf(table).standsFor ?? table);
    if (!optionsOf(table).standsFor || person === undefined) continue;
    for (const side of ["before", "after"]) {
      const of = (field: string) => `get_json_object(value, '$.${side}.${field}')`;
      const columns = (personal ? fields : []).map((field) => `${of(field)} as ${field}`);
      const { rows } = await connection.query(
        `select distinct ${[`trim(${of(person)}) as number`, ...columns].join(", ")}
from ${dialect.stored(table).name} where trim(${of(person)}) in (${list})`,
        params,
      );
      for (const row of rows) {
        found.add(String(row["number"]));
        if (personal) for (const field of fields) take(row[field]);
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
  const { select, params } = keysSelect(tables, personBy.is, finder);
  const { rows } = await connection.query(select, params);
  return new Set(rows.map((row) => String(row["key"])));
}

function keysSelect(tables: Tables, column: string, finder: Finder): { select: string; params: Params } {
  const at = column.lastIndexOf(".");
  const table = tables.get(column.slice(0, at))!;
  const { person, personBy } = optionsOf(table);
  const name = column.slice(at + 1);
  if (person !== undefined) {
    const { list, params } = bound("person", [
      ...finder.persons.map(({ number }) => number),
      ...finder.pseudonyms,
    ]);
    return { select: `select ${name} as key from ${table.name} where trim(${person}) in (${list})`, params };
  }
  const inner = keysSelect(tables, personBy!.is, finder);
  return {
    select: `select ${name} as key from ${table.name} where ${personBy!.column} in (${inner.select})`,
    params: inner.params,
  };
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

export type Params = Readonly<Record<string, Bound>>;

/** Values as parameters, and the list of these. */
export function bound(name: string, values: readonly string[]): { list: string; params: Params } {
  return {
    list: values.map((_, at) => `$${name}_${at}`).join(", ") || "null",
    params: Object.fromEntries(values.map((value, at) => [`${name}_${at}`, value])),
  };
}
