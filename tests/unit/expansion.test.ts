import { describe, expect, it } from "vitest";
import { relationsIn } from "#lib/sql/expansion.js";

describe("the relations that a planner meets in a text", () => {
  it.each([
    ["select 1", 0],
    ["select * from a join b.c as d on true left join `e` on true", 3],
    ["with x as (select * from t) select * from x join x as y using (k)", 2],
    // What is read twice by something that is read twice counts four times.
    [
      "with x as (select * from t), y as (select * from x union all select * from x) select * from y where k in (select k from y)",
      4,
    ],
    // An expression within another is known only there, and goes before one of the same name outside.
    [
      "with x as (select 1 from a join b), y as (with x as (select 1 from c) select * from x) select * from x, (select * from y) as z",
      3,
    ],
    // A table of a schema is never a common table expression.
    ["with x as (select * from a join b join c) select * from s.x", 1],
    ["merge into t using (with x as (select * from a join b) select * from x join x as z) as i on true", 4],
  ])("%s: %d", (text, count) => {
    expect(relationsIn(text)).toBe(count);
  });

  it("are those of names from outside too", () => {
    expect(relationsIn("select * from stage join t", new Map([["stage", 7]]))).toBe(8);
  });
});
