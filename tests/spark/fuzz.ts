/**
 * Composes random expressions and selects, runs them on Spark and on DuckDB, and prints each difference: `npm run spark:fuzz`.
 * SPARK_FUZZ is their number (default 2000), SPARK_FUZZ_SEED where they begin. What does not compile is composed again.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { signatures, type Signature } from "#lib/engine/duckdb/signatures.js";
import { translate } from "#lib/engine/duckdb/translate.js";
import { SqlError } from "#lib/sql/sql-error.js";
import { install } from "../services/warehouse/install.ts";
import { SparkSession } from "../services/warehouse/spark-session.ts";
import { startSpark } from "../services/warehouse/spark.ts";
import { isSame, openDuckdb, type Answer } from "./answers.ts";

const wanted = Number(process.env["SPARK_FUZZ"] ?? 2000);
const begin = Number(process.env["SPARK_FUZZ_SEED"] ?? 1);
let seed = begin;

/** After so many seconds a statement is cancelled, and told as a difference. */
const patience = 120;

/** A number from 0 below 1, the next of a fixed series (mulberry32). */
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const chance = (share: number) => random() < share;
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** The rows that everything reads: `n` numbers them. */
const data = [
  [
    "1",
    "3",
    "10",
    "0.5",
    "19.60",
    "'shop'",
    "true",
    "'2026-03-01'",
    "'2026-03-01 10:00:00'",
    "array('a', 'b')",
  ],
  [
    "2",
    "null",
    "-7",
    "2.25",
    "0.05",
    "'a,b,,c'",
    "false",
    "'2024-02-29'",
    "'2024-02-29 23:59:59.5'",
    "array()",
  ],
  ["3", "0", "3", "-1.75", "-2.50", "''", "null", "'2025-12-31'", "'2025-12-31 12:30:15'", "null"],
  ["4", "-2", "null", "0", "null", "null", "true", "null", "null", "array('x', null, 'x')"],
  [
    "5",
    "12",
    "100",
    "null",
    "1.00",
    "'Straße 12'",
    "false",
    "'2026-01-31'",
    "'2026-01-31 00:00:00'",
    "array('12')",
  ],
  [
    "6",
    "3",
    "10",
    "0.5",
    "19.60",
    "'shop'",
    "true",
    "'2026-03-01'",
    "'1999-07-15 08:05:09'",
    "array('b', 'a')",
  ],
  [
    "7",
    "1",
    "2",
    "4",
    "99.99",
    "'2026-03-01'",
    "null",
    "'2023-02-28'",
    "'2026-03-29 02:30:00'",
    "array('日本', '')",
  ],
  [
    "8",
    "5",
    "0",
    "1.5",
    "7.25",
    "'-12.5'",
    "true",
    "'2026-11-30'",
    "'2026-10-25 01:59:59.999999'",
    "array('a', 'b', 'a')",
  ],
];
const columns: Readonly<Record<string, string>> = {
  n: "int",
  i: "int",
  big: "bigint",
  f: "double",
  m: "decimal(12,2)",
  s: "string",
  b: "boolean",
  d: "date",
  at: "timestamp",
  l: "array<string>",
};
const rows = data.map((row) => {
  const cells = Object.entries(columns).map(
    ([name, type], index) => `cast(${row[index]} as ${type}) as ${name}`,
  );
  return `select ${cells.join(", ")}`;
});
const given = `with data as (${rows.join(" union all ")})`;

const constants: Readonly<Record<string, readonly string[]>> = {
  int: ["0", "1", "2", "-3", "7"],
  bigint: ["cast(5 as bigint)", "cast(-2 as bigint)"],
  double: ["cast(0.5 as double)", "cast(3 as double)"],
  decimal: ["1.5", "0.01", "12.00", "cast(2.345 as decimal(18,6))"],
  string: ["'a'", "'shop'", "' x '", "'2026-03-01'", "'12'"],
  boolean: ["true", "false"],
  date: ["date'2026-02-28'", "date'2024-02-29'"],
  timestamp: ["timestamp'2026-03-01 12:30:15.25'"],
  "array<string>": ["array('a', 'z')", "array(s, 'q')"],
  "'text'": ["'x'", "'-'"],
  "'like'": ["'%a%'", "'_h%'", "''"],
  "'regex'": ["'[a-z]+'", "'[0-9]'", "'(.)(.)'", "','", "'[^a-z]'"],
  "'number'": ["1", "2"],
  "'format'": ["'yyyy-MM-dd'", "'EEE d MMM'", "'Q'"],
  "'unit'": ["'month'", "'week'", "'day'", "'hour'", "'quarter'"],
  "'path'": ["'$.a'"],
  unit: ["month", "day", "hour", "week"],
};
const plain = ["int", "bigint", "double", "decimal", "string", "boolean", "date", "timestamp"];
const kinds = [...plain, "array<string>"];

/** Signatures of expressions, without those that raise errors or need other formats than there are. */
const usable = [...signatures.values()]
  .flat()
  .filter(
    ({ kind, title }) =>
      (kind === "function" || kind === "operator") &&
      !/^(array\(\)|make_date|to_date\(string|try_to_date|\[\]|element_at)/.test(title),
  );
const aggregates = [...signatures.values()]
  .flat()
  .filter(({ kind, title }) => kind === "aggregate" && !/^m.._by/.test(title));

const resultOf = ({ title }: Signature) => title.slice(title.lastIndexOf(": ") + 2);

/** Signatures that may give a type, with what their `T` is then. */
const byResult = new Map<string, { signature: Signature; of: string | undefined }[]>(
  kinds.map((type) => [
    type,
    usable.flatMap((signature): { signature: Signature; of: string | undefined }[] => {
      const result = resultOf(signature);
      if (result === type) return [{ signature, of: undefined }];
      if (result === "T" && (plain.includes(type) || !signature.args.some((arg) => arg.startsWith("array"))))
        return [{ signature, of: type }];
      if (result === "array<T>" && type === "array<string>") return [{ signature, of: "string" }];
      return [];
    }),
  ]),
);

/** An expression of a type over the columns of `data`, or of a relation with such columns. */
function expression(type: string, depth: number, from = ""): string {
  const own = Object.entries(columns).flatMap(([name, given]) =>
    given.replace(/\(.*/, "") === type ? [from + name] : [],
  );
  if (depth <= 0 || chance(0.15)) return own.length > 0 && chance(0.75) ? one(own) : one(constants[type]!);
  if (chance(0.12))
    return `case when ${expression("boolean", depth - 1, from)} then ${expression(type, depth - 1, from)} else ${expression(type, depth - 1, from)} end`;
  if (chance(0.12)) return cast(type, depth, from);
  if (type === "boolean" && chance(0.3))
    return `${expression(one(kinds), depth - 1, from)} is ${chance(0.5) ? "not " : ""}null`;
  const { signature, of } = one(byResult.get(type)!);
  return call(signature, of, depth, from);
}

function cast(type: string, depth: number, from: string): string {
  const to = type === "decimal" ? "decimal(14,3)" : type;
  const source = one(
    type === "string"
      ? ["int", "decimal", "date", "timestamp", "boolean"]
      : type === "date" || type === "timestamp"
        ? ["string", "timestamp", "date"]
        : type === "boolean"
          ? ["string"]
          : type.startsWith("array")
            ? ["array<string>"]
            : ["string", "int", "decimal"],
  );
  return `try_cast(${expression(source, depth - 1, from)} as ${to})`;
}

function call({ title, name, args }: Signature, of: string | undefined, depth: number, from: string): string {
  const common =
    of ?? one(title.startsWith("min") ? plain : ["int", "string", "decimal", "date", "timestamp", "double"]);
  const many = args.flatMap((arg) =>
    arg.endsWith("*") && arg !== "*" ? times(1 + Math.floor(random() * 2), () => arg.slice(0, -1)) : [arg],
  );
  const texts = many.map((arg) => {
    if (arg === "*") return "*";
    if (constants[arg] && !kinds.includes(arg)) return one(constants[arg]);
    const type =
      arg === "T"
        ? common
        : arg === "any"
          ? one(plain)
          : arg === "array<T>" || arg === "array<any>"
            ? "array<string>"
            : arg;
    return expression(arg === "array<T>" || kinds.includes(type) ? type : "int", depth - 1, from);
  });
  if (name === "negative") return `(- ${texts[0]})`;
  if (name === "not") return `(not ${texts[0]})`;
  if (/^\W|^(and|or|like|rlike)$/.test(name)) return `(${texts[0]} ${name} ${texts[1]})`;
  return `${name}(${texts.join(", ")})`;
}

const predicate = (from = "") => expression("boolean", 2, from);
const order = () => `order by ${one(["n", "n desc", "i, n", "s desc nulls first, n"])}`;

/** A select of any shape; its rows are compared without their order. */
function select(): string {
  const shape = one([
    "group",
    "sets",
    "join",
    "window",
    "set",
    "in",
    "exists",
    "scalar",
    "nested",
    "distinct",
  ]);
  const first = one(["i", "s", "year(d)"]);
  const keys = chance(0.5) ? [first] : [first, one(["b", "coalesce(s, 'none')", "big % 3"])];
  const measures = () =>
    times(2, () => call(one(aggregates), one(["int", "decimal", "string", "date"]), 1, "")).join(", ");
  const list = (from = "") => times(2, () => expression(one(kinds), 2, from)).join(", ");
  const other = `(select n + 1 as n, i, big, f, m, s, b, d, at, l from data where ${predicate()})`;
  switch (shape) {
    case "group":
      return `select ${keys.join(", ")}, ${measures()} from data where ${predicate()} group by ${keys.join(", ")}${chance(0.4) ? " having count(*) > 1" : ""}`;
    case "sets":
      return `select ${keys[0]}, b, ${measures()} from data group by ${one([`rollup (${keys[0]}, b)`, `cube (${keys[0]}, b)`, `grouping sets ((${keys[0]}, b), (b), ())`])}`;
    case "join": {
      const kind = one(["join", "left join", "right join", "full join", "left semi join", "left anti join"]);
      const sides = /semi|anti/.test(kind) ? list("x.") : `${list("x.")}, ${list("y.")}`;
      return `select ${sides} from data as x ${kind} ${other} as y on ${one(["x.n = y.n", "x.i = y.i", "x.s = y.s and x.n <> y.n"])}`;
    }
    case "window":
      return `select n, ${times(2, () => `${one(["row_number()", "rank()", "lag(s)", "lead(m, 2)", "sum(i)", "avg(m)", "max(d)", "count(s)", "first_value(f)"])} over (${chance(0.6) ? `partition by ${keys[0]} ` : ""}${order()})`).join(", ")} from data`;
    case "set": {
      const types = times(2, () => one(plain));
      const side = () =>
        `select ${types.map((type) => expression(type, 2)).join(", ")} from data where ${predicate()}`;
      return `${side()} ${one(["union", "union all", "except", "intersect", "except all"])} ${side()}`;
    }
    case "in":
      return `select n, ${list()} from data where ${one(["i", "s", "d"].map((name) => `${name} ${chance(0.3) ? "not " : ""}in (select ${name} from data where ${predicate()})`))}`;
    case "exists":
      return `select n, ${list()} from data as o where ${chance(0.4) ? "not " : ""}exists (select 1 from ${other} as y where y.${one(["n", "i", "s"])} = o.${one(["n", "i"])})`.replace(
        /y\.s = o\.\w/,
        "y.s = o.s",
      );
    case "scalar":
      return `select n, (select ${one(["max(i)", "count(*)", "min(d)", "sum(m)"])} from data as y where y.n = x.n) as v from data as x`;
    case "nested":
      return `select ${measures()} from (select ${Object.keys(columns).join(", ")} from data where ${predicate()}) union all select ${measures()} from data`;
    default:
      return `select distinct ${list()} from data`;
  }
}

interface Made {
  readonly text: string;
  readonly sql: string;
  readonly types: readonly string[];
}

/** A text that compiles. */
async function made(make: () => string): Promise<Made> {
  for (;;) {
    const found = await compiled(make());
    if (found) return found;
  }
}

async function compiled(body: string): Promise<Made | undefined> {
  const text = `${given} ${body}`;
  try {
    const { sql, columns } = await translate(text, { relations: {}, params: {} });
    const types = Object.values(columns!);
    // Two columns of one name are one in the list of types.
    const { columnCount } = await duckdb.connection.prepare(sql);
    return columnCount === types.length ? { text, sql, types } : undefined;
  } catch (error) {
    if (error instanceof SqlError) return undefined;
    throw error;
  }
}

const folder = await mkdtemp(path.join(tmpdir(), "spark-fuzz-"));
const spark = await startSpark(await install(console.error), folder);
const duckdb = await openDuckdb();
let done = 0;
let raised = 0;
let raisedAlone = 0;
let different = 0;
let told = 0;
try {
  const session = await SparkSession.open(spark.port, {});
  while (done < wanted) {
    if (chance(0.5)) {
      const expressions = await expressionsThatCompile(20);
      done += expressions.length;
      await compareAll(session, expressions);
    } else {
      done++;
      await compare(session, await made(select));
    }
    if (done < told + 500) continue;
    told = done;
    console.error(`${done} of ${wanted}: ${different} differences, ${raised} raised errors on both`);
  }
  await session.end();
} finally {
  duckdb.close();
  await spark.stop();
  await rm(folder, { recursive: true, force: true });
}
console.log(
  `${done} compared from ${begin} on, ${raised} of them raised errors on both engines, ${raisedAlone} on one, ${different} differences`,
);
process.exitCode = different > 0 ? 1 : 0;

async function expressionsThatCompile(count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const text = expression(one(kinds), 3);
    const isFine = await translate(`${given} select ${text} as v from data`, {
      relations: {},
      params: {},
    }).catch(() => undefined);
    if (isFine) found.push(text);
  }
  return found;
}

/** Many expressions in one select; where one raises an error, in halves. */
async function compareAll(session: SparkSession, expressions: readonly string[]): Promise<void> {
  const list = expressions.map((text, index) => `${text} as c${index}`).join(", ");
  const select = await compiled(`select n, ${list} from data`);
  if (!select) return report(list, "not asked", "each compiles alone, but not all together");
  const [theirs, ours] = await both(session, select);
  const isRaised = typeof theirs === "string" || typeof ours === "string";
  if (isRaised && expressions.length > 1) {
    const half = Math.ceil(expressions.length / 2);
    await compareAll(session, expressions.slice(0, half));
    await compareAll(session, expressions.slice(half));
  } else judge(select, expressions.length === 1 ? expressions[0]! : list, theirs, ours);
}

async function compare(session: SparkSession, select: Made): Promise<void> {
  judge(select, select.text.slice(given.length), ...(await both(session, select)));
}

function judge(select: Made, words: string, theirs: Answer[][] | string, ours: Answer[][] | string): void {
  // Open-source Spark loses a column of a relation that is read twice.
  if (typeof theirs === "string" && theirs.startsWith("key not found")) return;
  if (typeof theirs === "string" && typeof ours === "string") {
    if (/SQLSTATE: 22/.test(theirs)) raised++;
    else report(words, theirs, ours);
    return;
  }
  // What an engine does not compute raises no error: Spark leaves out an operand beside a null, DuckDB one beside a constant null.
  const error = typeof theirs === "string" ? theirs : ours;
  if (
    typeof error === "string" &&
    /SQLSTATE: 22|division by zero|^(Out of Range|Conversion) Error(?!.*DECIMAL)/.test(error)
  ) {
    raisedAlone++;
    return;
  }
  if (typeof theirs === "string" || typeof ours === "string") return report(words, theirs, ours);
  const isEqual =
    theirs.length === ours.length &&
    theirs.every((row, index) =>
      row.every(
        (value, at) =>
          isSame(select.types[at]!, ours[index]![at], value) ||
          isNear(select.types[at]!, ours[index]![at], value),
      ),
    );
  if (isEqual) return;
  const at = theirs.findIndex((row, index) =>
    row.some((value, column) => !isSame(select.types[column]!, ours[index]?.[column], value)),
  );
  report(words, theirs[at] ?? theirs.length, ours[at] ?? ours.length);
}

/** Sums of floating numbers depend on the order of rows. */
function isNear(type: string, a: Answer | undefined, b: Answer): boolean {
  if (type !== "double" || typeof a !== "string" || typeof b !== "string") return false;
  return Math.abs(Number(a) - Number(b)) <= 1e-9 * Math.max(1, Math.abs(Number(b)));
}

function report(words: string, theirs: unknown, ours: unknown): void {
  different++;
  console.log(`${words}\n  Spark:  ${JSON.stringify(theirs)}\n  DuckDB: ${JSON.stringify(ours)}\n`);
}

/** The rows on both engines in one order, or the error. */
async function both(
  session: SparkSession,
  { text, sql, types }: Made,
): Promise<[Answer[][] | string, Answer[][] | string]> {
  const names = types.map((_, index) => `c${index}`);
  const cells = types.map((type, index) => {
    const value = type.startsWith("array") ? `to_json(c${index})` : `cast(c${index} as string)`;
    return `if(c${index} is null, 'N', concat('V', ${value}))`;
  });
  const asked = `select ${cells.join(", ")} from (${text}) as q (${names.join(", ")})`;
  const theirs = await session.rows(asked, patience).then(
    (lines) => lines.map((line) => line.map((value) => (value.startsWith("V") ? value.slice(1) : null))),
    (error: Error) => error.message.slice(0, 200),
  );
  const limit = setTimeout(() => duckdb.connection.interrupt(), patience * 1000);
  const ours = await duckdb.connection.runAndReadAll(sql).then(
    (reader) =>
      reader
        .getRowsJson()
        .map((row) =>
          row.map((value) =>
            value === null || value === undefined
              ? null
              : typeof value === "object"
                ? JSON.stringify(value)
                : String(value),
          ),
        ),
    (error: Error) => error.message.slice(0, 200),
  );
  clearTimeout(limit);
  return [sorted(theirs), sorted(ours)];
}

function sorted(lines: Answer[][] | string): Answer[][] | string {
  return typeof lines === "string" ? lines : lines.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Numbers are ordered as numbers, however an engine writes them. */
function keyOf(row: Answer[]): string {
  return row
    .map((value) => {
      if (typeof value !== "string") return "\u0000";
      if (value !== "" && Number.isFinite(Number(value))) return String(Math.round(Number(value) * 1e6));
      if (value.startsWith("[")) return jsonOf(value);
      return value.replaceAll(" ", "").replace(/(\.\d*?)0+$/, "$1");
    })
    .join("|");
}

/** A list without the spaces that an engine writes into it; what only looks like one stays as it is. */
function jsonOf(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}
