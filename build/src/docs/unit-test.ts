import { isDeepStrictEqual } from "node:util";
import { html, joinHtml, shownColumns, type Html } from "shopmetrics/display";
import { usualNow, type NamedRows, type Tables, type UnitTest } from "shopmetrics/plan";
import { instantWords } from "../text.js";
import { scrollTable } from "./elements.js";

/**
 * The unit tests of a cell as tables: the rows that are given, and those that the step must make of them. Tests that begin with the
 * same rows show these once.
 *
 * @param link a table's name with its address
 */
export function unitTestsHtml(
  tests: readonly UnitTest[],
  tables: Tables,
  link: (table: string) => Html,
): Html {
  const parts = tests.flatMap((test, index) => {
    const before = tests[index - 1];
    const isSame = before !== undefined && isDeepStrictEqual(before.arrivals, test.arrivals);
    return [
      ...(isSame ? [] : givenHtml(test, tables, link)),
      rowsHtml("Expected", test.expected, tables, link),
    ];
  });
  return html`<div class="output unit-test">${joinHtml(parts, "\n")}</div>`;
}

const givenHtml = ({ arrivals }: UnitTest, tables: Tables, link: (table: string) => Html): Html[] =>
  arrivals.flatMap(({ given, now }, index) => [
    ...given.map((rows) => rowsHtml(index === 0 ? "Given" : "Later, after a run,", rows, tables, link)),
    ...(now === usualNow ? [] : [html`<p class="extent">The step runs at ${instantWords(now)}.</p>`]),
  ]);

/** Columns in the order in which the rows name them. What a row does not name stays empty. */
function rowsHtml(
  what: string,
  { table, rows }: NamedRows,
  tables: Tables,
  link: (table: string) => Html,
): Html {
  const title = html`<p class="unit-test-title"><strong>${what}</strong> ${link(table)}</p>`;
  if (rows.length === 0) return html`${title}\n<p class="extent">No rows.</p>`;
  const types = new Map(tables.get(table)?.columns.map(({ name, type }) => [name, type]));
  const named = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = shownColumns({
    columns: named.map((name) => ({ name, type: types.get(name) ?? "STRING" })),
    rows: rows.map((row) => Object.fromEntries(named.map((name) => [name, plain(row[name])]))),
  });
  const body = rows.map((row, index) => {
    const cells = columns.map(({ name, isNumber, cells: values }) => {
      const { text, kind } = values[index]!;
      const classes = [isNumber && "number", kind === "none" && "none"].filter(Boolean).join(" ");
      const shown = name in row ? text : "";
      return classes === "" ? html`<td>${shown}</td>` : html`<td class="${classes}">${shown}</td>`;
    });
    return html`<tr>${cells}</tr>`;
  });
  return html`${title}\n${scrollTable(columns, body)}`;
}

const plain = (value: NamedRows["rows"][number][string] | undefined) =>
  value === undefined ? null : typeof value === "object" && value !== null ? [...value] : value;
