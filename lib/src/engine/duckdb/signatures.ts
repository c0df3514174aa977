import { SqlError } from "../../sql/sql-error.js";
import * as types from "../../sql/types.js";
import type { Type } from "../../sql/types.js";
import { between, formatted, lengthOf, parsedDate, truncation } from "./dates.js";
import * as decimals from "./decimals.js";
import { nameOf } from "./decimals.js";
import { literal } from "./literals.js";
import { patternOf, replacementOf } from "./regex.js";

/** What a function or an operator is given: DuckDB's text of a value, its type, and the value of a constant. */
export interface Arg {
  readonly sql: string;
  readonly type: Type;
  /** Of a text that is written out in the select. */
  readonly text?: string;
  /** Of a number that is written out. */
  readonly number?: string;
  /** Of a decimal that is computed with more digits than are wanted: the same rounded to fewer behind the point. */
  readonly rounded?: (scale: number) => string;
  /** Of a list that is written out: its items. */
  readonly items?: readonly string[];
}

/**
 * A function, an operator or a cast with the types of its arguments: it was seen to give on DuckDB what it gives on Spark, by the
 * recorded cases under its name in `tests/fixtures/spark`. What is not in the table does not compile.
 */
export interface Signature {
  /** As the guide shows it, such as `substring(string, int, int): string`. */
  readonly title: string;
  readonly name: string;
  readonly kind: "function" | "aggregate" | "window" | "operator" | "generator";
  readonly args: readonly string[];
  readonly returns: Type | ((args: readonly Arg[]) => Type);
  readonly write: (...args: Arg[]) => string;
  /** What else is known of the result. */
  readonly known?: (...args: Arg[]) => Pick<Arg, "rounded" | "items">;
}

type Texts = (...args: string[]) => string;

const list: Signature[] = [];

/** Adds a signature whose DuckDB text is made of its arguments' texts. */
function add(kind: Signature["kind"], title: string, write: Texts): void {
  addFull(kind, title, (...args) => write(...args.map(({ sql }) => sql)));
}

/** Adds one that also looks at types and constants. */
function addFull(
  kind: Signature["kind"],
  title: string,
  write: Signature["write"],
  returns?: (args: readonly Arg[]) => Type,
  known?: Signature["known"],
): void {
  const [, name, inner, result] = /^(\S+?)\((.*)\): (\S+)$/.exec(title)!;
  const args = inner === "" ? [] : inner!.split(", ");
  list.push({
    title,
    name: name!,
    kind,
    args,
    returns: returns ?? resultType(result!, args),
    write,
    ...(known && { known }),
  });
}

/** `T` in a result is what the arguments' `T` is. */
function resultType(result: string, args: readonly string[]): Signature["returns"] {
  const fixed = types.typeNamed(result);
  if (fixed) return fixed;
  if (result === "array<void>") return types.array(types.VOID);
  return (given) => {
    const at = args.findIndex((arg) => /\bT\b/.test(arg));
    const type = given[at]!.type;
    const item = args[at]!.startsWith("array") ? (type as Type & { name: "array" }).of : type;
    return result.startsWith("array<") ? types.array(item) : item;
  };
}

const fn = (title: string, write: Texts) => add("function", title, write);
const aggregate = (title: string, write: Texts) => add("aggregate", title, write);
const operator = (title: string, write: Texts) => add("operator", title, write);
const call =
  (name: string): Texts =>
  (...args) =>
    `${name}(${args.join(", ")})`;
const cast = (sql: string, type: string) => `cast(${sql} as ${type})`;

/** What costs nothing when it stands in a macro more than once. */
const isColumn = (sql: string) => /^"[^"]*"[.]"[^"]*"$/.test(sql);

/** Unlike `greatest`, null where the number is. */
const notBelowZero = (count: string) =>
  /^\d+$/.test(count) ? count : `case when ${count} < 0 then 0 else ${count} end`;

// Texts.
fn("upper(string): string", call("spark_upper"));
fn("lower(string): string", call("spark_lower"));
fn("trim(string): string", (text) => (isColumn(text) ? `spark_trim(${text})` : `trim(${text}, ' ')`));
fn("ltrim(string): string", (text) => `ltrim(${text}, ' ')`);
fn("rtrim(string): string", (text) => `rtrim(${text}, ' ')`);
for (const name of ["ltrim", "rtrim"])
  fn(`${name}(string, string): string`, (set, text) => `${name}(${text}, ${set})`);
fn("length(string): int", (text) => cast(`length(${text})`, "integer"));
fn("concat(string*): string", (...texts) => texts.join(" || "));
fn("concat_ws(string, string*): string", call("concat_ws"));
fn("concat_ws('text', array<string>): string", call("spark_join"));
fn("substring(string, int): string", call("spark_from"));
fn("substring(string, int, int): string", call("spark_substring"));
fn("left(string, int): string", (text, count) => `left(${text}, ${notBelowZero(count)})`);
fn("right(string, int): string", (text, count) => `right(${text}, ${notBelowZero(count)})`);
fn("replace(string, string, string): string", call("replace"));
fn("startswith(string, string): boolean", call("starts_with"));
fn("endswith(string, string): boolean", call("ends_with"));
fn("contains(string, string): boolean", call("contains"));
fn("repeat(string, int): string", (text, count) => `repeat(${text}, ${notBelowZero(count)})`);
fn("md5(string): string", call("md5"));
for (const name of ["lpad", "rpad"])
  addFull("function", `${name}(string, int, 'text'): string`, (text, width, fill) => {
    if (!fill!.text) throw new SqlError(`${name}(): what it fills with is empty`);
    return `${name}(${text!.sql}, ${notBelowZero(width!.sql)}, ${fill!.sql})`;
  });
addFull("function", "split(string, 'regex'): array<string>", (text, pattern) => {
  const { text: written, isToEnd } = patternOf(pattern!.text!, false);
  if (isToEnd) throw new SqlError("split(): $ in its regular expression is not taken");
  return `string_split_regex(${text!.sql}, ${literal(written)})`;
});
addFull("function", "regexp_replace(string, 'regex', 'text'): string", (text, pattern, replacement) => {
  const made = patternOf(pattern!.text!, false);
  const instead = replacementOf(replacement!.text!, made);
  return `regexp_replace(${text!.sql}, ${literal(made.text)}, ${literal(instead)}, 'g')`;
});
for (const group of ["", ", 'number'"])
  addFull("function", `regexp_extract(string, 'regex'${group}): string`, (text, pattern, wanted) => {
    const { text: written, groups } = patternOf(pattern!.text!, true);
    const number = Number(wanted?.number ?? 1);
    if (number > groups)
      throw new SqlError(`regexp_extract(): the regular expression has no group ${number}`);
    return `regexp_extract(${text!.sql}, ${literal(written)}, ${number})`;
  });

// Conditions.
for (const op of ["=", "<>", "<", "<=", ">", ">=", "<=>"])
  operator(`${op}(T, T): boolean`, (a, b) =>
    op === "<=>" ? `${a} is not distinct from ${b}` : `${a} ${op} ${b}`,
  );
operator("and(boolean, boolean): boolean", (a, b) => `${a} and ${b}`);
operator("or(boolean, boolean): boolean", (a, b) => `${a} or ${b}`);
operator("not(boolean): boolean", (a) => `not ${a}`);
addFull("operator", "like(string, 'like'): boolean", (text, pattern) => {
  const source = pattern!.text!;
  if (/\\(?![%_\\])/.test(source.replaceAll("\\\\", "")))
    throw new SqlError(`like '${source}': a backslash stands before %, _ or a backslash`);
  // DuckDB has quick ways for the patterns of a LIKE without ESCAPE.
  return `${text!.sql} like ${literal(source)}${source.includes("\\") ? " escape '\\'" : ""}`;
});
addFull(
  "operator",
  "rlike(string, 'regex'): boolean",
  (text, pattern) => `regexp_matches(${text!.sql}, ${literal(patternOf(pattern!.text!, true).text)})`,
);
fn("coalesce(T*): T", call("coalesce"));
for (const name of ["ifnull", "nvl"]) fn(`${name}(T, T): T`, call("coalesce"));
fn("nullif(T, T): T", call("nullif"));
fn("isnull(any): boolean", (a) => `${a} is null`);
fn("isnotnull(any): boolean", (a) => `${a} is not null`);
fn("if(boolean, T, T): T", (test, yes, no) => `case when ${test} then ${yes} else ${no} end`);
fn("greatest(T, T*): T", call("greatest"));
fn("least(T, T*): T", call("least"));

// Numbers. Whole ones come first, then decimals, since all of them would go to a double.
const arithmetic = (type: string) => {
  for (const op of ["+", "-", "*"]) operator(`${op}(${type}, ${type}): ${type}`, (a, b) => `${a} ${op} ${b}`);
  for (const name of ["%", "mod"])
    add(
      name === "%" ? "operator" : "function",
      `${name}(${type}, ${type}): ${type}`,
      call(type === "bigint" ? "spark_rest" : "spark_remainder"),
    );
  operator(`negative(${type}): ${type}`, (a) => `- ${a}`);
  fn(`abs(${type}): ${type}`, call("abs"));
};
arithmetic("int");
arithmetic("bigint");
for (const op of ["+", "-"])
  addFull(
    "operator",
    `${op}(decimal, decimal): decimal`,
    (a, b) => {
      const [wide, type] = [nameOf(decimals.operand(a!, b!)), nameOf(decimals.sum(a!, b!))];
      return cast(`${cast(a!.sql, wide)} ${op} ${cast(b!.sql, wide)}`, type);
    },
    ([a, b]) => decimals.sum(a!, b!),
  );
addFull(
  "operator",
  "*(decimal, decimal): decimal",
  (a, b) => {
    // Of two narrow decimals DuckDB keeps the product narrow, so one is made wide.
    const { precision, scale } = decimals.of(a!);
    const wide = nameOf(types.decimal(Math.max(precision, 19), scale));
    return cast(
      `${cast(a!.sql, wide)} * ${cast(b!.sql, nameOf(decimals.of(b!)))}`,
      nameOf(decimals.product(a!, b!)),
    );
  },
  ([a, b]) => decimals.product(a!, b!),
);
for (const name of ["%", "mod"])
  addFull(
    name === "%" ? "operator" : "function",
    `${name}(decimal, decimal): decimal`,
    (a, b) => {
      const common = nameOf(decimals.operand(a!, b!));
      return cast(
        `spark_remainder(${cast(a!.sql, common)}, ${cast(b!.sql, common)})`,
        nameOf(decimals.rest(a!, b!)),
      );
    },
    ([a, b]) => decimals.rest(a!, b!),
  );
addFull(
  "operator",
  "negative(decimal): decimal",
  (a) => `- ${a!.sql}`,
  ([a]) => a!.type,
);
addFull(
  "function",
  "abs(decimal): decimal",
  (a) => `abs(${a!.sql})`,
  ([a]) => a!.type,
);
addFull(
  "operator",
  "/(decimal, decimal): decimal",
  (a, b) => decimals.divided(a!, b!, "strict"),
  ([a, b]) => decimals.quotient(a!, b!),
  (a, b) => ({ rounded: (scale) => decimals.divided(a!, b!, "strict", scale) }),
);
operator("/(double, double): double", call("spark_divide"));
addFull(
  "function",
  "try_divide(decimal, decimal): decimal",
  (a, b) => decimals.divided(a!, b!, "try"),
  ([a, b]) => decimals.quotient(a!, b!),
  (a, b) => ({ rounded: (scale) => decimals.divided(a!, b!, "try", scale) }),
);
fn("try_divide(double, double): double", (a, b) => `case when ${b} <> 0 then ${a} / ${b} end`);
arithmetic("double");
for (const name of ["ceil", "floor"]) {
  for (const type of ["int", "bigint"]) fn(`${name}(${type}): bigint`, (a) => cast(a, "bigint"));
  addFull(
    "function",
    `${name}(decimal): decimal`,
    (a) => cast(`${name}(${a!.sql})`, nameOf(decimals.whole(a!))),
    ([a]) => decimals.whole(a!),
  );
  fn(`${name}(double): bigint`, (a) => `spark_long(${name}(${a}))`);
}
for (const digits of ["", ", 'number'"]) {
  for (const type of ["int", "bigint"])
    addFull("function", `round(${type}${digits}): ${type}`, (a, places) => {
      if (Number(places?.number ?? 0) < 0)
        throw new SqlError("round(): a negative number of digits is not taken");
      return a!.sql;
    });
  addFull(
    "function",
    `round(decimal${digits}): decimal`,
    (a, places) =>
      cast(`round(${a!.sql}, ${placesOf(places)})`, nameOf(decimals.rounded(a!, placesOf(places)))),
    ([a, places]) => decimals.rounded(a!, placesOf(places)),
  );
  addFull("function", `round(double${digits}): double`, (a, places) => {
    const count = placesOf(places);
    if (count > 12) throw new SqlError("round(): at most 12 digits are taken");
    return `spark_round(${a!.sql}, ${count})`;
  });
}
fn("sign(double): double", (a) => `case when isnan(${a}) then ${a} else ${cast(`sign(${a})`, "double")} end`);
fn("sqrt(double): double", (a) => `case when ${a} < 0 then cast('nan' as double) else sqrt(${a}) end`);
for (const [type, wide, bound] of [
  ["int", "bigint", "2147483648"],
  ["bigint", "hugeint", "9223372036854775808"],
] as const)
  fn(`pmod(${type}, ${type}): ${type}`, (a, b) =>
    cast(
      `spark_pmod(${cast(a, wide)}, ${cast(b, wide)}, ${cast(bound, wide)})`,
      nameOf(types.typeNamed(type)!),
    ),
  );

// Dates and instants.
for (const [name, part] of Object.entries({
  year: "year",
  quarter: "quarter",
  month: "month",
  day: "day",
  dayofmonth: "day",
  dayofyear: "dayofyear",
  weekofyear: "week",
}))
  for (const type of ["date", "timestamp"])
    fn(`${name}(${type}): int`, (a) => cast(`${part}(${a})`, "integer"));
for (const type of ["date", "timestamp"]) {
  fn(`weekday(${type}): int`, (a) => cast(`isodow(${a}) - 1`, "integer"));
  fn(`dayofweek(${type}): int`, (a) => cast(`dayofweek(${a}) + 1`, "integer"));
  fn(`last_day(${type}): date`, (a) => `last_day(${a})`);
}
for (const name of ["hour", "minute", "second"])
  fn(`${name}(timestamp): int`, (a) => cast(`${name}(${a})`, "integer"));
for (const name of ["date_add", "date_sub"])
  fn(`${name}(date, int): date`, (day, count) => `${day} ${name === "date_add" ? "+" : "-"} ${count}`);
operator("+(date, int): date", (day, count) => `${day} + ${count}`);
operator("-(date, int): date", (day, count) => `${day} - ${count}`);
fn("add_months(date, int): date", (day, count) => cast(`${day} + to_months(${count})`, "date"));
for (const name of ["datediff", "date_diff"])
  fn(`${name}(date, date): int`, (end, start) => cast(`${end} - ${start}`, "integer"));
fn("months_between(timestamp, timestamp): double", call("spark_months_between"));
for (const name of ["timestampdiff", "datediff", "date_diff"])
  addFull("function", `${name}(unit, timestamp, timestamp): bigint`, (unit, start, end) =>
    between(unit!.text!, start!.sql, end!.sql),
  );
for (const name of ["timestampadd", "dateadd", "date_add"])
  addFull(
    "function",
    `${name}(unit, int, timestamp): timestamp`,
    (unit, count, instant) => `${instant!.sql} + ${lengthOf(unit!.text!, count!.sql)}`,
  );
// DuckDB's optimiser compares a date_trunc with a constant as a range, and then a null equals or differs as if it were a value.
addFull(
  "function",
  "date_trunc('unit', timestamp): timestamp",
  (unit, instant) => `greatest(date_trunc('${truncation(unit!.text!)}', ${instant!.sql}))`,
);
for (const type of ["date", "timestamp"])
  addFull("function", `date_format(${type}, 'format'): string`, (instant, format) =>
    formatted(instant!.sql, format!.text!),
  );
fn("to_date(string): date", (text) => `strict_date(${text})`);
fn("to_date(timestamp): date", (instant) => cast(instant, "date"));
addFull("function", "to_date(string, 'format'): date", (text, format) =>
  parsedDate(text!.sql, format!.text!, "strict"),
);
addFull("function", "try_to_date(string, 'format'): date", (text, format) =>
  parsedDate(text!.sql, format!.text!, "try"),
);
fn("make_date(int, int, int): date", (year, month, day) => `make_date(${year}, ${month}, ${day})`);
fn("unix_seconds(timestamp): bigint", (instant) => cast(`floor(epoch_us(${instant}) / 1000000)`, "bigint"));
fn("unix_micros(timestamp): bigint", (instant) => `epoch_us(${instant})`);

// Arrays and JSON.
addFull(
  "function",
  "array(T*): array<T>",
  (...items) => call("list_value")(...items.map(({ sql }) => sql)),
  undefined,
  (...items) => ({ items: items.map(({ sql }) => sql) }),
);
fn("array(): array<void>", () => "list_value()");
fn("size(array<any>): int", (a) => cast(`len(${a})`, "integer"));
// Most lists of reasons have none: those are not made and filtered.
addFull("function", "array_compact(array<T>): array<T>", (a) => {
  const compact = `list_filter(${a!.sql}, lambda item: item is not null)`;
  const { items } = a!;
  if (!items) return compact;
  return `case when coalesce(${items.join(", ")}) is null then cast([] as ${nameOf(a!.type)}) else ${compact} end`;
});
fn(
  "array_append(array<T>, T): array<T>",
  (list, item) => `case when ${list} is not null then list_append(${list}, ${item}) end`,
);
fn("array_distinct(array<T>): array<T>", call("spark_distinct"));
fn("array_contains(array<T>, T): boolean", call("spark_contains"));
fn("element_at(array<T>, int): T", call("spark_element_at"));
operator("[](array<T>, int): T", call("spark_item"));
for (const type of ["int", "bigint"])
  fn(`sequence(${type}, ${type}): array<${type}>`, (a, b) => cast(`spark_sequence(${a}, ${b})`, `${type}[]`));
fn("sequence(date, date): array<date>", call("spark_days"));
addFull(
  "function",
  "get_json_object(string, 'path'): string",
  (text, path) => `get_json_object(${text!.sql}, ${literal(jsonPath(path!.text!))})`,
);
fn("json_object_keys(string): array<string>", call("json_object_keys"));
add("generator", "explode(array<T>): T", call("unnest"));

// Aggregates. \u0001 is where a filter and a window go, \u0002 where distinct does.
const aggregated =
  (name: string): Texts =>
  (...args) =>
    `${name}(\u0002${args.join(", ")})\u0001`;
aggregate("count(*): bigint", () => aggregated("count")("*"));
aggregate("count(any): bigint", aggregated("count"));
aggregate("count_if(boolean): bigint", (a) => aggregated("count")(`case when ${a} then 1 end`));
for (const type of ["int", "bigint"]) {
  aggregate(`sum(${type}): bigint`, (a) => cast(aggregated("sum")(a), "bigint"));
  aggregate(`avg(${type}): double`, aggregated("avg"));
}
addFull(
  "aggregate",
  "sum(decimal): decimal",
  (a) => cast(aggregated("sum")(a!.sql), nameOf(decimals.total(a!))),
  ([a]) => decimals.total(a!),
);
addFull(
  "aggregate",
  "avg(decimal): decimal",
  (a) => {
    const sum = {
      sql: cast(aggregated("sum")(a!.sql), nameOf(decimals.total(a!))),
      type: decimals.total(a!),
    };
    const count = { sql: aggregated("count")(a!.sql), type: types.BIGINT };
    const { scale } = decimals.average(a!);
    const places = Math.min(scale, decimals.quotient(sum, count).scale);
    return cast(decimals.divided(sum, count, "try", places), nameOf(decimals.average(a!)));
  },
  ([a]) => decimals.average(a!),
);
aggregate("sum(double): double", aggregated("sum"));
aggregate("avg(double): double", aggregated("avg"));
for (const name of ["min", "max"]) aggregate(`${name}(T): T`, aggregated(name));
aggregate("max_by(T, any): T", aggregated("arg_max_null"));
aggregate("min_by(T, any): T", aggregated("arg_min_null"));
for (const [name, written] of Object.entries({
  bool_and: "bool_and",
  every: "bool_and",
  bool_or: "bool_or",
  some: "bool_or",
  any: "bool_or",
}))
  aggregate(`${name}(boolean): boolean`, aggregated(written));

// Windows.
for (const name of ["row_number", "rank", "dense_rank"])
  add("window", `${name}(): int`, () => cast(`${name}()\u0001`, "integer"));
for (const name of ["lag", "lead"])
  for (const rest of ["", ", 'number'", ", 'number', T"])
    add("window", `${name}(T${rest}): T`, (...args) => `${call(name)(...args)}\u0001`);
for (const name of ["first_value", "last_value"])
  add("window", `${name}(T): T`, (a) => `${name}(${a})\u0001`);

/** All that is allowed, by name. */
export const signatures: ReadonlyMap<string, readonly Signature[]> = list.reduce(
  (byName, signature) => byName.set(signature.name, [...(byName.get(signature.name) ?? []), signature]),
  new Map<string, Signature[]>(),
);

const placesOf = (places: Arg | undefined) => {
  const count = Number(places?.number ?? 0);
  if (count < 0) throw new SqlError("round(): a negative number of digits is not taken");
  return count;
};

/** A path such as `$.a.b[0]`, whose names may begin with a dollar. @throws SqlError */
function jsonPath(path: string): string {
  if (/^\$(?:\.[A-Za-z_$]\w*|\[\d+\])+$/.test(path)) return path.replaceAll(/\.(\$\w*)/g, '."$1"');
  throw new SqlError(`the path '${path}' is not taken: write it like $.field.other[0]`);
}
