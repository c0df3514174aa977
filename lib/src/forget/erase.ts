import { forgotten_persons } from "../contracts/ops.js";
import type { Table, Tables } from "../contracts/table.js";
import type { Dialect } from "../engine/adapter.js";
import type { Connection } from "../engine/connection.js";
import { bound, keysOf, optionsOf, type Params } from "./look-up.js";
import { objectOf } from "./fields.js";
import type { Finder } from "./person.js";

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
  const emptied = personal.map((column) => `${column} = null`);
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
      const sets = [`${person} = $pseudonym`, ...emptied];
      changed += await connection.execute(`update ${name} set ${sets.join(", ")} where ${theirs}`, {
        number,
        pseudonym,
      });
    }
  // The key of a message about persons is a number too.
  if (person !== undefined && texts.includes("kafka_key"))
    for (const { number, pseudonym } of finder.persons)
      changed += await connection.execute(
        `update ${name} set kafka_key = $pseudonym where trim(kafka_key) = $number`,
        { number, pseudonym },
      );
  // A row without a number is theirs too where their e-mail address stands.
  if (person !== undefined && texts.includes(person) && personal.length > 0) {
    const { list, params } = bound("value", finder.values);
    changed += await connection.execute(
      `update ${name} set ${emptied.join(", ")}
where ${personal.map((column) => `lower(trim(${column})) in (${list})`).join(" or ")}`,
      params,
    );
  }
  if (personBy) {
    const keys = [...(await keysOf(connection, tables, table, finder))];
    for (let start = 0; start < keys.length; start += 500) {
      const { list, params } = bound("key", keys.slice(start, start + 500));
      changed += await connection.execute(
        `update ${name} set ${emptied.join(", ")}
where ${personBy.column} in (${list}) and coalesce(${personal.join(", ")}) is not null`,
        params,
      );
    }
  }
  for (const column of texts) {
    if (column === person || column === "source_file") continue;
    const isPersonal = personBy !== undefined && personal.includes(column);
    const without =
      column === "_rescued_data"
        ? (text: string) => finder.raw(text, person !== undefined)
        : messages.has(column)
          ? finder.message
          : finder.json;
    changed += await replaceTexts(connection, name, column, mentions(column, finder), (text) =>
      !finder.isIn(text) ? text : isPersonal ? null : without(text),
    );
  }
  // Of a change its columns are parts of its text: an extraction's source holds a fingerprint of the row.
  if (texts.includes("source") && texts.includes("value") && finder.persons.length > 0) {
    const { params } = bound("pseudonym", finder.pseudonyms);
    const theirs = finder.pseudonyms.map((_, at) => `contains(value, $pseudonym_${at})`).join(" or ");
    const source = "get_json_object(value, '$.source')";
    await connection.execute(
      `update ${name} set source = ${source} where (${theirs}) and source <> ${source}`,
      params,
    );
  }
  return changed;
}

/** Columns of envelopes that hold a message, or a part of one. */
const messages = new Set(["value", "before", "after", "kafka_key"]);

/** Takes persons out of the records of runs, and what is kept of earlier rows. @returns the tables that it changed, with their rows */
export async function rewriteRecords(
  connection: Connection,
  tables: Tables,
  finder: Finder,
): Promise<Map<string, number>> {
  const changed = new Map<string, number>();
  for (const table of tables.values()) {
    if (table.layer !== "ops" || table.name === forgotten_persons.name) continue;
    for (const { name, type } of table.columns) {
      if (type !== "STRING") continue;
      const rows = await replaceTexts(connection, table.name, name, mentions(name, finder), finder.json);
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
    const plain = bound("plain", finder.plain);
    const ofPerson = columns.filter((column) => finder.fields.person.includes(column));
    const where = [
      ...columns.map((column) => `lower(${column}) in (${list})`),
      ...ofPerson.map((column) => `trim(${column}) in (${plain.list})`),
    ].join(" or ");
    const rows = await connection.execute(`delete from ${name} where ${where}`, {
      ...params,
      ...(ofPerson.length > 0 && plain.params),
    });
    if (rows > 0) changed.set(name, rows);
  }
  return changed;
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
    const cases = some.map((_, at) => `when ${column} = $old_${at} then cast($new_${at} as string)`);
    const olds = some.map((_, at) => `$old_${at}`).join(", ");
    changed += await connection.execute(
      `update ${table} set ${column} = case ${cases.join(" ")} end where ${column} in (${olds}) and (${where})`,
      { ...params, ...own },
    );
  }
  return changed;
}

/** A condition on columns that may name a person; `Finder.isIn` decides. */
export function mentions(
  columns: string | readonly string[],
  { needles, plainField }: Finder,
): { where: string; params: Params } {
  const { params } = bound("needle", needles);
  const all = [columns].flat();
  const conditions = all.flatMap((column) => [
    ...needles.map((_, at) => `contains(lower(${column}), $needle_${at})`),
    ...(plainField === undefined ? [] : [`regexp_extract(${column}, $plain_field, 0) <> ''`]),
  ]);
  return {
    where: conditions.join(" or ") || "false",
    params: { ...params, ...(plainField !== undefined && { plain_field: plainField }) },
  };
}

/** What is in the warehouse beside the tables of the contracts: logs of earlier rows, and what a task leaves. */
export async function besides(
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

/** Leaves nothing of what was deleted in the current files of the tables, where each has its own. */
export async function purge(connection: Connection, dialect: Dialect, tables: Tables): Promise<void> {
  if (!dialect.purge) return;
  const all = [...tables.values()].filter(
    (table) =>
      table.layer === "ops" || table.options.tags?.["sensitivity"] === "personal" || optionsOf(table).person,
  );
  const names = [
    ...all.map(({ name }) => name),
    ...(await besides(connection, tables)).map(({ name }) => name),
  ];
  for (const statement of names.flatMap(dialect.purge)) await connection.execute(statement);
}
