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
import { contractCheck, type ContractParts } from "../contract-check.js";
import { draft, type CommonTableExpression, type Draft } from "../operation.js";
import { changesGiven, hasEnds, newsOf, remember, versionsOf, type ChangeWords } from "../ordered-changes.js";
import { checkParts, firstThree } from "./check.js";
import { incomingTable, newsTable } from "./tables.js";

export const append: VerbParts["append"] = ({ table, rows }, { sqlOf }) => {
  const columns = givenColumns(table);
  const incoming = incomingTable(table.name);
  return [
    draft(`select ${names(columns)} from (\n${sqlOf(rows)}\n)`, {
      head: `create or replace table ${incoming} using delta as\n`,
      role: "prepare",
      reads: [rows],
    }),
    checkOf(table, `select * from ${incoming}`, { keyIsUnique: false }),
    draft(`delete from ${table.name} where _batch = ${batchMarker(table.name)} or ${marker("full")}`, {
      role: "write",
    }),
    draft(`insert into ${table.name}\nselect ${selectFilled(table, "i")} from ${incoming} as i`, {
      role: "write",
      counts: "out",
    }),
  ];
};

export const merge: VerbParts["merge"] = (request, { sqlOf }) => {
  const { table, rows, order } = request;
  if (order) return mergeInOrder({ ...request, order }, sqlOf(rows));
  const best = preference(table);
  const columns = names(givenColumns(table));
  const incoming = best
    ? `select ${columns} from (
  select *, row_number() over (partition by ${keyOf(table).join(", ")} order by ${best.order}) as _rank
  from (
${sqlOf(rows)}
  )
) where _rank = 1`
    : `select ${columns} from (\n${sqlOf(rows)}\n)`;
  return mergeChanges(table, {
    incoming,
    reads: [rows],
    isNewer: best ? `(${marker("full")} or ${isAtLeastAsGood(best)})` : undefined,
    scope: marker("full"),
    keyIsUnique: best !== undefined,
  });
};

/**
 * The changes to be done, of which some delete their rows, are a table of their own: what was done is remembered last, when the
 * table already holds it, so a task that was killed before that does the same again and finds nothing to change.
 */
const mergeInOrder = (
  request: Parameters<VerbParts["merge"]>[0] & { readonly order: readonly string[] },
  select: string,
): Draft[] => {
  const { table, rows } = request;
  const key = keyOf(table);
  const news = newsTable(table.name);
  return [
    draft(newsOf(request, select, changeWords), {
      head: `create or replace table ${news} using delta as\n`,
      role: "prepare",
      reads: [rows],
    }),
    ...mergeChanges(table, {
      incoming: `select ${names(givenColumns(table))} from ${news} where not _deleted`,
      reads: [],
      isNewer: undefined,
      scope: `(${marker("full")} or (${names(key, "t.")}) in (select ${names(key)} from ${news} where _deleted))`,
      keyIsUnique: true,
    }),
    remember(table, news),
  ];
};

export const history: VerbParts["history"] = (request, { sqlOf }) => {
  const { table, rows, by } = request;
  if (hasEnds(request)) return historyWithEnds(request, sqlOf(rows));
  const versions = versionColumns(table, by);
  const struct = `named_struct(${versions.map((name) => `'${name}', ${name}`).join(", ")})`;
  const given = givenColumns(table, historyColumns);
  const incoming = `with ranked as (
  select *, row_number() over (
    partition by ${by}, effective_start_date order by ${names(originColumns.map((name) => `${name} desc`))}) as _rank
  from (
    select ${names(given)}, ${originColumns.join(", ")} from (
${sqlOf(rows)}
    )
  )
), marked as (
  select *, not (lag(${struct}) over (partition by ${by} order by effective_start_date) <=> ${struct}) as is_version
  from ranked where _rank = 1
), bounded as (
  select *, lead(effective_start_date) over (partition by ${by} order by effective_start_date) as effective_end_date
  from marked where is_version
)
select ${table.columns
    .map(({ name }) =>
      name === "surrogate_key"
        ? `md5(concat_ws('|', ${by}, cast(unix_micros(effective_start_date) as string))) as surrogate_key`
        : name === "is_current"
          ? "effective_end_date is null as is_current"
          : name,
    )
    .join(", ")} from bounded`;
  return mergeChanges(table, {
    incoming,
    reads: [rows],
    isNewer: undefined,
    scope: `(${marker("full")} or t.${by} in (select ${by} from given))`,
    keyIsUnique: true,
  });
};

/** What only has deletions among its changes has no version, and loses those that it had. */
const historyWithEnds = (request: Parameters<VerbParts["history"]>[0], select: string): Draft[] => {
  const { table, rows, by } = request;
  return mergeChanges(table, {
    before: [{ name: "_news", select: changesGiven(request, select, changeWords) }],
    incoming: versionsOf(request, "_news", changeWords),
    reads: [rows],
    isNewer: undefined,
    scope: `(${marker("full")} or t.${by} in (select ${by} from _news))`,
    keyIsUnique: true,
  });
};

const changeWords: ChangeWords = {
  fail: "raise_error",
  struct: (columns) => `named_struct(${columns.map((name) => `'${name}', ${name}`).join(", ")})`,
  versionKey: (of) => `md5(concat_ws('|', ${of}, cast(unix_micros(effective_start_date) as string)))`,
};

export const refresh: VerbParts["refresh"] = ({ table, rows, scope }, { sqlOf }) =>
  mergeChanges(table, {
    incoming: `select ${names(givenColumns(table))} from (\n${sqlOf(rows)}\n)`,
    reads: [rows, ...(scope ? [scope.select] : [])],
    isNewer: undefined,
    scope: scope
      ? `(${marker("full")} or (${names(scope.columns, "t.")}) in (select ${scope.columns.join(", ")} from (${sqlOf(scope.select)})))`
      : "true",
    keyIsUnique: false,
  });

/**
 * One pass over the rows counts: Spark would compute a common table expression again for each branch of a union. A second one names
 * rows, and only those that break a rule go further; of each rule Spark keeps the first three while it puts them in order.
 */
const contractParts: ContractParts = {
  ...checkParts,
  text: ({ name }) => `cast(${name} as string)`,
  measured(rules, from) {
    const broken = rules.flatMap((rule, position) =>
      rule.broken
        ? [
            `case when ${rule.broken.holds} then named_struct('position', ${position}, 'row', ${rule.broken.row}) end`,
          ]
        : [],
    );
    const named = [
      ...(broken.length > 0
        ? [`select inline(array_compact(array(\n    ${broken.join(",\n    ")})))\n  from ${from}`]
        : []),
      ...rules.flatMap(({ rows }, position) =>
        rows ? [`select ${position} as position, row from (${rows})`] : [],
      ),
    ];
    const results = rules.map(
      ({ name, severity }, position) =>
        `named_struct('position', ${position}, 'check_name', '${name}', 'severity', '${severity}', 'failed_rows', f${position})`,
    );
    return {
      expressions: [
        `measured as (
  select count(*) as total_rows,
    ${rules.map(({ failed }, position) => `${failed} as f${position}`).join(",\n    ")}
  from ${from}
)`,
        `named as (\n  ${named.join("\n  union all\n  ") || "select 0 as position, '' as row where false"}\n)`,
        `samples as (
  select position, ${firstThree("row", "place")} as sample
  from (select position, row, row_number() over (partition by position order by row) as place from named) where place <= 3
  group by position
)`,
      ],
      select: `select results.*, samples.sample
  from (select total_rows, inline(array(\n    ${results.join(",\n    ")})) from measured) as results
  left join samples on samples.position = results.position`,
    };
  },
};

/** A value for every column of the table in its order, also for those that the verb fills in. */
const valuesFilled = (table: Table, from: string) => [
  ...table.columns.map(({ name }) => (isAuditColumn(table, name) ? marker("now") : `${from}.${name}`)),
  ...batchColumns(table).map(() => batchMarker(table.name)),
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

/** The contract's checks over rows that are about to be written. */
function checkOf(table: Table, rows: string, options: { keyIsUnique: boolean }): Draft {
  const { sql, severity } = contractCheck(table, rows, { ...options, parts: contractParts });
  return draft(sql, { role: "check", severity });
}

/**
 * The same outcome as on DuckDB. The changes are computed first: new and different rows, and those that are gone.
 * Their checks come next, then the log of what tracked columns were, then one MERGE. A run that was killed between the two
 * and is repeated logs nothing twice.
 */
function mergeChanges(
  table: Table,
  plan: {
    /** Common table expressions that the incoming rows and the scope read. */
    before?: readonly CommonTableExpression[];
    incoming: string;
    reads: readonly Statement[];
    isNewer: string | undefined;
    scope: string;
    keyIsUnique: boolean;
  },
): Draft[] {
  const key = keyOf(table);
  const incoming = incomingTable(table.name);
  const log = beforeTable(table);
  const columns = table.columns.filter(({ name }) => !isAuditColumn(table, name));
  const compared = columns.map(({ name }) => name).filter((name) => !key.includes(name));
  const tracks = (table.options.tracks ?? []) as readonly string[];
  const differs = (given: readonly string[]) =>
    given.length ? given.map((name) => `not (i.${name} <=> t.${name})`).join(" or ") : "false";
  const on = key.map((name) => `i.${name} = t.${name}`).join(" and ");
  const before = [...new Set([...key, ...tracks])];
  const changed = plan.isNewer ? `${plan.isNewer}\n    and (${differs(compared)})` : `(${differs(compared)})`;
  const auditColumns = table.columns
    .filter(({ name }) => isAuditColumn(table, name))
    .map(({ name }) => `${name} = ${marker("now")}`);
  const sets = [
    ...compared.map((name) => `t.${name} = i.${name}`),
    ...auditColumns.map((s) => `t.${s}`),
    `t._batch = ${batchMarker(table.name)}`,
  ];
  const all = [...table.columns.map(({ name }) => name), ...batchColumns(table)];
  return [
    draft(
      `select ${names(columns, "i.")}, false as is_gone
from given as i left join ${table.name} as t on ${on}
where t.${key[0]} is null or ${changed}
union all
select ${names(columns, "t.")}, true as is_gone
from ${table.name} as t left anti join given as i on ${on}
where ${plan.scope}`,
      {
        head: `create or replace table ${incoming} using delta as\n`,
        expressions: [...(plan.before ?? []), { name: "given", select: plan.incoming }],
        role: "prepare",
        reads: plan.reads,
      },
    ),
    checkOf(table, `select * from ${incoming} where not is_gone`, { keyIsUnique: plan.keyIsUnique }),
    ...(tracks.length
      ? [
          draft(
            `merge into ${log} as b using (
  select ${names(before, "t.")} from ${table.name} as t join ${incoming} as i on ${on}
  where i.is_gone or ${differs(tracks)}
) as i on b._batch = ${batchMarker(table.name)} and ${key.map((name) => `b.${name} = i.${name}`).join(" and ")}
when not matched then insert (${names(before)}, _batch) values (${names(before, "i.")}, ${batchMarker(table.name)})`,
            // A MERGE counts only the rows that it wrote: this publishes a batch that only deletes rows.
            { role: "write", counts: "deleted" },
          ),
        ]
      : []),
    draft(
      `merge into ${table.name} as t using ${incoming} as i on ${on}
when matched and i.is_gone then delete
when matched then update set
  ${sets.join(",\n  ")}
when not matched then insert (${all.join(", ")})
  values (${valuesFilled(table, "i").join(", ")})`,
      { role: "write", counts: "out" },
    ),
  ];
}
