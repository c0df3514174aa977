import type { Table } from "../../contracts/table.js";
import type { Operation } from "../../plan.js";
import { beforeTable, flat, marker } from "../../sql/render.js";
import {
  arrivedColumns,
  batchColumns,
  contractCheck,
  givenColumns,
  historyColumns,
  isStamp,
  keyOf,
  loggedColumns,
  names,
  originColumns,
  versionColumns,
  type Dialect,
  type Write,
} from "../dialect.js";
import { operation } from "../operation.js";

/**
 * How a Databricks SQL warehouse keeps tables. There is no transaction over several tables, so each step's statements
 * stand in an order in which a repeat after any of them gives the same tables: rows are computed into a temporary view,
 * checked, and only then merged.
 */
export const databricksDialect: Dialect = {
  name: "databricks",

  createTable: (table) => [
    `create table if not exists ${table.name} (\n${[
      ...table.columns.map(({ name, type, comment }) => `  ${name} ${type} comment ${quoted(comment)}`),
      ...batchColumns(table).map((name) => `  ${name} BIGINT`),
    ].join(",\n")}\n) using delta comment ${quoted(table.comment)}${
      table.options.clusterBy ? ` cluster by (${table.options.clusterBy.join(", ")})` : ""
    }`,
    ...(table.options.tracks ? [createBefore(table)] : []),
  ],

  addColumn: (table, { name, type }) => `alter table ${table} add column ${name} ${type}`,

  texts: (items) => `cast(array(${items.join(", ")}) as array<string>)`,

  stage: (name, select) => [operation(`create or replace temporary view ${name} as\n${select}`)],

  append: ({ table, rows }) => {
    const columns = givenColumns(table);
    return [
      operation(`create or replace temporary view incoming as\nselect ${names(columns)} from (\n${rows}\n)`),
      operation(contractCheck(table, "select * from incoming", { keyIsUnique: false, unpivot }), {
        kind: "check",
      }),
      operation(`delete from ${table.name} where _batch = ${batchOf(table)} or ${marker("full")}`),
      operation(`insert into ${table.name}\nselect ${selectFilled(table, "incoming")} from incoming`, {
        counts: "out",
      }),
    ];
  },

  merge: (write) => {
    const { table } = write;
    const order = (table.options.newest ?? []) as readonly string[];
    const columns = names(givenColumns(table));
    const incoming = order.length
      ? `select ${columns} from (
  select *, row_number() over (partition by ${keyOf(table).join(", ")} order by ${order.map((c) => `${c} desc`).join(", ")}) as _rank
  from (
${write.rows}
  )
) where _rank = 1`
      : `select ${columns} from (\n${write.rows}\n)`;
    return apply(write, {
      incoming,
      isNewer: order.length ? `(${marker("full")} or ${lexicallyGreaterOrEqual(order)})` : undefined,
      scope: marker("full"),
      keyIsUnique: order.length > 0,
    });
  },

  history: (write) => {
    const { table, of } = write;
    const versions = versionColumns(table, of);
    const struct = `named_struct(${versions.map((name) => `'${name}', ${name}`).join(", ")})`;
    const given = givenColumns(table, historyColumns);
    const incoming = `with given as (
  select *, row_number() over (partition by ${of}, effective_start_date order by source_file desc, source_row desc) as _rank
  from (
    select ${names(given)}, ${originColumns.join(", ")} from (
${write.rows}
    )
  )
), marked as (
  select *, not (lag(${struct}) over (partition by ${of} order by effective_start_date) <=> ${struct}) as is_version
  from given where _rank = 1
), bounded as (
  select *, lead(effective_start_date) over (partition by ${of} order by effective_start_date) as effective_end_date
  from marked where is_version
)
select ${table.columns
      .map(({ name }) =>
        name === "surrogate_key"
          ? `md5(concat_ws('|', ${of}, cast(unix_micros(effective_start_date) as string))) as surrogate_key`
          : name === "is_current"
            ? "effective_end_date is null as is_current"
            : name,
      )
      .join(", ")} from bounded`;
    return apply(write, {
      incoming,
      isNewer: undefined,
      scope: `(${marker("full")} or t.${of} in (select ${of} from incoming))`,
      keyIsUnique: true,
    });
  },

  refresh: (write) => {
    const { scope, table } = write;
    return apply(write, {
      incoming: `select ${names(givenColumns(table))} from (\n${write.rows}\n)`,
      isNewer: undefined,
      scope: scope
        ? `(${marker("full")} or (${list(scope.columns, "t.")}) in (select ${scope.columns.join(", ")} from (${scope.select})))`
        : "true",
      keyIsUnique: false,
    });
  },

  reject: ({ table, rows, raw }) => {
    const columns = arrivedColumns(raw);
    const json = `to_json(named_struct(${columns.map((name) => `'${name}', b.${name}`).join(", ")}), map('ignoreNullFields', 'false'))`;
    const batch = batchOf(table);
    return [
      // Deletes nothing unless a killed run is repeated; INSERT … REPLACE WHERE takes no variables.
      operation(
        `delete from silver.rejected_rows where table_name = '${table.name}' and (_batch = ${batch} or ${marker("full")})`,
      ),
      operation(
        `insert into silver.rejected_rows
select '${table.name}' as table_name, r.reasons, ${json} as raw_row, r.source_file, r.source_row,
  ${marker("now")} as rejected_at, ${marker("run_id")} as run_id, ${batch} as _batch
from (
${rows}
) as r join ${raw.name} as b on b.source_file = r.source_file and b.source_row = r.source_row`,
        { counts: "rejected" },
      ),
    ];
  },

  check: ({ measure, name, severity, max }) => [
    operation(
      `select ${name} as check_name, ${severity} as severity, failed_rows, total_rows, cast(figure as double) as figure, ` +
        `cast(${max} as double) as threshold from (\n${measure}\n)`,
      { kind: "check" },
    ),
  ],

  show: (select, limit) => [operation(`select * from (\n${select}\n) limit ${limit}`, { kind: "show" })],

  maintain: (table) => [
    operation(
      table.options.clusterBy
        ? `optimize ${table.name}`
        : `optimize ${table.name} zorder by (${keyOf(table).slice(0, 2).join(", ")})`,
    ),
    operation(`vacuum ${table.name} retain 168 hours`),
  ],
};

const quoted = (value: string) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

const list = (columns: readonly string[], prefix = "") => columns.map((name) => prefix + name).join(", ");

const batchOf = (table: Table) => marker(`batch_${flat(table.name)}`);

const createBefore = (table: Table) => {
  const columns = loggedColumns(table);
  return `create table if not exists ${beforeTable(table)} (${columns
    .map(({ name, type }) => `${name} ${type}`)
    .join(", ")}, _batch BIGINT) using delta`;
};

/** One pass over the rows: Spark would compute a common table expression again for each branch of a union. */
const unpivot = (results: readonly { name: string; severity: string; figure: string }[]) => {
  const rows = results.map(
    ({ name, severity, figure }, position) =>
      `named_struct('position', ${position}, 'check_name', '${name}', 'severity', '${severity}', 'failed_rows', ${figure})`,
  );
  return `select total_rows, inline(array(\n    ${rows.join(",\n    ")})) from measured`;
};

/** A value for every column of the table in its order, those that the verb fills in filled in. */
const valuesFilled = (table: Table, from: string) => [
  ...table.columns.map(({ name }) => (isStamp(table, name) ? marker("now") : `${from}.${name}`)),
  ...batchColumns(table).map(() => batchOf(table)),
];

const selectFilled = (table: Table, from: string) => valuesFilled(table, from).join(", ");

/** Whether the incoming row i is at least as new as the kept row t: a comparison of tuples, which Spark lacks. */
const lexicallyGreaterOrEqual = (order: readonly string[]): string =>
  order.reduceRight(
    (rest, name) =>
      rest ? `(i.${name} > t.${name} or (i.${name} = t.${name} and ${rest}))` : `i.${name} >= t.${name}`,
    "",
  );

/**
 * The same outcome as on DuckDB in one MERGE, after the log of what tracked columns were. A run that was killed between
 * the two and is repeated logs nothing twice.
 */
function apply(
  { table }: Write,
  plan: { incoming: string; isNewer: string | undefined; scope: string; keyIsUnique: boolean },
): Operation[] {
  const key = keyOf(table);
  const columns = table.columns.filter(({ name }) => !isStamp(table, name));
  const compared = columns.map(({ name }) => name).filter((name) => !key.includes(name));
  const tracks = (table.options.tracks ?? []) as readonly string[];
  const differs = (names: readonly string[]) =>
    names.length ? names.map((name) => `not (i.${name} <=> t.${name})`).join(" or ") : "false";
  const on = key.map((name) => `i.${name} = t.${name}`).join(" and ");
  const before = [...new Set([...key, ...tracks])];
  const newer = plan.isNewer ? `${plan.isNewer} and ` : "";
  const stamps = table.columns
    .filter(({ name }) => isStamp(table, name))
    .map(({ name }) => `${name} = ${marker("now")}`);
  const sets = [
    ...compared.map((name) => `t.${name} = i.${name}`),
    ...stamps.map((s) => `t.${s}`),
    `t._batch = ${batchOf(table)}`,
  ];
  const all = [...table.columns.map(({ name }) => name), ...batchColumns(table)];
  return [
    operation(`create or replace temporary view incoming as\n${plan.incoming}`),
    operation(contractCheck(table, "select * from incoming", { keyIsUnique: plan.keyIsUnique, unpivot }), {
      kind: "check",
    }),
    ...(tracks.length
      ? [
          operation(
            `insert into ${beforeTable(table)}
select ${list(before, "t.")}, ${batchOf(table)} as _batch
from ${table.name} as t left join incoming as i on ${on}
left anti join ${beforeTable(table)} as b on b._batch = ${batchOf(table)} and ${key.map((name) => `b.${name} = t.${name}`).join(" and ")}
where (i.${key[0]} is not null and ${newer}(${differs(tracks)})) or (i.${key[0]} is null and ${plan.scope})`,
          ),
        ]
      : []),
    // Rows that vanish come with the others, since a MERGE allows no subquery in a condition.
    operation(
      `merge into ${table.name} as t using (
  select ${names(columns)}, false as is_gone from incoming
  union all
  select ${names(columns, "t.")}, true as is_gone from ${table.name} as t left anti join incoming as i on ${on}
  where ${plan.scope}
) as i on ${on}
when matched and i.is_gone then delete
when matched and ${newer}(${differs(compared)}) then update set
  ${sets.join(",\n  ")}
when not matched then insert (${all.join(", ")}) values (${valuesFilled(table, "i").join(", ")})`,
      { counts: "out" },
    ),
  ];
}
