import type { Table } from "../../contracts/table.js";
import {
  batchColumns,
  givenColumns,
  historyColumns,
  isAuditColumn,
  keyOf,
  names,
  originColumns,
  preference,
  versionColumns,
} from "../../plan/kept-columns.js";
import { batchMarker, marker } from "../../sql/param.js";
import { beforeTable } from "../../sql/render.js";
import type { Statement } from "../../sql/statement.js";
import type { VerbParts } from "../adapter.js";
import { STRING, typeNamed } from "../../sql/types.js";
import { changesGiven, hasEnds, newsOf, remember, versionsOf, type ChangeWords } from "../ordered-changes.js";
import { contractCheck, type ContractParts, type Rule } from "../contract-check.js";
import { castSql } from "./casts.js";
import { checkParts, firstThree } from "./check.js";
import { draft, type Draft } from "../operation.js";

export const append: VerbParts["append"] = ({ table, rows }, { sqlOf }) => [
  draft(`delete from ${table.name} where ${marker("full")}`, { role: "write" }),
  draft(
    `insert into ${table.name} by name select ${filled(table)}, ${names(givenColumns(table))} from (${sqlOf(rows)})`,
    { role: "write", counts: "out", reads: [rows] },
  ),
  checkOf(table, { keyIsUnique: false }),
];

export const merge: VerbParts["merge"] = (request, { sqlOf }) => {
  const { table, rows, order } = request;
  if (order) return mergeInOrder({ ...request, order }, sqlOf(rows));
  const best = preference(table);
  const key = keyOf(table).join(", ");
  const columns = names(givenColumns(table));
  const rank = `row_number() over (partition by ${key} order by ${best?.order})`;
  const select = sqlOf(rows);
  return replaceRows(table, {
    incoming: `select ${columns} from (${select})${best ? ` qualify ${rank} = 1` : ""}`,
    reads: [rows],
    // Ranking all rows of a first load would be its slowest part: they go in as they are, and then only keys that
    // came more than once are ranked.
    ...(best && {
      first: [
        insertAll(table, `select ${columns} from (${select})`, [rows]),
        draft(
          `delete from ${table.name} where rowid in (
  select rowid from ${table.name}
  where (${key}) in (select ${key} from ${table.name} group by ${key} having count(*) > 1)
  qualify ${rank} > 1)`,
          { role: "write", counts: "surplus", when: "empty" },
        ),
      ],
    }),
    isNewer: best
      ? `(${marker("full")} or (${names(best.columns, "i.")}) ${best.isBetter} (${names(best.columns, "t.")}))`
      : "true",
    scope: marker("full"),
    keyIsUnique: best !== undefined,
  });
};

/** `_news`: the changes to be done, of which some delete their rows. */
const mergeInOrder = (
  request: Parameters<VerbParts["merge"]>[0] & { readonly order: readonly string[] },
  select: string,
): Draft[] => {
  const { table, rows } = request;
  const key = keyOf(table);
  return [
    draft(`create or replace temp table _news as\n${newsOf(request, select, changeWords)}`, {
      role: "prepare",
      reads: [rows],
    }),
    ...replaceRows(table, {
      incoming: `select ${names(givenColumns(table))} from _news where not _deleted`,
      reads: [],
      isNewer: "true",
      scope: `(${marker("full")} or (${names(key, "t.")}) in (select ${names(key)} from _news where _deleted))`,
      keyIsUnique: true,
    }),
    remember(table, "_news"),
  ];
};

export const history: VerbParts["history"] = (request, { sqlOf }) => {
  const { table, rows, by } = request;
  if (hasEnds(request)) return historyWithEnds(request, sqlOf(rows));
  const versions = versionColumns(table, by);
  const struct = `struct_pack(${versions.map((name) => `${name} := ${name}`).join(", ")})`;
  const given = givenColumns(table, historyColumns);
  const incoming = `with given as (
  select ${names(given)}, ${originColumns.join(", ")} from (${sqlOf(rows)})
  qualify row_number() over (partition by ${by}, effective_start_date order by ${names(originColumns.map((name) => `${name} desc`))}) = 1
), marked as (
  select *, lag(${struct}) over (partition by ${by} order by effective_start_date) is distinct from ${struct} as is_version
  from given
), bounded as (
  select *, lead(effective_start_date) over (partition by ${by} order by effective_start_date) as effective_end_date
  from marked where is_version
)
select ${table.columns
    .map(({ name }) =>
      name === "surrogate_key"
        ? `md5(${by} || '|' || epoch_us(effective_start_date)) as surrogate_key`
        : name === "is_current"
          ? "effective_end_date is null as is_current"
          : name,
    )
    .join(", ")} from bounded`;
  return replaceRows(table, {
    incoming,
    reads: [rows],
    isNewer: "true",
    scope: `(${marker("full")} or t.${by} in (select ${by} from incoming))`,
    keyIsUnique: true,
  });
};

/** `_news`: all changes of what has a new one. What only has deletions there has no version, and loses those that it had. */
const historyWithEnds = (request: Parameters<VerbParts["history"]>[0], select: string): Draft[] => {
  const { table, rows, by } = request;
  return [
    draft(`create or replace temp table _news as\n${changesGiven(request, select, changeWords)}`, {
      role: "prepare",
      reads: [rows],
    }),
    ...replaceRows(table, {
      incoming: versionsOf(request, "_news", changeWords),
      reads: [],
      isNewer: "true",
      scope: `(${marker("full")} or t.${by} in (select ${by} from _news))`,
      keyIsUnique: true,
    }),
  ];
};

const changeWords: ChangeWords = {
  fail: "error",
  struct: (columns) => `struct_pack(${columns.map((name) => `${name} := ${name}`).join(", ")})`,
  versionKey: (of) => `md5(${of} || '|' || epoch_us(effective_start_date))`,
};

export const refresh: VerbParts["refresh"] = ({ table, rows, scope }, { sqlOf }) => {
  const incoming = `select ${names(givenColumns(table))} from (${sqlOf(rows)})`;
  return replaceRows(table, {
    incoming,
    reads: [rows],
    first: [
      insertAll(table, incoming, [rows]),
      draft(`create or replace temp table gone as select ${names(keyOf(table))} from ${table.name} limit 0`, {
        role: "prepare",
        when: "empty",
      }),
    ],
    isNewer: "true",
    mendsCopies: true,
    scope: scope
      ? `(${marker("full")} or (${names(scope.columns, "t.")}) in (select ${scope.columns.join(", ")} from (${sqlOf(scope.select)})))`
      : "true",
    scopeReads: scope ? [scope.select] : [],
    keyIsUnique: false,
  });
};

/** Values that the verb fills in: when the row was written, and the batch. */
const filled = (table: Table, batches = batchColumns(table)) =>
  [
    ...table.columns
      .filter(({ name }) => isAuditColumn(table, name))
      .map(({ name }) => `${marker("now")} as ${name}`),
    ...batches.map((name) => `${batchMarker(table.name)} as ${name}`),
  ].join(", ");

/** The first rows of an empty table. */
const insertAll = (table: Table, rows: string, reads: readonly Statement[]) =>
  draft(`insert into ${table.name} by name select *, ${filled(table)} from (${rows})`, {
    role: "write",
    counts: "out",
    when: "empty",
    reads,
  });

/** The contract's checks over what this batch wrote; a halting one rolls the step back. */
function checkOf(table: Table, options: { keyIsUnique: boolean }): Draft {
  const rows = `select * from ${table.name} where _batch = ${batchMarker(table.name)}`;
  const { sql, severity, samples } = contractCheck(table, rows, { ...options, parts: contractParts });
  return draft(sql, { role: "check", severity, ...(samples && { samples }) });
}

/** One pass over the rows, whose result is then a row for each rule. */
const contractParts: ContractParts = {
  ...checkParts,
  text: ({ name, type }) =>
    castSql(name, typeNamed(type) ?? STRING, STRING, "try_cast") ?? `cast(${name} as varchar)`,
  namesWhenBroken: true,
  // DuckDB takes a table for empty as long as its rows are not committed, and a join would hash the larger side.
  isKnown: (value, table, column) => `${value} in (select ${column} from ${table})`,
  measured(rules, from, isNamed) {
    const sampleOf = ({ broken, rows }: Rule) =>
      broken
        ? firstThree(`case when ${broken.holds} then ${broken.row} end`)
        : rows
          ? `(select ${firstThree("row")} from (${rows}) as named)`
          : "cast(null as varchar)";
    const figures = rules.flatMap((rule, index) => [
      `${rule.failed} as f${index}`,
      ...(isNamed ? [`${sampleOf(rule)} as s${index}`] : []),
    ]);
    return {
      expressions: [
        `measured as (\n  select count(*) as total_rows,\n    ${figures.join(",\n    ")}\n  from ${from}\n)`,
      ],
      select: rules
        .map(
          ({ name, severity }, position) =>
            `select ${position} as position, '${name}' as check_name, '${severity}' as severity, f${position} as ` +
            `failed_rows, total_rows, ${isNamed ? `s${position}` : "cast(null as varchar)"} as sample from measured`,
        )
        .join("\n  union all "),
    };
  },
};

/**
 * Makes the table hold the incoming rows: new ones are inserted, different ones replaced, and rows of the scope that
 * are no longer there deleted; a row that is the same is not touched, so its batch does not move. An empty table takes
 * the rows as they come.
 */
function replaceRows(
  table: Table,
  plan: {
    incoming: string;
    reads: readonly Statement[];
    isNewer: string;
    scope: string;
    scopeReads?: readonly Statement[];
    keyIsUnique: boolean;
    first?: Draft[];
    /** Whether a key that stands twice, by somebody's hand, becomes one row again. */
    mendsCopies?: boolean;
  },
): Draft[] {
  const key = keyOf(table);
  const columns = table.columns.filter(({ name }) => !isAuditColumn(table, name));
  const compared = columns.map(({ name }) => name).filter((name) => !key.includes(name));
  const tracks = (table.options.tracks ?? []) as readonly string[];
  const differs = (given: readonly string[]) =>
    given.length ? given.map((name) => `i.${name} is distinct from t.${name}`).join(" or ") : "false";
  const on = key.map((name) => `i.${name} = t.${name}`).join(" and ");
  const before = [...new Set([...key, ...tracks])];
  const isDifferent = `t.rowid is null or (${plan.isNewer} and (${differs(compared)}))`;
  const [condition, changed] = plan.mendsCopies
    ? [
        `qualify ${isDifferent} or count(*) over (partition by i.rowid) > 1`,
        "(select incoming_row, min(_first_batch) as _first_batch from changed group by incoming_row)",
      ]
    : [`where ${isDifferent}`, "changed"];
  const filledAlways = filled(table, ["_batch"]);
  return [
    ...(plan.first ?? [insertAll(table, plan.incoming, plan.reads)]),
    draft(`create or replace temp table incoming as ${plan.incoming}`, {
      role: "prepare",
      when: "filled",
      reads: plan.reads,
    }),
    draft(
      `create or replace temp table changed as
select i.rowid as incoming_row, t.rowid as old_row, t._first_batch, (${differs(tracks)}) as moved
from incoming as i left join ${table.name} as t on ${on}
${condition}`,
      { role: "prepare", when: "filled" },
    ),
    draft(
      `create or replace temp table gone as
select t.rowid as old_row, ${names(key, "t.")} from ${table.name} as t
where ${plan.scope} and not exists (select 1 from incoming as i where ${on})`,
      { role: "prepare", when: "filled", reads: plan.scopeReads ?? [] },
    ),
    ...(tracks.length
      ? [
          draft(
            `insert into ${beforeTable(table)} by name
select ${names(before)}, ${batchMarker(table.name)} as _batch from ${table.name}
where rowid in (select old_row from changed where moved and old_row is not null union all select old_row from gone)`,
            { role: "write", when: "filled" },
          ),
        ]
      : []),
    draft(
      `delete from ${table.name} where rowid in
(select old_row from changed where old_row is not null union all select old_row from gone)`,
      { role: "write", counts: "deleted", when: "filled" },
    ),
    draft(
      `insert into ${table.name} by name
select i.*, ${filledAlways}, coalesce(c._first_batch, ${batchMarker(table.name)}) as _first_batch
from incoming as i join ${changed} as c on i.rowid = c.incoming_row`,
      { role: "write", counts: "out", when: "filled" },
    ),
    checkOf(table, { keyIsUnique: plan.keyIsUnique }),
  ];
}
