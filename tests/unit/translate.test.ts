import { SqlError } from "#lib/sql/sql-error.js";
import { translate } from "#lib/engine/duckdb/translate.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDuckdb } from "../spark/answers.ts";

const orders = {
  order_id: "STRING",
  total: "DECIMAL(12,2)",
  day: "DATE",
  at: "TIMESTAMP",
  n: "INT",
  tags: "ARRAY<STRING>",
};
const surroundings = {
  relations: { "silver.orders": orders },
  params: { p1: "BIGINT" },
  tables: ["silver.orders", "silver.dim_customers"],
};

let duckdb: Awaited<ReturnType<typeof openDuckdb>>;
beforeAll(async () => {
  duckdb = await openDuckdb();
  await duckdb.connection.run(`create schema silver; create table silver.orders (
    order_id varchar, total decimal(12,2), day date, "at" timestamp, n integer, tags varchar[]);
    insert into silver.orders values ('b', 2.50, '2026-03-01', '2026-03-01 10:00:00', 2, ['x', 'y']), ('a', 1.00, null, null, 1, [])`);
});
afterAll(() => duckdb.close());

/** The rows that a Databricks select gives on DuckDB. */
async function rows(select: string): Promise<unknown[][]> {
  const { sql } = await translate(select, surroundings);
  return (await duckdb.connection.runAndReadAll(sql)).getRowsJson();
}

const failure = async (select: string) => {
  const error: unknown = await translate(select, surroundings).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SqlError);
  return error as SqlError;
};

describe("a set operation stands where it is written", () => {
  it.each<[string, unknown[][]]>([
    ["select upper(name) as k from (select 'b2b' as name) union all select 'shop'", [["B2B"], ["shop"]]],
    ["select sum(n) as v from (select 1 as n) union all select 100", [["1"], ["100"]]],
    ["select n + 1 as v from (select 1 as n) except select 1", [[2]]],
    ["select n + 1 as v from (select 1 as n) intersect select 1", []],
    ["select 1 as a from (select 1 as n) cross join (select 2 as m) union all select 7", [[1], [7]]],
    ["select 1 as a union all select 2 intersect select 3", [[1]]],
    ["(select 1 as a union all select 2) intersect select 2", [[2]]],
    ["select 1 as a union all select 2.5", [["1.0"], ["2.5"]]],
    ["select a from (values (1), (null), (2)) as t (a) order by a desc", [[2], [1], [null]]],
  ])("%s", async (select, expected) => {
    expect((await rows(select)).toSorted()).toEqual(expected.toSorted());
  });
});

describe("names mean what they mean to Spark", () => {
  it.each<[string, unknown[][]]>([
    // A column goes before the select list's name in GROUP BY, and after it in ORDER BY.
    [
      "select upper(order_id) as order_id, count(*) as n from ${o} group by order_id order by order_id",
      [
        ["A", "1"],
        ["B", "1"],
      ],
    ],
    ["select length(order_id) as l, count(*) as c from ${o} group by l", [[1, "2"]]],
    ["select -n as n from ${o} order by n", [[-2], [-1]]],
    ["select n as div, 1 as qualify from ${o} where n = 1 -- qualify", [[1, 1]]],
    ["select `div` from (select 7 as div) as t", [[7]]],
    ["select * except (b) from (select 1 as a, 2 as b) as t", [[1]]],
    ["select * from (select 1 as a) as t except (select 1)", []],
    ["select - (-3) as a, - - 2.5 as b, 1 - -1 as c", [[3, "2.5", 2]]],
    // Of a null, DuckDB says that it differs.
    ["select order_id from ${o} where date_trunc('hour', at) <> timestamp'2026-03-01 12:30:15'", [["b"]]],
    [
      "select order_id from ${o} where (date_trunc('month', at) = timestamp'2026-03-02 00:00:00') is null",
      [["a"]],
    ],
    ["select t.* from (select 1 as a, 2 as b) as t", [[1, 2]]],
    [
      "select o.order_id from ${o} as o where exists (select 1 from (select 'a' as k) as x where x.k = o.order_id)",
      [["a"]],
    ],
    ["select order_id from ${o} as o left anti join (select 'a' as k) as x on o.order_id = x.k", [["b"]]],
    [
      "select order_id, explode(tags) as tag from ${o} order by tag",
      [
        ["b", "x"],
        ["b", "y"],
      ],
    ],
    ["select (select max(total) from ${o}) as m", [["2.50"]]],
    [
      "with recursive as (select 1 as a), days (d) as (select a + 1 from recursive) select d from days",
      [[2]],
    ],
  ])("%s", async (select, expected) => {
    expect(await rows(select.replaceAll("${o}", "silver.orders"))).toEqual(expected);
  });
});

describe("strict stays strict", () => {
  it.each([
    ["cast('12,5' as decimal(12,2))", "not a decimal"],
    ["cast(order_id as int)", "not a int: b"],
    ["n / (n - 2)", "division by zero"],
    ["n % (n - 2)", "division by zero"],
    ["tags[5]", "the array has no item 5"],
    ["cast(n + 2147483646 as int)", "Overflow"],
    ["cast('2026-03-03 24:' || '00:00' as timestamp)", "not a timestamp"],
  ])("%s raises", async (expression, words) => {
    await expect(rows(`select ${expression} from silver.orders where order_id = 'b'`)).rejects.toThrow(words);
  });

  it("and try_cast and try_divide give null", async () => {
    const select =
      "select try_cast('12,5' as decimal(12,2)), try_cast('abc' as int), try_divide(1, 0), try_divide(1.5, 0)";
    expect(await rows(select)).toEqual([[null, null, null, null]]);
  });
});

describe("a field of a JSON text", () => {
  it("is its text, without quotes", async () => {
    const select = `select raw:f, raw:g.h[1], raw:nope from (select '{"f":"x","g":{"h":[1,"y"]}}' as raw) as t`;
    expect(await rows(select)).toEqual([["x", "y", null]]);
  });
});

describe("an instant is read row by row", () => {
  it("a zone's name in one row moves no other", async () => {
    const zones = ["Asia/Tokyo", "CET", "PST", "IST", "BST", "EST5EDT", "Etc/GMT+5", "Europe/Oslo"];
    const select = zones
      .map(
        (zone, index) =>
          `select ${2 * index} as n, '2026-03-02 08:00:00 ${zone}' as t union all select ${2 * index + 1}, '2026-03-03'`,
      )
      .join(" union all ");
    const read = await rows(
      `select n, try_cast(t as timestamp) as at, try_cast(t as date) as day from (${select}) as given order by n`,
    );
    expect(read.filter((_, index) => index % 2).map(([, at]) => at)).toEqual(
      zones.map(() => "2026-03-03 00:00:00"),
    );
    expect(read.filter((_, index) => index % 2 === 0).map(([, at]) => at)).toEqual(
      ["01T23", "02T07", "02T16", "02T02", "02T02", "02T13", "02T13", "02T07"].map(
        (hour, index) =>
          `2026-03-${hour.replace("T", " ")}:${[3, 4].includes(index) ? (index === 3 ? "30" : "00") : "00"}:00`,
      ),
    );
    expect(read.map(([, , day]) => day)).toEqual(zones.flatMap(() => ["2026-03-02", "2026-03-03"]));
  });
});

describe("what is not known to give the same does not compile", () => {
  it("names the function, the nearest that is allowed, and the line", async () => {
    const error = await failure("select 1,\n  xxhash64(order_id)\nfrom silver.orders");
    expect(error.message).toContain("the function xxhash64() is not known to give the same");
    expect(error.line).toBe(2);
    expect(error.text).toBe("xxhash64(order_id)");
    expect((await failure("select lenght(order_id) from silver.orders")).message).toContain(
      "length(string): int",
    );
  });

  it.each<[string, string]>([
    // An alias in WHERE, `distinct on`, a table function: Databricks refuses them.
    ["select n + 1 as k from silver.orders where k > 1", 'there is no column "k" here'],
    ["select distinct on (n) n from silver.orders", "no Databricks SQL"],
    [
      "select e.x from silver.orders as t, explode(t.tags) as e (x)",
      "explode() is no relation here: use explode in the select list",
    ],
    ["select n from silver.orders group by order_id having k > 1", 'there is no column "k" here'],
    ["select count(*) from silver.orders where count(*) > 1", "an aggregate does not stand in where"],
    ["select explode(tags), explode(tags) from silver.orders", "explode stands once"],
    ["select order_id from silver.orders as a, silver.orders as b", '"order_id" is more than one column'],
    ["select order_id from silver.orders as a join silver.orders as a on true", "two relations are called a"],
    ["select 1 union select 1, 2", "give 1 and 2 columns"],
    ["select n, 7 from silver.orders", "a column is called 7: give it a name, as in `7 as n`"],
    // Types.
    ["select order_id + 1 from silver.orders", "string + int is not known to give the same"],
    ["select order_id = 1 from silver.orders", "string = int is not known to give the same"],
    ["select length(n) from silver.orders", "length(int) is not known to give the same"],
    ["select cast(at as bigint) from silver.orders", "cast(timestamp as bigint) is not known"],
    ["select cast(total as varchar(3)) from silver.orders", "the type varchar(3) is not taken"],
    [
      "select case when n = 1 then 'a' else 1 end from silver.orders",
      "string and int stand beside each other",
    ],
    ["select day = '1.3.2026' from silver.orders", "'1.3.2026' is no date"],
    ["select cast('now' as timestamp)", "use ${run.now}"],
    // Constants that must be known.
    ["select order_id rlike order_id from silver.orders", "rlike(string, string) is not known"],
    ["select order_id rlike '(?<=a)b' from silver.orders", "(? is only taken as (?:"],
    ["select order_id rlike '\\\\bx' from silver.orders", "\\b is not taken"],
    ["select regexp_replace(order_id, 'x*', '-') from silver.orders", "may match nothing"],
    ["select regexp_replace(order_id, 'x', '$1') from silver.orders", "$1 is no group"],
    ["select date_format(at, 'YYYY') from silver.orders", "YYYY is not taken"],
    ["select to_date(order_id, 'MMM d yyyy') from silver.orders", "is not taken"],
    ["select order_id like 'a\\\\b' from silver.orders", "a backslash stands before"],
    // Syntax.
    [
      "select n from silver.orders qualify row_number() over (order by n) = 1",
      "use a common table expression",
    ],
    ["select 7 div 2 as a", "use floor(a / b)"],
    ["select current_timestamp() as a", "Use ${run.now}"],
    ["select any_value(n) from silver.orders", "It may give any row's value"],
    ["select row_number() over () from silver.orders", "needs an order"],
    ["with recursive n(i) as (select 1) select i from n", "a recursion is not known to give the same"],
    ["select 'a''b'", "a doubled quote within a text"],
    ["select 'a' 'b'", "two texts stand beside each other"],
    ["select 1; select 2", "more than one statement"],
    ["select n from silver.orders where", "expected an expression, found the end"],
    ["select 'a", "a text is not closed"],
    ["select 1 /* a", "a comment is not closed"],
  ])("%s", async (select, words) => {
    expect((await failure(select)).message).toContain(words);
  });

  it("of relations it takes only what is interpolated, a stage or a common table expression", async () => {
    expect(
      (await failure("select 1\nfrom silver.orders as o\nleft join silver.dim_customers as c on true"))
        .message,
    ).toContain(
      "silver.dim_customers stands in plain text, so the step would not depend on it: write ${silver.dim_customers}",
    );
    expect((await failure("select 1 from dim_customers")).message).toContain("write ${silver.dim_customers}");
    const unknown = await failure("select 1\nfrom silver.dim_customer");
    expect(unknown.message).toContain("silver.dim_customer is no table, stage or common table expression");
    expect(unknown.message).toContain("did you mean ${silver.dim_customers}?");
    expect(unknown.line).toBe(2);
  });

  it("takes the catalog's own views in plain text", async () => {
    const { columns } = await translate("select table_name from information_schema.columns", surroundings);
    expect(columns).toEqual({ table_name: "string" });
  });
});

describe("a parameter", () => {
  it("has its type, and its identifier stays", async () => {
    const { sql, columns } = await translate("select param__p1 + 1 as a, 'param__p1' as b", surroundings);
    expect(columns).toEqual({ a: "bigint", b: "string" });
    expect(sql).toContain("param__p1 +");
  });
});
