import type { Table } from "../contracts/table.js";
import { arrivedColumns, loadColumns } from "../plan/kept-columns.js";
import { changes, sql, sqlOf, type Changes, type Statement } from "../sql/statement.js";
import { fromUnixSeconds } from "../verbs/stripe.js";
import { changeTables, databaseTables, type DatabaseTable } from "./database-bronze.js";
import { routeOf } from "./database.js";

/** The rows of a source, whichever way they come in: columns of the export as text, and of each row where it came from. */
export interface Arrived {
  /** The table of bronze that holds them as they arrived. */
  readonly raw: Table;
  /** Those that are new to the step. */
  readonly news: Changes | Statement;
  /** All of them. */
  readonly all: Table | Statement;
  /** Of a row, as conditions: whether it says that its row was deleted, and where it stands in the database's log. */
  readonly isDeleted: Statement;
  readonly lsn: Statement;
  /** Columns that a select gives `merge` in addition to the table's others, and `history` in addition to where a row came from. */
  readonly marks: readonly Statement[];
  readonly historyMarks: readonly Statement[];
  /** Where a row of silver stands in the log. */
  readonly keptLsn: Statement;
  /** What `merge` and `history` are told of deletes and their order. */
  readonly merging: { deleted?: "is_deleted"; order?: readonly ["change_lsn", "source_load", "source_row"] };
  readonly keeping: {
    deleted?: "is_deleted";
    order?: readonly ["change_lsn", "source_load", "source_file", "source_row"];
  };
}

/**
 * Rows of a source as POSTGRES_ROUTE says: exports that landed, or changes in the shop's database. Exports say nothing of deletions,
 * and the newest is told by the clock; a database says both, and the order is that of its log.
 *
 * @example
 * const orders = arrived("orders");
 * const typed = sql`select order_id, …, ${orders.isDeleted} as is_deleted, ${orders.lsn} as change_lsn from ${orders.news}`;
 */
export function arrived(name: DatabaseTable): Arrived {
  const { exported } = databaseTables[name];
  if (routeOf(name) === "exports")
    return {
      raw: exported,
      news: changes(exported),
      all: exported,
      isDeleted: sql`false`,
      lsn: sql`cast(null as bigint)`,
      marks: [sql`change_lsn`],
      historyMarks: [],
      keptLsn: sql`cast(null as bigint)`,
      merging: {},
      keeping: {},
    };
  const raw = changeTables[name];
  return {
    raw,
    news: rowsOf(name, changes(raw)),
    all: rowsOf(name, raw),
    isDeleted: sql`is_deleted`,
    lsn: sql`change_lsn`,
    marks: [sql`change_lsn`, sql`is_deleted`],
    historyMarks: [sql`change_lsn`, sql`is_deleted`],
    keptLsn: sql`coalesce(change_lsn, 0)`,
    merging: { deleted: "is_deleted", order: ["change_lsn", "source_load", "source_row"] },
    keeping: { deleted: "is_deleted", order: ["change_lsn", "source_load", "source_file", "source_row"] },
  };
}

const lsn = "try_cast(get_json_object(source, '$.lsn') as bigint)";

/**
 * Where a change stands in the log: its own position, or the end of the last transaction before its own where that is later. A change
 * that was made before a snapshot, in a transaction that ended after it, is newer than the snapshot.
 */
const place = `greatest(${lsn}, coalesce(try_cast(get_json_object(get_json_object(source, '$.sequence'), '$[0]') as bigint), ${lsn}))`;

const milliseconds = "get_json_object(source, '$.ts_ms')";

/** When a change was committed, in seconds since 1970: whole milliseconds without their last three digits. */
const commitSeconds = `try_cast(left(${milliseconds}, length(${milliseconds}) - 3) as bigint)`;

/**
 * A deletion has no updated_at: it counts from the time of its transaction. A tombstone says nothing that the deletion did not say; that
 * a table was emptied is told by a check, and not followed: a person decides. */
export function rowsOf(name: DatabaseTable, from: Changes | Table, more: readonly string[] = []): Statement {
  const { exported } = databaseTables[name];
  const committed = fromUnixSeconds(sql`committed`);
  const columns = arrivedColumns(exported).map((column) => column.name);
  const fields = columns
    .filter((column) => column !== "_rescued_data" && column !== "updated_at")
    .map((column) => {
      const value = `get_json_object(coalesce(after, before), '$.${column}')`;
      // Debezium writes a date as 2026-03-01Z.
      return column.endsWith("_date")
        ? `case when length(${value}) = 11 then left(${value}, 10) else ${value} end as ${column}`
        : `${value} as ${column}`;
    });
  const all = [
    ...fields,
    ...loadColumns,
    "coalesce(op, '') = 'd' as is_deleted",
    `${place} as change_lsn`,
    ...more,
  ];
  return sqlOf(
    [
      `select ${all.join(",\n    ")},\n    case when op = 'd' then cast(`,
      " as string) else get_json_object(after, '$.updated_at') end as updated_at\n  from ",
      ` as messages where (value is not null or _rescued_data is not null) and coalesce(op, '') <> 't'`,
    ],
    committed,
    sql`select *, ${sqlOf([commitSeconds])} as committed from ${from}`,
  );
}
