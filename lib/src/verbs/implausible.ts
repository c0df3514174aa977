import { boundsOf } from "../contracts/ranges.js";
import type { ColumnOf, Table } from "../contracts/table.js";
import { InputError } from "../errors.js";
import { sqlOf, type Statement } from "../sql/statement.js";

/**
 * The reasons why values are not plausible by a table's contract, as a list of expressions: each is a text, or null where the
 * value is in its range or missing. Each of the contract's columns with a range is read under its own name.
 *
 * @param loaded when the row was loaded: things that have happened did so at most a day later
 * @param given expressions for columns that the select calls otherwise; null for one that other rules judge
 * @param names what the rows call a column that the table calls otherwise
 * @example
 * array_compact(array(case when order_id is null then 'order_id is missing' end, ${implausible(silver.orders_clean, sql`ingested_at`)}))
 */
export function implausible<T extends Table>(
  table: T,
  loaded: Statement,
  given: { readonly [C in ColumnOf<T>]?: Statement | null } = {},
  names: { readonly [C in ColumnOf<T>]?: string } = {},
): Statement[] {
  const bounds = boundsOf(table).filter(({ column }) => given[column.name as ColumnOf<T>] !== null);
  if (bounds.length === 0)
    throw new InputError(`implausible(${table.name}): its contract declares no range.`);
  return bounds.map(({ column, words, isBeyond }) => {
    const name = column.name as ColumnOf<T>;
    const reason = `'${names[name] ?? name} ${words}'`;
    const value = given[name] ?? sqlOf([name]);
    const [before, between, after] = isBeyond("{value}", "{loaded}").split(/\{value\}|\{loaded\}/);
    return after === undefined
      ? sqlOf([`case when ${before}`, `${between} then ${reason} end`], value)
      : sqlOf([`case when ${before}`, between!, `${after} then ${reason} end`], value, loaded);
  });
}
