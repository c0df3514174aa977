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
