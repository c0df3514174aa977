import type { Type } from "../../sql/types.js";
import { nameOf } from "./decimals.js";

type Write = (sql: string, to: string, from: Type) => string;

interface Cast {
  readonly strict: Write;
  readonly attempt: Write;
}

/** The same on both engines, but for what a value that does not fit gives: an error, or null. */
const plain: Cast = {
  strict: (sql, to) => `cast(${sql} as ${to})`,
  attempt: (sql, to) => `try_cast(${sql} as ${to})`,
};

/** DuckDB rounds where Spark leaves out what is behind the point. */
const cut: Cast = {
  strict: (sql, to) => `cast(trunc(${sql}) as ${to})`,
  attempt: (sql, to) => `try_cast(trunc(${sql}) as ${to})`,
};

/**
 * By the shortest text of the number, as Spark does it: 1.005 is 1.005 and not the number below it. What is no number is null, also
 * where the cast is strict.
 */
const asWritten: Cast = {
  strict: (sql, to) => `case when isfinite(${sql}) then cast(cast(${sql} as varchar) as ${to}) end`,
  attempt: (sql, to) => `case when isfinite(${sql}) then try_cast(cast(${sql} as varchar) as ${to}) end`,
};

/** Of a text by a macro, which is null for what is no such value. */
const byMacro = (name: string): Cast => ({
  strict: (sql) => `strict_${name}(${sql})`,
  attempt: (sql) => `try_${name}(${sql})`,
});

const withDigit = (sql: string, from: Type) =>
  from.name === "decimal" && from.precision === from.scale
    ? `cast(${sql} as decimal(${Math.min(38, from.precision + 1)},${from.scale}))`
    : sql;

const decimalOf = (sql: string, to: string) =>
  `coalesce(try_cast(plain_decimal(${sql}) as ${to}), try_cast(odd_decimal(${sql}) as ${to}))`;

const casts: Readonly<Record<string, Cast>> = {
  "int to bigint": plain,
  "int to double": plain,
  "int to decimal": plain,
  "int to string": plain,
  "int to int": plain,
  "bigint to int": plain,
  "bigint to bigint": plain,
  "bigint to double": plain,
  "bigint to decimal": plain,
  "bigint to string": plain,
  "double to double": plain,
  "double to int": cut,
  "double to bigint": cut,
  "double to decimal": asWritten,
  "decimal to int": cut,
  "decimal to bigint": cut,
  "decimal to double": {
    strict: (sql, _, from) =>
      from.name === "decimal" && from.precision > 15
        ? `cast(cast(${sql} as varchar) as double)`
        : `cast(${sql} as double)`,
    attempt: (sql) => `cast(cast(${sql} as varchar) as double)`,
  },
  "decimal to decimal": plain,
  // DuckDB leaves out the zero before the point where the type has no digit there.
  "decimal to string": {
    strict: (sql, to, from) => plain.strict(withDigit(sql, from), to, from),
    attempt: (sql, to, from) => plain.strict(withDigit(sql, from), to, from),
  },
  "string to string": plain,
  "string to int": byMacro("int"),
  "string to bigint": byMacro("bigint"),
  "string to double": byMacro("double"),
  "string to decimal": {
    strict: (sql, to) => `strict_decimal(${sql}, ${decimalOf(sql, to)})`,
    attempt: (sql, to) => decimalOf(sql, to),
  },
  "string to boolean": byMacro("boolean"),
  "string to date": byMacro("date"),
  "string to timestamp": byMacro("timestamp"),
  "boolean to boolean": plain,
  "boolean to int": plain,
  "boolean to string": plain,
  "date to date": plain,
  "date to string": byMacro("date_text"),
  "date to timestamp": plain,
  "timestamp to timestamp": plain,
  "timestamp to date": plain,
  "timestamp to string": byMacro("timestamp_text"),
};

/** The types of all casts that are allowed: from and to. */
export const castTitles: readonly (readonly [string, string])[] = Object.keys(casts).map((title) => {
  const [from, to] = title.split(" to ");
  return [from!, to!];
});

/** A value cast to a type; undefined for a cast that is not allowed. */
export function castSql(sql: string, from: Type, to: Type, mode: "cast" | "try_cast"): string | undefined {
  if (from.name === "array" && to.name === "array") {
    if (from.of.name === "void") return `cast(${sql} as ${nameOf(to)})`;
    const item = castSql("item", from.of, to.of, mode);
    return item && `list_transform(${sql}, lambda item: ${item})`;
  }
  const known = casts[`${from.name} to ${to.name}`];
  return known?.[mode === "cast" ? "strict" : "attempt"](sql, nameOf(to), from);
}
