import { forgotten_persons } from "../contracts/ops.js";
import { sql, sqlOf, type Statement } from "../sql/statement.js";
import { placeInLog, positionInLog, rowsOf } from "./arrived.js";
import * as bronze from "./database-bronze.js";
import { changeTables, databaseTables, personIn, type DatabaseTable } from "./database-bronze.js";
import * as silver from "./silver.js";

/** The tables of silver that hold what tables of the database do. */
export const keptIn = {
  customers: silver.dim_customers,
  products: silver.dim_products,
  orders: silver.orders_clean,
  order_items: silver.order_items,
  payments: silver.payments,
} as const;

/**
 * Where silver differs from the database, in counts and checksums at a common position in the log: no row when they agree. Compared is the
 * newest count of the database up to which everything has arrived; whether it has seen a change, the change's transaction says (in 32 bits,
 * so numbers go round). A row that changed since is taken from bronze as it was then, and so
 * is one whose newest version is in the quarantine; all others as silver has them.
 */
export function differsFromDatabase(name: DatabaseTable): Statement {
  const { key, amounts, instants } = databaseTables[name];
  const kept = keptIn[name];
  const id = sqlOf([key]);
  const columns = [key, ...amounts, ...instants].map((column) => sqlOf([column]));
  const confirmed = sql`
    select max(lsn) as lsn from (
      select min(cast(confirmed_lsn as bigint)) as lsn from ${bronze.database_slots}
      where coalesce(is_followed, 'true') = 'true' group by observed_at
      union all
      select cast(confirmed_lsn as bigint) as lsn from ${bronze.database_states} where table_name = ${name}
    ) as looks`;
  const arrived = rowsOf(name, changeTables[name], [
    "try_cast(get_json_object(source, '$.txId') as bigint) as xid",
  ]);
  // Who was forgotten is counted on neither side, from then on.
  const isPerson = personIn(name) === key;
  const isCounted = isPerson ? sql`${id} not in (select pseudonym from ${forgotten_persons})` : sql`true`;
  const isOfNow = isPerson
    ? sql`not exists (select 1 from ${forgotten_persons} as asked where asked_at > try_cast(observed_at as timestamp))`
    : sql`true`;
  const state = sql`
    select cast(lsn as bigint) as state_lsn, cast(next_transaction as bigint) as next_transaction,
      split(coalesce(running_transactions, ''), ',') as running,
      cast(row_count as bigint) as row_count, cast(checksum as decimal(38,0)) as checksum, observed_at
    from (
      select *, row_number() over (partition by table_name order by observed_at desc) as place from ${bronze.database_states}
      where table_name = ${name} and cast(lsn as bigint) <= (select lsn from ${confirmed} as confirmed)
        and cast(lsn as bigint) >= (select coalesce(min(change_lsn), 0) from ${arrived} as arrived)
        and ${isOfNow}
    ) as states where place = 1`;
  const typed = [
    `trim(${key}) as ${key}`,
    ...amounts.map((column) => `try_cast(${column} as decimal(12,2)) as ${column}`),
    ...instants.map((column) => `try_cast(${column} as timestamp) as ${column}`),
  ].join(", ");
  const changed = sqlOf(
    [
      `
    select ${typed}, source_file, source_row, source_load, is_deleted, change_lsn, case
      when xid is null then change_lsn <= state_lsn
      else pmod(next_transaction - xid, 4294967296) between 1 and 2147483647 and not array_contains(running, cast(xid as string))
      end as was_there
    from `,
      " as arrived cross join ",
      ` as state where nullif(trim(${key}), '') is not null and `,
      "",
    ],
    arrived,
    state,
    isCounted,
  );
  const fromBronze = sql`
    select changed.${id} from ${changed} as changed where not was_there
    union
    select changed.${id} from ${changed} as changed
    join ${silver.rejected_rows} as refused
      on refused.table_name = ${kept.name} and refused.source_file = changed.source_file and refused.source_row = changed.source_row`;
  const isCurrent = isPerson ? sql`is_current and ${isCounted}` : sql`true`;
  const held = sql`
    select ${columns} from ${kept} as kept where ${isCurrent} and ${id} not in (select ${id} from ${fromBronze} as others)
    union all
    select ${columns} from (
      select *, row_number() over (partition by ${id} order by change_lsn desc, source_load desc, source_row desc) as place
      from ${changed} as changed where was_there and ${id} in (select ${id} from ${fromBronze} as others)
    ) as ranked where place = 1 and not is_deleted`;
  const digest = [
    key,
    ...amounts.map((column) => `coalesce(cast(${column} as string), '')`),
    ...instants.map((column) => `coalesce(cast(unix_micros(${column}) as string), '')`),
  ].join(", '|', ");
  const digits = sqlOf([
    `cast(left(regexp_replace(md5(concat(${digest})), '[a-f]', ''), 15) as decimal(18,0))`,
  ]);
  return sql`
    select state.observed_at,
      concat(cast(state.row_count as string), ' rows, checksum ', cast(state.checksum as string)) as database,
      concat(cast(held.row_count as string), ' rows, checksum ', cast(held.checksum as string)) as silver
    from ${state} as state
    cross join (select count(*) as row_count, coalesce(sum(${digits}), 0) as checksum from ${held} as rows_then) as held
    where state.row_count <> held.row_count or state.checksum <> held.checksum`;
}

/** Rows that a table had when it was emptied (truncate), and that are still here: of each its key. */
export function keptThoughEmptied(name: DatabaseTable): Statement {
  const raw = changeTables[name];
  const id = sqlOf([databaseTables[name].key]);
  // Within a transaction the place is the same, and the position tells.
  const emptied = sqlOf(
    [`select ${placeInLog} as emptied_place, ${positionInLog} as emptied_at from `, " where op = 't'"],
    raw,
  );
  const changed = rowsOf(name, raw, [`${positionInLog} as own_lsn`]);
  return sql`
    select ${id}, change_lsn, source_file, source_row from (
      select *, row_number() over (partition by ${id} order by change_lsn desc, source_load desc, source_row desc) as place
      from ${changed} as changed
    ) as ranked
    where place = 1 and not is_deleted and exists (
      select 1 from ${emptied} as emptied
      where change_lsn < emptied_place or (change_lsn = emptied_place and own_lsn < emptied_at))`;
}
