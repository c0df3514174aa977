import { classHighlighter } from "@lezer/highlight";
import { describe, expect, it } from "vitest";
import { sqlPieces } from "../../build/src/jupyter/lab/sql-colours.ts";
import { staleCells, type OpenCell } from "../../build/src/jupyter/lab/stale.ts";

describe("the colours of sql in JupyterLab", () => {
  const pieces = (source: string) =>
    sqlPieces(source, classHighlighter).map(
      ({ from, to, classes }) =>
        [source.slice(from, to), classes.replace("shopmetrics-sql", "").trim()] as const,
    );
  const coloured = (source: string) =>
    Object.fromEntries(pieces(source).filter(([, classes]) => classes !== ""));

  it("are those of keywords, texts, numbers and comments within the template alone", () => {
    expect(coloured("const select = 1; sql`select 'a', 12 -- why\n from x`")).toMatchObject({
      select: "tok-keyword",
      "'a'": "tok-string",
      "12": "tok-number",
      "-- why": "tok-comment",
      from: "tok-keyword",
    });
  });

  it("leave a hole to TypeScript, and go on behind it", () => {
    const source = "sql`select 1 from ${silver.orders_clean} as o where true`";
    expect(coloured(source)).toMatchObject({ where: "tok-keyword" });
    expect(
      pieces(source)
        .map(([text]) => text)
        .join(""),
    ).toBe("select 1 from  as o where true");
  });
});

describe("stale cells", () => {
  const sources = [
    'import { silver, sql, show, merge } from "shopmetrics";',
    "const days = sql`select 1 as day`;",
    "const totals = sql`select * from ${days}`; await merge(silver.orders_clean, totals);",
    "const [first] = [2]; function inside() { const days = first; }",
    "await show(totals); await show(silver.orders_clean);",
    "await show(sql`select 2`);",
  ];
  /** The cells after all of them ran, with changes. */
  const after = (...changes: { cell: number; turn?: number; source?: string }[]) => {
    const cells = sources.map((source, index): OpenCell => ({
      id: String(index + 1),
      source,
      ran: { source, turn: index + 1, number: index + 1 },
    }));
    for (const { cell, turn, source } of changes) {
      const old = cells[cell - 1]!;
      cells[cell - 1] = {
        ...old,
        source: source ?? old.source,
        ran: turn === undefined ? old.ran : { source: source ?? old.source, turn, number: turn },
      };
    }
    return Object.fromEntries(staleCells(cells));
  };

  it("are none after a run from top to bottom, or after imports ran again", () => {
    expect(after()).toEqual({});
    expect(after({ cell: 1, turn: 7 })).toEqual({});
  });

  it("are those that read what was run again, and those that read these", () => {
    expect(after({ cell: 2, turn: 7 })).toEqual({
      "3": "Stale: cell [7], which makes days, has run again.",
      "5": "Stale: cell [3], which makes totals, is stale.",
    });
  });

  it("are those that read what was edited, until it is as it ran", () => {
    expect(after({ cell: 3, source: `${sources[2]} ` })).toEqual({
      "5": "Stale: cell [3], which makes totals, has been edited.",
    });
    expect(after({ cell: 2, turn: 7 }, { cell: 3, turn: 8 }, { cell: 5, turn: 9 })).toEqual({});
  });

  it("read tables too", () => {
    const cells: OpenCell[] = [
      {
        id: "1",
        source: "await refresh(gold.customer_ltv, sql`select 1`);",
        ran: { source: "", turn: 1, number: 1 },
      },
      { id: "2", source: "await show(gold.customer_ltv);", ran: { source: "", turn: 2, number: 2 } },
    ];
    expect([...staleCells(cells).keys()]).toEqual(["2"]);
  });
});
