import { bronze, changes, run, silver, sql, touched } from "shopmetrics";
import { literals } from "#lib/compile/request.js";
import { withMarkers } from "#lib/sql/param.js";
import { dedent, render } from "#lib/sql/render.js";
import { describe, expect, it } from "vitest";

const rendered = (statement: Parameters<typeof render>[0]) => render(statement, { literal: literals() });

describe("the sql tag", () => {
  it("writes a table as an identifier and records that it is read", () => {
    const { text, reads } = rendered(sql`select * from ${silver.orders_clean}`);
    expect(text).toBe("select * from silver.orders_clean");
    expect(reads).toEqual(["silver.orders_clean"]);
  });

  it("binds any other value as a parameter, so that no value becomes text", () => {
    const { text, params } = rendered(sql`select ${"'; drop table x; --"} as a, ${1.5} as b, ${null} as c`);
    expect(text).toBe("select param__p1 as a, param__p2 as b, param__p3 as c");
    expect(params.map((param) => ("value" in param ? param.value : undefined))).toEqual([
      "'; drop table x; --",
      1.5,
      null,
    ]);
  });

  it("gives equal values one parameter, and a text and a number of the same digits two", () => {
    expect(rendered(sql`select ${1}, ${1}, ${"1"}`).text).toBe("select param__p1, param__p1, param__p2");
  });

  it("puts a select within a select before it as a common table expression, once", () => {
    const one = sql`select 1 as a`;
    expect(rendered(sql`select * from ${one} join ${one} using (a)`).text).toBe(
      "with part as (\n  select 1 as a\n)\nselect * from part join part using (a)",
    );
  });

  it("puts its own common table expressions before those that the select has itself", () => {
    const one = sql`select 1 as a`;
    expect(rendered(sql`with own as (select * from ${one}) select * from own`).text).toBe(
      "with part as (\n  select 1 as a\n),\nown as (select * from part) select * from own",
    );
  });

  it("puts a piece of SQL that is no select in its place", () => {
    const isPaid = sql`status = 'completed'`;
    expect(rendered(sql`select count(*) from ${silver.orders_clean} where ${isPaid}`).text).toBe(
      "select count(*) from silver.orders_clean where (status = 'completed')",
    );
  });

  it("puts commas between the items of a list, each of which is one expression", () => {
    const reasons = [sql`case when a then 'x' end`, sql`b or c`, sql`d`];
    expect(rendered(sql`select array('first', ${reasons}) as r, ${1} as n`).text).toBe(
      "select array('first', (case when a then 'x' end), (b or c), d) as r, param__p1 as n",
    );
    expect(() => rendered(sql`select array(${[sql`a, b`]}) as r`)).toThrow(
      "neither a select nor one expression",
    );
    expect(() => sql`select array(${[]}) as r`).toThrow("is an array");
  });

  it("reads the rows between the watermark and what is published for changes()", () => {
    const {
      text,
      changes: changed,
      takes,
      params,
    } = rendered(sql`select * from ${changes(bronze.orders_raw)}`);
    expect(text).toContain("_batch > param__lo_bronze_orders_raw and _batch <= param__hi_bronze_orders_raw");
    expect(changed).toEqual(["bronze.orders_raw"]);
    expect(takes).toEqual(["bronze.orders_raw"]);
    expect(params.map(({ kind }) => kind)).toEqual(["lo", "hi"]);
  });

  it("reads what rows were and what they are for touched()", () => {
    const { text, takes } = rendered(sql`select order_id from ${touched(silver.orders_clean)}`);
    expect(text).toContain("from ops.before_silver_orders_clean");
    expect(text).toContain("_first_batch > param__lo_silver_orders_clean");
    expect(takes).toEqual([]);
  });

  it("names the values that each run sets anew", () => {
    expect(rendered(sql`select ${run.now}, ${run.full}`).text).toBe("select param__now, param__full");
  });

  it.each([
    ["undefined", undefined],
    ["a object", { a: 1 }],
    ["an array", [1]],
  ])("refuses %s and says where it stands", (what, value) => {
    expect(() => sql`select * from t where a = ${value as never}`).toThrow(
      `sql: the value after "select * from t where a =" is ${what}`,
    );
  });

  it("says what to do when a table tracks no columns", () => {
    expect(() => touched(bronze.orders_raw)).toThrow(
      "its contract tracks no columns; add `tracks` or use changes()",
    );
  });
});

describe("a statement within another", () => {
  const text = (statement: Parameters<typeof render>[0]) => rendered(statement).text;

  it.each([
    ["a comment", () => sql`select 1 as a -- ${sql`select 1,\n 2`}`, "stands within a comment"],
    ["a comment over lines", () => sql`select 1 /* ${5} */`, "stands within a comment"],
    ["a text", () => sql`select 'it is ${5}'`, "stands within a text"],
    ["a quoted name", () => sql`select 1 as \`a ${5}\``, "stands within a text"],
  ])("is refused in %s", (_, make, words) => {
    expect(make).toThrow(words);
  });

  it("is refused where JavaScript does not know an escape, and where a text looks like a bound value", () => {
    expect(() => sql`select 'C:\users' as a`).toThrow("holds an escape that JavaScript does not know");
    expect(() => sql`select 'param__p1' as a`).toThrow('"param__p1" is how a bound value is named');
  });

  it("leaves texts over several lines as they are, also where lines are indented", () => {
    const note = sql`
      select 'first
        second' as note`;
    expect(text(sql`select * from ${note}`)).toContain("'first\n        second'");
  });

  it("stands in brackets where it is an expression, and its comment ends with it", () => {
    const either = sql`a = 1 or b = 2 -- one of both`;
    expect(text(sql`select 1 from ${silver.orders_clean} where ${either} and c = 3`)).toBe(
      "select 1 from silver.orders_clean where (a = 1 or b = 2 -- one of both\n) and c = 3",
    );
    expect(text(sql`select ${sql`max(a)`}, ${sql`t.a`}, ${sql`(1 + 2)`}, ${sql`(1) + (2)`}`)).toBe(
      "select max(a), t.a, (1 + 2), ((1) + (2))",
    );
  });

  it.each(["a, b", "a desc", "1 from t", "*", "a as b", "a where b", ") or (a"])(
    "is no piece such as `%s`",
    (piece) => {
      const part = sql(Object.assign([piece], { raw: [piece] }));
      expect(() => text(sql`select ${part}`)).toThrow(/neither a select nor one expression|expected/);
    },
  );

  it("is a common table expression where it begins with a bracket or a comment", () => {
    const both = sql`(select 1 as a) union all (select 2)`;
    expect(text(sql`select * from ${both}`)).toBe(
      "with part as (\n  (select 1 as a) union all (select 2)\n)\nselect * from part",
    );
    const one = sql`select 1 as a`;
    expect(text(sql`-- what is ours\nwith own as (select * from ${one}) select * from own`)).toBe(
      "-- what is ours\nwith part as (\n  select 1 as a\n),\nown as (select * from part) select * from own",
    );
    const noted = sql`/* why */ with own as (select 1 as a) select a from own`;
    expect(text(sql`select * from ${noted}`)).toContain("part as (\n  /* why */ with own as");
  });

  it("gets another name where the select has one of its own by that name", () => {
    const part = sql`select 1 as a`;
    expect(text(sql`with part as (select 2 as a) select * from ${part} union all select * from part`)).toBe(
      "with part_2 as (\n  select 1 as a\n),\npart as (select 2 as a) select * from part_2 union all select * from part",
    );
  });
});

describe("markers", () => {
  it("become an engine's own", () => {
    expect(withMarkers("select param__p1, param__p10", (name) => `$${name}`)).toBe("select $p1, $p10");
  });
});

describe("dedent", () => {
  it("takes away the indentation that all lines share and keeps the rest", () => {
    expect(dedent("\n    select a\n      from b\n  ")).toBe("select a\nfrom b".replace("from", "  from"));
  });
});
