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
  /** Whether a row, whose key is given, was deleted at its place in the log or later; it is then no longer there. */
  wasDeleted(id: Statement, lsn: Statement): Statement;
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
      wasDeleted: () => sql`false`,
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
    wasDeleted: (id, lsn) => sql`exists (
      select 1 from ${deletionsOf(name)} as gone where gone.id = ${id} and gone.change_lsn >= ${lsn})`,
    keptLsn: sql`coalesce(change_lsn, 0)`,
    merging: { deleted: "is_deleted", order: ["change_lsn", "source_load", "source_row"] },
    keeping: { deleted: "is_deleted", order: ["change_lsn", "source_load", "source_file", "source_row"] },
  };
}

/** A change's own position in the log. */
export const positionInLog = "try_cast(get_json_object(source, '$.lsn') as bigint)";

const committedBefore = `try_cast(get_json_object(get_json_object(source, '$.sequence'), '$[0]') as bigint)`;

/**
 * Where a change stands in the log: its own position, or the end of the last transaction before its own where that is later. A change
 * that was made before a snapshot, in a transaction that ended after it, is newer than the snapshot.
 */
export const placeInLog = `greatest(${positionInLog}, coalesce(${committedBefore}, ${positionInLog}))`;

const milliseconds = "get_json_object(source, '$.ts_ms')";

/** When a change was committed, in seconds since 1970: whole milliseconds without their last three digits. */
const commitSeconds = `try_cast(left(${milliseconds}, length(${milliseconds}) - 3) as bigint)`;

/** What Debezium writes in the place of a long value that an update left as it was, since the log does not have it. */
const notSent = "__debezium_unavailable_value";

const columnsOf = (name: DatabaseTable) =>
  arrivedColumns(databaseTables[name].exported)
    .map((column) => column.name)
    .filter((column) => column !== "_rescued_data");

/** Why a message says nothing of a row that can be relied on, as an expression that is null for all others. */
function faultOf(name: DatabaseTable): string {
  const columns = columnsOf(name).join("|");
  const isLongValue = `after like '%${notSent}%' and after rlike '"(${columns})": *"${notSent}"'`;
  return `case
      when value is null or op = 't' then null
      when op is null and get_json_object(value, '$.payload.op') is not null
        then 'it has schemas: set value.converter.schemas.enable=false in the connector'
      when op is null or op not in ('c', 'r', 'u', 'd') then 'it is no change as Debezium writes one'
      when ${positionInLog} is null then 'it has no source.lsn'
      when op = 'd' and ${commitSeconds} is null then 'it has no source.ts_ms'
      when ${isLongValue} then 'a long value was not sent: alter table ${name} replica identity full'
    end`;
}

/** The messages of a table that say nothing of a row that can be relied on, and why. Silver refuses them. */
export const unusableMessages = (name: DatabaseTable): Statement =>
  sqlOf(
    [
      `select kafka_topic, kafka_offset, fault, source_file, source_row, ingested_at from (select *, ${faultOf(name)} as fault from `,
      ` as messages) as judged where fault is not null`,
    ],
    changeTables[name],
  );

/** The rows that were ever deleted: of each deletion the row's key, as `id`, and where it stands in the log. */
function deletionsOf(name: DatabaseTable): Statement {
  const field = (of: string) => `get_json_object(${of}, '$.${databaseTables[name].key}')`;
  return sqlOf(
    [
      `select trim(coalesce(${field("before")}, ${field("kafka_key")})) as id, ${placeInLog} as change_lsn from `,
      ` as messages where op = 'd'`,
    ],
    changeTables[name],
  );
}

/**
 * A deletion has no updated_at: it counts from the time of its transaction. A tombstone says nothing that the deletion did not say; that
 * a table was emptied is told by a check, and not followed: a person decides. A message that cannot be relied on is as a torn line.
 */
export function rowsOf(name: DatabaseTable, from: Changes | Table, more: readonly string[] = []): Statement {
  const { key } = databaseTables[name];
  const committed = fromUnixSeconds(sql`committed`);
  const fields = columnsOf(name)
    .filter((column) => column !== "updated_at")
    .map((column) => {
      const value = `get_json_object(row_then, '$.${column}')`;
      // Where another index than the key is the table's identity, a deletion has the key beside it only.
      if (column === key)
        return `coalesce(${value}, case when fault is null then get_json_object(kafka_key, '$.${column}') end) as ${column}`;
      // Debezium writes a date as 2026-03-01Z.
      return column.endsWith("_date")
        ? `case when length(${value}) = 11 then left(${value}, 10) else ${value} end as ${column}`
        : `${value} as ${column}`;
    });
  const all = [
    ...fields,
    ...[...loadColumns].map((column) =>
      column === "_rescued_data"
        ? "coalesce(_rescued_data, case when fault is not null then value end) as _rescued_data"
        : column,
    ),
    "fault is null and coalesce(op, '') = 'd' as is_deleted",
    `${placeInLog} as change_lsn`,
    ...more,
  ];
  return sqlOf(
    [
      `select ${all.join(",\n    ")},\n    case when fault is not null then null when op = 'd' then cast(`,
      " as string) else get_json_object(after, '$.updated_at') end as updated_at\n  from ",
      ` as messages where (value is not null or _rescued_data is not null) and coalesce(op, '') <> 't'`,
    ],
    committed,
    sql`select *, case when fault is null then coalesce(after, before) end as row_then from (
      select *, ${sqlOf([commitSeconds])} as committed, ${sqlOf([faultOf(name)])} as fault from ${from}) as judged`,
  );
}
