import { describe, expect, it } from "vitest";
import { terminalTable, wrapped } from "../../build/src/terminal-table.ts";

const table = (width: number, prose = false) =>
  terminalTable({
    head: ["name", "amount", "what it holds", "updated_at"],
    aligns: ["left", "right", "left", "left"],
    rows: [
      ["gold.daily_sales_summary", "1,234,567.00", "Revenue per day and category", "2026-11-29T12:44:02Z"],
      ["x", "2", "y", "z"],
    ],
    prose,
    width,
  });
const widest = (text: string) => Math.max(...text.split("\n").map((line) => [...line].length));

describe("a table for a terminal", () => {
  it.each([200, 100, 80, 60, 40, 30])("has no line of more than %i letters", (width) => {
    expect(widest(table(width))).toBeLessThanOrEqual(width);
    expect(widest(table(width, true))).toBeLessThanOrEqual(width);
  });

  it("is whole where there is room", () => {
    expect(table(200)).toContain("│ Revenue per day and category │");
    expect(table(200)).not.toContain("No room");
  });

  it("cuts words before it leaves out columns, and names those; figures are never cut", () => {
    expect(table(80)).toMatch(/│ gold\.daily_sales_s… │ 1,234,567\.00 │ /);
    expect(table(80)).not.toContain("No room");
    expect(table(60)).toContain("1,234,567.00");
    expect(table(60)).toMatch(/\nNo room for: updated_at$/);
  });

  it("wraps prose between words and keeps all of it", () => {
    expect(wrapped("one two three four", 9, "  ")).toEqual(["one two", "  three", "  four"]);
  });
});
