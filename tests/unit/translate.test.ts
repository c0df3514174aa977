import { DuckDBInstance } from "@duckdb/node-api";
import { SqlError, translate } from "#lib/engine/duckdb/translate.js";
import { macros } from "#lib/engine/duckdb/functions.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let instance: DuckDBInstance;
beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const macro of macros) await connection.run(macro);
  connection.closeSync();
});
afterAll(() => instance.closeSync());

/** What a Databricks select gives on DuckDB, as JSON. */
async function run(select: string): Promise<unknown> {
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  const reader = await connection.runAndReadAll(await translate(select));
  connection.closeSync();
  return reader.getRowsJson()[0]?.[0];
}

describe("Databricks SQL on DuckDB gives what Databricks gives", () => {
  it.each([
    ["try_cast('2026-03-01T12:00:00+02:00' as timestamp)", "2026-03-01 10:00:00"],
    ["try_cast('2026-03-01T12:00:00Z' as timestamp)", "2026-03-01 12:00:00"],
    ["try_cast('2026-03-01' as timestamp)", "2026-03-01 00:00:00"],
    ["cast(moment as date) from (select timestamp'2026-03-01 23:30:00' as moment)", "2026-03-01"],
    ["try_cast('nonsense' as timestamp)", null],
    ["try_cast('2024-02-30' as date)", null],
    ["try_cast('12.345' as decimal(12,2))", "12.35"],
    ["concat('a', cast(null as string))", null],
    ["'a' || cast(null as string)", null],
    ["concat_ws('|', 'a', cast(null as string), 'b')", "a|b"],
    ["size(array_compact(array('a', null, 'b')))", "2"],
    ["array_compact(array(case when true then 'x' end, case when false then 'y' end))", ["x"]],
    ["unix_micros(timestamp'2026-01-01 00:00:00.000001')", "1767225600000001"],
    ["pmod(-1, 3)", 2],
    ["cast(null as int) <=> 1", false],
    ["try_divide(1, 0)", null],
    ["md5('a')", "0cc175b9c0f1b6a831c399e269772661"],
    ["if(1 > 2, 'a', 'b')", "b"],
    ["nvl(cast(null as int), 3)", 3],
  ])("%s", async (expression, expected) => {
    expect(await run(`select ${expression}`)).toEqual(expected);
  });
});

describe("what is not known to give the same fails when it is compiled", () => {
  const failure = async (select: string) => {
    const error: unknown = await translate(select).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SqlError);
    return error as SqlError;
  };

  it("names a function that is not covered, and its line", async () => {
    const error = await failure("select 1,\n  xxhash64(a)\nfrom t");
    expect(error.message).toContain("the function xxhash64() is not known to give the same");
    expect(error.line).toBe(2);
  });

  it.each([
    ["select a from t qualify row_number() over (order by a) = 1", "use a common table expression"],
    ["select cast(timestamp'2026-03-01 00:00:00' as date) as a", "a literal of the type you cast to"],
    ["select 7 div 2 as a", "use floor(a / b)"],
    ["select current_timestamp() as a", "use ${run.now}"],
    ["select a from t left anti join u on t.a = u.a", "use where not exists"],
  ])("%s", async (select, advice) => {
    expect((await failure(select)).message).toContain(advice);
  });

  it("does not mind such words in a string or a comment", async () => {
    expect(await translate("select 'qualify' as a -- current_timestamp")).toContain("'qualify'");
  });

  it("says where SQL does not parse", async () => {
    const error = await failure("select a\nfrom where b");
    expect(error.line).toBe(2);
    expect(error.message).toContain("Expected table name");
  });

  it("refuses two statements in one", async () => {
    expect((await failure("select 1; select 2")).message).toContain("more than one statement");
  });
});
