import type { ZodType } from "zod";
import type { PlainValue } from "../contracts/plain-value.js";
import type { Column, Row, Table } from "../contracts/table.js";
import { InputError } from "../errors.js";
import { isAuditColumn } from "../plan/kept-columns.js";
import { theSession } from "../plan/session.js";
import { usualNow, type Arrival, type NamedRows } from "../plan/unit-test.js";
import { nearestOf } from "../sql/nearest.js";

/** Some columns of a table's row. A misspelt one is a type error. */
type SomeOf<T extends Table> = { readonly [C in keyof Row<T>]?: Row<T>[C] };

/** The rows that a unit test begins with. Immutable: each of its functions gives another one, or tests. */
export interface Given {
  /** Rows of a further table, given at the same time. */
  and<T extends Table>(table: T, rows: readonly SomeOf<T>[]): Given;
  /** Rows that arrive once the step has run over all that was given so far: then it runs again, over these. */
  later<T extends Table>(table: T, rows: readonly SomeOf<T>[]): Given;
  /** When the step runs over the rows just given: an ISO instant, by default midnight of 11 March 2026. */
  at(now: string): Given;
  /**
   * Runs this notebook's step over the rows given, in an empty warehouse of its own, and compares a table that it writes. Only the
   * columns that the expected rows name are compared, all rows by the same ones, in any order.
   */
  expect<T extends Table>(table: T, rows: readonly SomeOf<T>[]): Promise<void>;
}

/**
 * Begins a unit test of this notebook's step: rows in, rows out. It runs in Jupyter below the cell, by `npx shopmetrics test` and
 * with the project's tests; its rows stand on the notebook's page. A task or a run never sees it, and checks are left out of it.
 *
 * Of a row, name what the rule is about. A column that is not named is null, or where the contract allows no null a plain value of
 * its type. Rows of the table that the step itself writes are what earlier runs left there.
 *
 * @example
 * await given(bronze.orders_raw, [
 *   { order_id: "O1", status: " Completed ", total_amount: "10", order_date: "2026-03-09", updated_at: "2026-03-09" },
 * ]).expect(silver.orders_clean, [{ order_id: "O1", status: "completed", total_amount: "10.00" }]);
 *
 * @throws InputError for a column that the table lacks, or a value that is none of its type
 */
export function given<T extends Table>(table: T, rows: readonly SomeOf<T>[]): Given {
  return begun([{ now: usualNow, given: [named("given", table, rows)] }]);
}

function begun(arrivals: readonly Arrival[]): Given {
  const before = arrivals.slice(0, -1);
  const last = arrivals.at(-1)!;
  return {
    and(table, rows) {
      if (last.given.some((other) => other.table === table.name))
        throw new InputError(
          `and(${table.name}): this test gives rows of it already. Put them into one list, or say later(…) where they arrive ` +
            `after a run.`,
        );
      return begun([...before, { ...last, given: [...last.given, named("and", table, rows)] }]);
    },
    later: (table, rows) => begun([...arrivals, { now: last.now, given: [named("later", table, rows)] }]),
    at(now) {
      if (!isInstant(now)) throw new InputError(`at("${now}"): give an instant such as "${usualNow}".`);
      return begun([...before, { ...last, now }]);
    },
    async expect(table, rows) {
      const expected = named("expect", table, rows);
      refuseRagged(expected);
      await (await theSession()).test?.({ arrivals, expected });
    },
  };
}

const isInstant = (text: string) => /^\d{4}-\d\d-\d\dT.*Z$/.test(text) && !Number.isNaN(Date.parse(text));

/** The rows, known to fit the table's contract. */
function named(what: string, table: Table, rows: readonly object[]): NamedRows {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  rows.forEach((row, index) => {
    for (const [name, value] of Object.entries(row)) {
      const place = `${what}(${table.name}), row ${index + 1}`;
      const column = columns.get(name);
      if (!column) {
        const near = nearestOf(name, [...columns.keys()]);
        throw new InputError(
          `${place}: there is no column "${name}". ${near ? `Did you mean ${near}?` : `There are: ${[...columns.keys()].join(", ")}.`}`,
        );
      }
      if (what !== "expect" && isAuditColumn(table, name))
        throw new InputError(`${place}: ${name} is filled in by the run. Leave it out.`);
      if ((table.row.shape[name] as ZodType).safeParse(value).success) continue;
      throw new InputError(`${place}: ${name} is ${wordsOf(column)}, and ${JSON.stringify(value)} is none.`);
    }
  });
  return { table: table.name, rows: rows as readonly Readonly<Record<string, PlainValue>>[] };
}

/** A column's type with how its values are written. */
function wordsOf({ type, nullable, accepts }: Column): string {
  const words = accepts
    ? `one of ${accepts.map((value) => `"${value}"`).join(", ")}`
    : `${type}${Object.entries(written).find(([kind]) => type.startsWith(kind))?.[1] ?? ""}`;
  return `${words}${nullable ? "" : ", never null"}`;
}

const written = {
  DECIMAL: ', a text with all its decimals such as "10.00"',
  TIMESTAMP: ', a text such as "2026-03-10T12:00:00Z"',
  DATE: ', a text such as "2026-03-10"',
};

/** Which columns are compared must be the same for all rows, or a gap could be taken for "anything" or for null. */
function refuseRagged({ table, rows }: NamedRows): void {
  const [first, ...others] = rows.map((row) => Object.keys(row).toSorted().join(", "));
  const other = others.findIndex((columns) => columns !== first);
  if (first === "") throw new InputError(`expect(${table}), row 1: name the columns that are compared.`);
  if (other < 0) return;
  throw new InputError(
    `expect(${table}), row ${other + 2} names ${others[other] || "no column"}, and row 1 ${first}: name the same columns in each.`,
  );
}
