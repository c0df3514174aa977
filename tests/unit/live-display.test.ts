import type { Html } from "#lib/display/html.js";
import { checksHtml, outcomeHtml, tableHtml } from "#lib/display/outcome-html.js";
import { placeIn } from "#lib/display/failure.js";
import type { Outcome } from "#lib/display/outcome.js";
import { outcomeText, tableText } from "#lib/display/outcome-text.js";
import type { ResultRow } from "#lib/plan/plan.js";
import { describeCheck, publicMessage, type CheckResult } from "#lib/run/check-result.js";
import { noFigures } from "#lib/run/step.js";
import { describe, expect, it } from "vitest";

const shown = (
  types: Record<string, string>,
  rows: ResultRow[],
  total: number | undefined = rows.length,
) => ({
  result: { columns: Object.entries(types).map(([name, type]) => ({ name, type })), rows },
  total,
});

const check = (given: Partial<CheckResult>): CheckResult => ({
  table: "silver.orders_clean",
  name: "null order_id",
  severity: "halt",
  status: "pass",
  figure: 0,
  threshold: 0,
  failedRows: 0,
  totalRows: 1000,
  sample: null,
  message: "0 of 1,000 rows; at most 0",
  place: undefined,
  ...given,
});

const outcome = (given: Partial<Outcome>, figures = noFigures()): Outcome => ({
  kind: "merge",
  table: "silver.orders_clean",
  figures,
  seconds: 0.5,
  holds: undefined,
  shown: undefined,
  failed: false,
  ...given,
});

const texts = (html: Html | undefined) =>
  String(html)
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

describe("a table of rows", () => {
  it("names columns with their types and says how many of how many rows it shows", () => {
    const text = tableText(shown({ status: "STRING", n: "BIGINT" }, [{ status: "pending", n: 7 }], 1234));
    expect(text.split("\n")).toEqual([
      "status        n",
      "STRING   BIGINT",
      "───────  ──────",
      "pending       7",
      "1 of 1,234 rows",
    ]);
  });

  it("keeps decimals to the last digit, and separates thousands only of large whole numbers that are no keys", () => {
    const types = { amount: "DECIMAL(18,2)", n: "BIGINT", year: "INT", order_id: "BIGINT", rate: "DOUBLE" };
    const html = tableHtml(
      shown(types, [
        { amount: "1234567.10", n: 12345, year: 2026, order_id: 1234567, rate: 0.1 + 0.2 },
        { amount: "-0.50", n: 1234, year: 2025, order_id: 7, rate: 1 },
      ]),
    );
    expect(texts(html)).toContain("1234567.10 12,345 2026 1234567 0.3 -0.50 1,234 2025 7 1 2 rows");
  });

  it("tells null and the empty string from text", () => {
    const html = tableHtml(shown({ name: "STRING" }, [{ name: null }, { name: "" }, { name: "null" }]));
    expect(
      String(html)
        .match(/<td[^>]*font-style:italic[^>]*>[^<]*/g)
        ?.map((cell) => cell.split(">")[1]),
    ).toEqual(["null", "&quot;&quot;"]);
  });

  it("shows instants in UTC without what they lack", () => {
    const rows = [{ at: "2026-03-01T12:00:00Z" }, { at: "2026-03-01T12:00:00.500000Z" }];
    expect(texts(tableHtml(shown({ at: "TIMESTAMP" }, rows)))).toBe(
      "at TIMESTAMP 2026-03-01 12:00:00 2026-03-01 12:00:00.5 2 rows",
    );
  });

  it("takes nothing from the data for HTML, for a formula or for a terminal's command", () => {
    const evil = { "<i>": "STRING" };
    const rows = [{ "<i>": `<img src=x onerror="alert('1')">` }, { "<i>": "$5 and $6 \u001b[31m\u202ered" }];
    const html = String(outcomeHtml(outcome({ kind: "show", shown: shown(evil, rows) })));
    expect(html).not.toMatch(/<(i|img)\b/);
    expect(html).toContain("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;");
    expect(html).toContain("mathjax_ignore");
    expect(html).not.toContain("\u202e");
    expect(tableText(shown(evil, rows))).toContain("\\u001b[31m\\u202ered");
  });

  it("cuts what is too long to look at", () => {
    const text = tableText(shown({ raw: "STRING" }, [{ raw: "x".repeat(10_000_000) }]));
    expect(text).toContain(`${"x".repeat(199)}…`);
    expect(text.length).toBeLessThan(1000);
  });
});

describe("what a verb did", () => {
  it("is one line with the rows written, replaced and now held", () => {
    const figures = { ...noFigures(), out: 12, deleted: 4 };
    expect(outcomeText(outcome({ holds: 1994 }, figures))).toBe(
      "✓ silver.orders_clean: 12 rows written, 4 replaced or removed; the table holds 1,994 rows (0.50 s)",
    );
  });

  it("names rows refused, and files that needed a warning", () => {
    expect(outcomeText(outcome({ kind: "reject" }, { ...noFigures(), rejected: 1 }))).toContain(
      "1 row refused",
    );
    const file = {
      name: "a.csv",
      size: 1,
      modifiedAt: new Date(),
      sha256: "",
      loadNumber: 1,
      rows: 9,
      rescued: 1,
      warnings: [],
    };
    const figures = {
      ...noFigures(),
      out: 10,
      files: [{ ...file, table: "t" }],
      warnings: ["a.csv: torn <line>"],
    };
    const html = outcomeHtml(outcome({ kind: "load" }, figures));
    expect(texts(html)).toContain("10 rows loaded from 1 new file, 1 of them kept whole in _rescued_data");
    expect(String(html)).toContain("a.csv: torn &lt;line&gt;");
  });

  it("is not said of a verb that failed", () => {
    expect(outcomeText(outcome({ failed: true }, { ...noFigures(), out: 5 }))).toBe("");
  });
});

describe("checks", () => {
  it("that did not pass stand alone with their message, the others behind one line", () => {
    const html = checksHtml([
      check({ name: "a" }),
      check({ name: "b" }),
      check({ name: "c", status: "fail", message: "20 of 1,000 rows, such as <O-17>; at most 0" }),
    ]);
    expect(texts(html)).toMatch(
      /^✗ c failed: 20 of 1,000 rows, such as &lt;O-17&gt;; at most 0 silver.orders_clean ✓ 2 checks passed/,
    );
    expect(String(html)).toContain("--jp-error-color");
    expect(String(html).match(/<details>/g)).toHaveLength(1);
  });

  it("say the same in Jupyter's text, on the terminal and, without rows, on public pages", () => {
    const message = "2 of 1,000 rows, such as O-17 and O-18; at most 0";
    const warned = check({ status: "warn", sample: "O-17 and O-18", message });
    expect(outcomeText(outcome({}, { ...noFigures(), checks: [warned] }))).toContain(
      `! silver.orders_clean: "null order_id" warning: ${message}`,
    );
    expect(describeCheck(warned)).toBe(`check "null order_id" of silver.orders_clean: ${message}`);
    expect(publicMessage(warned)).toBe("2 of 1,000 rows; at most 0");
    expect(publicMessage(check({}))).toBe("0 of 1,000 rows; at most 0");
  });
});

describe("the place of an error in the notebook's SQL", () => {
  it("is the word that the engine points to, the same one of several", () => {
    const engine = "SELECT a, SUM(b) AS b FROM t WHERE SUM(b) > 1";
    const message = `Binder Error: WHERE clause cannot contain aggregates!\n\nLINE 1: ${engine}\n${" ".repeat(8 + 35)}^`;
    expect(placeIn("select a,\n sum(b) as b\nfrom t\nwhere sum(b) > 1", message, engine)).toEqual({
      line: 4,
      column: 7,
      length: 3,
    });
  });

  it("is the name that the message quotes, where the engine points nowhere", () => {
    expect(
      placeIn("select 1,\n  wrong", 'Binder Error: column "wrong" is not there', "SELECT 1, wrong"),
    ).toEqual({
      line: 2,
      column: 3,
      length: 5,
    });
  });

  it("is not guessed", () => {
    expect(
      placeIn("select wrong, wrong", 'column "wrong" is not there', "SELECT wrong, wrong"),
    ).toBeUndefined();
  });
});
