import { placeInCells } from "#lib/display/notebook-cells.js";
import { cooked, rawIndex, sqlTemplates } from "#lib/sql/templates.js";
import { sql } from "#lib/sql/statement.js";
import { describe, expect, it } from "vitest";

const texts = (source: string) =>
  sqlTemplates(source).map((one) => one.texts.map(({ raw }) => raw).join("…"));

describe("the sql templates of a cell", () => {
  it("are found with their holes, also within holes", () => {
    expect(texts("const a = sql`select ${ { x: `}` }.x } from ${sql`select 1`} t`;")).toEqual([
      "select … from … t",
      "select 1",
    ]);
  });

  it("are neither in strings and comments nor of another tag", () => {
    expect(texts('"sql`a`"; // sql`b`\n/* sql`c` */ html`d`; nosql`e`; x.sql`f`; sql`g`')).toEqual(["g"]);
  });

  it("may be open at the end", () => {
    expect(sqlTemplates("sql`select ${a")).toMatchObject([{ holes: ["a"], isClosed: false }]);
    expect(sqlTemplates("sql`select {${ {x} ")).toMatchObject([{ isClosed: false }]);
    expect(sqlTemplates("sql`select 1`")).toMatchObject([{ isClosed: true }]);
  });

  it("hold escapes, whose places are counted as written", () => {
    expect(cooked("a\\\\s\\n\\u0041\\\nb")).toBe("a\\s\nAb");
    expect(rawIndex("a\\\\s\\u0041b", 4)).toBe("a\\\\s\\u0041".length);
  });
});

describe("a statement's place", () => {
  it("is in the cell that ran last of those that hold it", () => {
    const statement = sql`select ${1},
      wrong from x`;
    const source = "const s = sql`select ${1},\n      wrong from x`;";
    const index = statement.strings[1]!.indexOf("wrong");
    const cells = [
      { source, number: 3 },
      { source: "other", number: 4 },
      { source: `// again\n${source}` },
      { source },
    ];
    expect(placeInCells(statement, { part: 1, index }, cells)).toMatchObject({
      cell: { number: 5 },
      line: 3,
      column: 7,
    });
    expect(placeInCells(statement, { part: 1, index }, [{ source: "sql`else`" }])).toBeUndefined();
  });
});
