import type { Client } from "pg";
import { InputError } from "../errors.js";

/** A column of a table of the database. */
interface SourceColumn {
  readonly name: string;
  /** As PostgreSQL writes it: `numeric(12,2)`, `timestamp with time zone`, `text[]`. */
  readonly type: string;
  /** `a` for an array, `c` for a composite, and others. */
  readonly category: string;
}

/** A table of the database. */
interface SourceTable {
  /** Quoted, with its schema. */
  readonly name: string;
  readonly columns: readonly SourceColumn[];
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Looks a table up. @throws InputError when there is none, or a column is missing that is read */
export async function describe(
  client: Client,
  schema: string,
  {
    table,
    columns,
    into,
  }: { readonly table: string; readonly columns: readonly string[]; readonly into: string },
): Promise<SourceTable> {
  const name = `${quoted(schema)}.${quoted(table)}`;
  const { rows: found } = await client.query("select 1 from pg_class where oid = to_regclass($1)", [name]);
  if (found.length === 0)
    throw new InputError(
      `The database has no table ${schema}.${table}, which ${into} takes. If it has another name or schema there, make a view of this ` +
        `name, or set POSTGRES_SCHEMA; if its rows come as exports, set POSTGRES_ROUTE to the words of the others and ${table}=exports.`,
    );
  const { rows } = await client.query<SourceColumn>(
    `select attname as name, format_type(atttypid, atttypmod) as type, lower(typcategory::text) as category
      from pg_attribute join pg_type on pg_type.oid = atttypid
      where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [name],
  );
  const missing = columns.filter((column) => !rows.some((row) => row.name === column));
  if (missing.length > 0)
    throw new InputError(
      `The table ${schema}.${table} has no ${missing.length > 1 ? "columns" : "column"} ${missing.join(", ")}, ` +
        `which ${into} takes. It has ` +
        `${rows.map((row) => row.name).join(", ")}. If a column was renamed there, make a view that has the old name too; if it is gone ` +
        "for good, take it out of the contract. Nothing was read.",
    );
  return { name, columns: rows };
}

/**
 * The value of a column of `given` as a text. An instant is in UTC, with microseconds; one before our era, or infinite, is as the database
 * writes it. An array or a composite is JSON.
 */
export function textOf({ name, type, category }: SourceColumn): string {
  const column = `given.${quoted(name)}`;
  if (/^timestamp\b/.test(type)) {
    const [utc, zone] = type.includes("with time zone")
      ? [`${column} at time zone 'UTC'`, '"Z"']
      : [column, ""];
    const isUsual = `isfinite(${column}) and ${column} >= '0001-01-01'`;
    const iso = `to_char(${utc}, 'YYYY-MM-DD"T"HH24:MI:SS.US${zone}')`;
    return `case when ${isUsual} then ${iso} else ${column}::text end`;
  }
  if (category === "a" || category === "c") return `to_json(${column})::text`;
  if (type === "bytea") return `encode(${column}, 'base64')`;
  return `${column}::text`;
}
