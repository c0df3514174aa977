import type { Table } from "../../contracts/table.js";
import type { Operation } from "../../plan/plan.js";
import { beforeTable, flat, marker } from "../../sql/render.js";
import {
  arrivedColumns,
  inJson,
  batchColumns,
  contractCheck,
  givenColumns,
  historyColumns,
  isStamp,
  keyOf,
  loggedColumns,
  names,
  originColumns,
  preference,
  versionColumns,
  type Dialect,
  type Write,
} from "../dialect.js";
import { operation } from "../operation.js";

/** How the embedded DuckDB keeps tables. Every step runs in one transaction, so no order of statements can lose rows. */
export const duckdbDialect: Dialect = {
  name: "duckdb",

  createTable: (table) => [
    `create table if not exists ${table.name} (${[
      ...table.columns.map(({ name, type }) => `${name} ${sqlType(type)}`),
      ...batchColumns(table).map((name) => `${name} bigint`),
    ].join(", ")})`,
    ...(table.options.tracks ? [createBefore(table)] : []),
  ],

  addColumn: (table, { name, type }) => `alter table ${table} add column ${name} ${sqlType(type)}`,

  texts: (items) => `cast([${items.join(", ")}] as varchar[])`,

  stage: (name, select) => [operation(`create or replace temp table ${name} as ${select}`)],

  append: ({ table, rows }) => [
    operation(`delete from ${table.name} where ${marker("full")}`),
    operation(
      `insert into ${table.name} by name select ${filled(table)}, ${names(givenColumns(table))} from (${rows})`,
      { counts: "out" },
    ),
    ...contract(table, { keyIsUnique: false }),
  ],

  merge: (write) => {
    const { table } = write;
    const best = preference(table);
    const key = keyOf(table).join(", ");
    const columns = names(givenColumns(table));
    const rank = `row_number() over (partition by ${key} order by ${best?.order})`;
    return apply(write, {
      incoming: `select ${columns} from (${write.rows})${best ? ` qualify ${rank} = 1` : ""}`,
      // Ranking all rows of a first load would be its slowest part: they go in as they are, and then only keys that
      // came more than once are ranked.
      ...(best && {
        first: [
          insertAll(table, `select ${columns} from (${write.rows})`),
          operation(
            `delete from ${table.name} where rowid in (
  select rowid from ${table.name}
  where (${key}) in (select ${key} from ${table.name} group by ${key} having count(*) > 1)
  qualify ${rank} > 1)`,
            { counts: "surplus", when: "empty" },
          ),
        ],
      }),
      isNewer: best
        ? `(${marker("full")} or (${list(best.columns, "i.")}) ${best.isBetter} (${list(best.columns, "t.")}))`
        : "true",
      scope: marker("full"),
      keyIsUnique: best !== undefined,
    });
  },

  history: (write) => {
    const { table, of } = write;
    const versions = versionColumns(table, of);
    const struct = `struct_pack(${versions.map((name) => `${name} := ${name}`).join(", ")})`;
    const given = givenColumns(table, historyColumns);
    const incoming = `with given as (
  select ${names(given)}, ${originColumns.join(", ")} from (${write.rows})
  qualify row_number() over (partition by ${of}, effective_start_date order by source_file desc, source_row desc) = 1
), marked as (
  select *, lag(${struct}) over (partition by ${of} order by effective_start_date) is distinct from ${struct} as is_version
  from given
), bounded as (
  select *, lead(effective_start_date) over (partition by ${of} order by effective_start_date) as effective_end_date
  from marked where is_version
)
select ${table.columns
      .map(({ name }) =>
        name === "surrogate_key"
          ? `md5(${of} || '|' || epoch_us(effective_start_date)) as surrogate_key`
          : name === "is_current"
            ? "effective_end_date is null as is_current"
            : name,
      )
      .join(", ")} from bounded`;
    return apply(write, {
      incoming,
      isNewer: "true",
      scope: `(${marker("full")} or t.${of} in (select ${of} from incoming))`,
      keyIsUnique: true,
    });
  },

  refresh: (write) => {
    const { scope, table } = write;
    return apply(write, {
      incoming: `select ${names(givenColumns(table))} from (${write.rows})`,
      isNewer: "true",
      scope: scope
        ? `(${marker("full")} or (${list(scope.columns, "t.")}) in (select ${scope.columns.join(", ")} from (${scope.select})))`
        : "true",
      keyIsUnique: false,
    });
  },

  reject: ({ table, rows, raw }) => {
    const fields = arrivedColumns(raw).map((column) => `'${column.name}': ${inJson(column, "b")}`);
    const json = `to_json({${fields.join(", ")}})`;
    return [
      // A row refused before, by a cell in Jupyter or by a run, is in the quarantine once.
      operation(
        `delete from silver.rejected_rows where table_name = '${table.name}'
and (${marker("full")} or (source_file, source_row) in (select source_file, source_row from (${rows})))`,
      ),
      operation(
        `insert into silver.rejected_rows by name
select '${table.name}' as table_name, r.reasons, cast(${json} as varchar) as raw_row, r.source_file, r.source_row,
  ${marker("now")} as rejected_at, ${marker("run_id")} as run_id, ${marker(`batch_${flat(table.name)}`)} as _batch
from (${rows}) as r join ${raw.name} as b on b.source_file = r.source_file and b.source_row = r.source_row`,
        { counts: "rejected" },
      ),
    ];
  },

  check: ({ measure, name, severity, max }) => [
    operation(
      `select ${name} as check_name, ${severity} as severity, failed_rows, total_rows, cast(figure as double) as figure, ` +
        `cast(${max} as double) as threshold from (${measure})`,
      { kind: "check" },
    ),
  ],

  show: (select, limit, offset) => [
    operation(`select * from (${select}) limit ${limit}${offset ? ` offset ${offset}` : ""}`, {
      kind: "show",
    }),
  ],

  maintain: () => [],
};

/** DuckDB's name for a type of Databricks' dialect. */
export function sqlType(type: string): string {
  if (type.startsWith("ARRAY<")) return `${sqlType(type.slice(6, -1))}[]`;
  return type === "STRING" ? "varchar" : type.toLowerCase();
}

const list = (columns: readonly string[], prefix = "") => columns.map((name) => prefix + name).join(", ");

const batchOf = (table: Table) => marker(`batch_${flat(table.name)}`);

const createBefore = (table: Table) => {
  const columns = loggedColumns(table);
  return `create table if not exists ${beforeTable(table)} (${columns
    .map(({ name, type }) => `${name} ${sqlType(type)}`)
    .join(", ")}, _batch bigint)`;
};

/** Stamps and batch columns, which the verb fills in. */
const filled = (table: Table, batches = batchColumns(table)) =>
  [
    ...table.columns
      .filter(({ name }) => isStamp(table, name))
      .map(({ name }) => `${marker("now")} as ${name}`),
    ...batches.map((name) => `${batchOf(table)} as ${name}`),
  ].join(", ");

/** The first rows of an empty table. */
const insertAll = (table: Table, rows: string) =>
  operation(`insert into ${table.name} by name select *, ${filled(table)} from (${rows})`, {
    counts: "out",
    when: "empty",
  });

/** The contract's checks over what this batch wrote; a halting one rolls the step back. */
const contract = (table: Table, options: { keyIsUnique: boolean }) => [
  operation(contractCheck(table, `select * from ${table.name} where _batch = ${batchOf(table)}`, options), {
    kind: "check",
  }),
];

/**
 * Makes the table hold the incoming rows: new ones are inserted, different ones replaced, and rows of the scope that
 * are no longer there deleted; a row that is the same is not touched, so its batch does not move. An empty table takes
 * the rows as they come.
 */
function apply(
  { table }: Write,
  plan: { incoming: string; isNewer: string; scope: string; keyIsUnique: boolean; first?: Operation[] },
): Operation[] {
  const key = keyOf(table);
  const columns = table.columns.filter(({ name }) => !isStamp(table, name));
  const compared = columns.map(({ name }) => name).filter((name) => !key.includes(name));
  const tracks = (table.options.tracks ?? []) as readonly string[];
  const differs = (names: readonly string[]) =>
    names.length ? names.map((name) => `i.${name} is distinct from t.${name}`).join(" or ") : "false";
  const on = key.map((name) => `i.${name} = t.${name}`).join(" and ");
  const before = [...new Set([...key, ...tracks])];
  const filledAlways = filled(table, ["_batch"]);
  return [
    ...(plan.first ?? [insertAll(table, plan.incoming)]),
    operation(`create or replace temp table incoming as ${plan.incoming}`, { when: "filled" }),
    operation(
      `create or replace temp table changed as
select i.rowid as incoming_row, t.rowid as old_row, t._first_batch, (${differs(tracks)}) as moved
from incoming as i left join ${table.name} as t on ${on}
where t.rowid is null or (${plan.isNewer} and (${differs(compared)}))`,
      { when: "filled" },
    ),
    operation(
      `create or replace temp table gone as
select t.rowid as old_row from ${table.name} as t
where ${plan.scope} and not exists (select 1 from incoming as i where ${on})`,
      { when: "filled" },
    ),
    ...(tracks.length
      ? [
          operation(
            `insert into ${beforeTable(table)} by name
select ${list(before)}, ${batchOf(table)} as _batch from ${table.name}
where rowid in (select old_row from changed where moved and old_row is not null union all select old_row from gone)`,
            { when: "filled" },
          ),
        ]
      : []),
    operation(
      `delete from ${table.name} where rowid in
(select old_row from changed where old_row is not null union all select old_row from gone)`,
      { counts: "deleted", when: "filled" },
    ),
    operation(
      `insert into ${table.name} by name
select i.*, ${filledAlways}, coalesce(c._first_batch, ${batchOf(table)}) as _first_batch
from incoming as i join changed as c on i.rowid = c.incoming_row`,
      { counts: "out", when: "filled" },
    ),
    ...contract(table, { keyIsUnique: plan.keyIsUnique }),
  ];
}
