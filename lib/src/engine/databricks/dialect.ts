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
import { createLanded } from "./copy-into.js";
import { clustering, comments, tags } from "./governance.js";
import { quoted } from "./literals.js";

/**
 * How a Databricks SQL warehouse keeps tables. There is no transaction over several tables, so each step's statements
 * stand in an order in which a repeat after any of them gives the same tables: what would change is computed into a table
 * of its own, checked, and only then merged. So the rows that are written are the very rows that were checked.
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
    ...(table.layer === "bronze" ? [createLanded(table.name)] : []),
  ],

  addColumn: (table, { name, type }) => `alter table ${table} add column ${name} ${type}`,

  texts: (items) => `cast(array(${items.join(", ")}) as array<string>)`,

  stage: (name, select) => [operation(`create or replace temporary view ${name} as\n${select}`)],

  append: ({ table, rows }) => {
    const columns = givenColumns(table);
    const incoming = incomingTable(table);
    return [
      operation(
        `create or replace table ${incoming} using delta as\nselect ${names(columns)} from (\n${rows}\n)`,
      ),
      operation(contractCheck(table, `select * from ${incoming}`, { keyIsUnique: false, unpivot }), {
        kind: "check",
      }),
      operation(`delete from ${table.name} where _batch = ${batchOf(table)} or ${marker("full")}`),
      operation(`insert into ${table.name}\nselect ${selectFilled(table, "i")} from ${incoming} as i`, {
        counts: "out",
      }),
    ];
  },

  merge: (write) => {
    const { table } = write;
    const best = preference(table);
    const columns = names(givenColumns(table));
    const incoming = best
      ? `select ${columns} from (
  select *, row_number() over (partition by ${keyOf(table).join(", ")} order by ${best.order}) as _rank
  from (
${write.rows}
  )
) where _rank = 1`
      : `select ${columns} from (\n${write.rows}\n)`;
    return apply(write, {
      incoming,
      isNewer: best ? `(${marker("full")} or ${isAtLeastAsGood(best)})` : undefined,
      scope: marker("full"),
      keyIsUnique: best !== undefined,
    });
  },

  history: (write) => {
    const { table, of } = write;
    const versions = versionColumns(table, of);
    const struct = `named_struct(${versions.map((name) => `'${name}', ${name}`).join(", ")})`;
    const given = givenColumns(table, historyColumns);
    const incoming = `with ranked as (
  select *, row_number() over (partition by ${of}, effective_start_date order by source_file desc, source_row desc) as _rank
  from (
    select ${names(given)}, ${originColumns.join(", ")} from (
${write.rows}
    )
  )
), marked as (
  select *, not (lag(${struct}) over (partition by ${of} order by effective_start_date) <=> ${struct}) as is_version
  from ranked where _rank = 1
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
      scope: `(${marker("full")} or t.${of} in (select ${of} from given))`,
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

  // A row refused before, by a cell in Jupyter, by a run or by the run that this one repeats, is in the quarantine once.
  reject: ({ table, rows, raw }) => {
    const fields = arrivedColumns(raw).map((column) => `'${column.name}', ${inJson(column, "b")}`);
    const json = `to_json(named_struct(${fields.join(", ")}), map('ignoreNullFields', 'false'))`;
    const stamps = `${marker("now")}, ${marker("run_id")}, ${batchOf(table)}`;
    return [
      operation(
        `merge into silver.rejected_rows as t using (
  select coalesce(r.source_file, kept.source_file) as source_file, coalesce(r.source_row, kept.source_row) as source_row,
    r.reasons, r.raw_row, r.source_file is null as is_gone
  from (
    select r.reasons, ${json} as raw_row, r.source_file, r.source_row
    from (
${rows}
    ) as r join ${raw.name} as b on b.source_file = r.source_file and b.source_row = r.source_row
  ) as r
  full join (
    select source_file, source_row from silver.rejected_rows where table_name = '${table.name}' and ${marker("full")}
  ) as kept on kept.source_file = r.source_file and kept.source_row = r.source_row
) as i on t.table_name = '${table.name}' and i.source_file = t.source_file and i.source_row = t.source_row
when matched and i.is_gone then delete
when matched then update set t.reasons = i.reasons, t.raw_row = i.raw_row,
  t.rejected_at = ${marker("now")}, t.run_id = ${marker("run_id")}, t._batch = ${batchOf(table)}
when not matched then insert (table_name, reasons, raw_row, source_file, source_row, rejected_at, run_id, _batch)
  values ('${table.name}', i.reasons, i.raw_row, i.source_file, i.source_row, ${stamps})`,
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

  show: (select, limit, offset) => [
    operation(`select * from (\n${select}\n) limit ${limit}${offset ? ` offset ${offset}` : ""}`, {
      kind: "show",
    }),
  ],

  maintain: (table) => [
    ...comments(table).map((sql) => operation(sql)),
    ...tags(table).map((sql) => operation(sql)),
    ...clustering(table).map((sql) => operation(sql)),
    operation(
      table.layer === "gold" && !table.options.clusterBy
        ? `optimize ${table.name} zorder by (${keyOf(table).slice(0, 2).join(", ")})`
        : `optimize ${table.name}`,
    ),
    operation(`vacuum ${table.name} retain 168 hours`),
  ],
};

/** What a verb is about to write to a table: new and different rows, and those that are gone. */
export const incomingTable = (table: Table) => `ops.incoming_${flat(table.name)}`;

/**
 * A table's contract columns as they will be once what is incoming has been written: what a check sees that stands behind
 * the verb, while nothing has been written yet.
 */
export function afterImage(table: Table, kind: "append" | "merge" | "history" | "refresh"): string {
  const incoming = incomingTable(table);
  const given = table.columns
    .map(({ name }) => (isStamp(table, name) ? `${marker("now")} as ${name}` : `i.${name}`))
    .join(", ");
  const kept =
    kind === "append"
      ? `where not (t._batch = ${batchOf(table)} or ${marker("full")})`
      : `left anti join ${incoming} as i on ${keyOf(table)
          .map((name) => `i.${name} = t.${name}`)
          .join(" and ")}`;
  return `select ${names(table.columns, "t.")} from ${table.name} as t ${kept}
union all
select ${given} from ${incoming} as i${kind === "append" ? "" : " where not i.is_gone"}`;
}

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

/** Whether the incoming row i is at least as good as the kept row t: a comparison of tuples, which Spark lacks. */
const isAtLeastAsGood = ({
  columns,
  isBetter,
}: {
  columns: readonly string[];
  isBetter: "<=" | ">=";
}): string =>
  columns.reduceRight(
    (rest, name) =>
      rest
        ? `(i.${name} ${isBetter[0]} t.${name} or (i.${name} = t.${name} and ${rest}))`
        : `i.${name} ${isBetter} t.${name}`,
    "",
  );

/**
 * The same outcome as on DuckDB. First comes what would change, new and different rows and those that are gone; their checks come first, then the log of what tracked columns were, then one MERGE. A run that was killed between
 * the two and is repeated logs nothing twice.
 */
function apply(
  { table }: Write,
  plan: { incoming: string; isNewer: string | undefined; scope: string; keyIsUnique: boolean },
): Operation[] {
  const key = keyOf(table);
  const incoming = incomingTable(table);
  const columns = table.columns.filter(({ name }) => !isStamp(table, name));
  const compared = columns.map(({ name }) => name).filter((name) => !key.includes(name));
  const tracks = (table.options.tracks ?? []) as readonly string[];
  const differs = (names: readonly string[]) =>
    names.length ? names.map((name) => `not (i.${name} <=> t.${name})`).join(" or ") : "false";
  const on = key.map((name) => `i.${name} = t.${name}`).join(" and ");
  const before = [...new Set([...key, ...tracks])];
  const changed = plan.isNewer ? `${plan.isNewer}\n    and (${differs(compared)})` : `(${differs(compared)})`;
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
    operation(`create or replace table ${incoming} using delta as
with given as (
${plan.incoming}
)
select ${names(columns, "i.")}, false as is_gone
from given as i left join ${table.name} as t on ${on}
where t.${key[0]} is null or ${changed}
union all
select ${names(columns, "t.")}, true as is_gone
from ${table.name} as t left anti join given as i on ${on}
where ${plan.scope}`),
    operation(
      contractCheck(table, `select * from ${incoming} where not is_gone`, {
        keyIsUnique: plan.keyIsUnique,
        unpivot,
      }),
      { kind: "check" },
    ),
    ...(tracks.length
      ? [
          operation(
            `insert into ${beforeTable(table)}
select ${list(before, "t.")}, ${batchOf(table)} as _batch
from ${table.name} as t join ${incoming} as i on ${on}
left anti join ${beforeTable(table)} as b on b._batch = ${batchOf(table)} and ${key.map((name) => `b.${name} = t.${name}`).join(" and ")}
where i.is_gone or ${differs(tracks)}`,
            // Of a MERGE only the rows it wrote are counted: a batch that only takes rows away is published by this.
            { counts: "deleted" },
          ),
        ]
      : []),
    operation(
      `merge into ${table.name} as t using ${incoming} as i on ${on}
when matched and i.is_gone then delete
when matched then update set
  ${sets.join(",\n  ")}
when not matched then insert (${all.join(", ")})
  values (${valuesFilled(table, "i").join(", ")})`,
      { counts: "out" },
    ),
  ];
}
