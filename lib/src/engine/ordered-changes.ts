import type { Table } from "../contracts/table.js";
import {
  givenColumns,
  historyColumns,
  keyOf,
  names,
  originColumns,
  versionColumns,
} from "../plan/kept-columns.js";
import { marker } from "../sql/param.js";
import { latestTable } from "../sql/render.js";
import type { HistoryRequest, MergeRequest } from "../verbs/write.js";
import { draft, type Draft } from "./operation.js";

/* Changes that say what they delete, and in which order they were made: SQL that all dialects share but for a few words. */

/** An engine's words. */
export interface ChangeWords {
  /** The function that fails the statement with a text. */
  readonly fail: string;
  /** One value made of columns. */
  struct(columns: readonly string[]): string;
  /** The key of a version. */
  versionKey(of: string): string;
}

/**
 * A select of what `merge` has to do: of each row the newest change, if the table does not know a newer one. It has the table's columns,
 * those of the order, and `_deleted`. A row that was deleted is known by its place in the order, so an older change that comes late does
 * not bring it back. The same change again is done again: what a step adds to it may have changed.
 */
export function newsOf(
  { table, deleted, order }: MergeRequest & { readonly order: readonly string[] },
  rows: string,
  words: ChangeWords,
): string {
  const key = keyOf(table);
  const columns = [...new Set([...givenColumns(table).map(({ name }) => name), ...order])];
  const [first] = order;
  const complete = guarded(first!, [...key, ...order, ...(deleted ? [deleted] : [])], key, words);
  const given = columns.map((name) => (name === first ? `${complete} as ${name}` : name));
  return `select ${names(columns)}, _deleted from (
  select i.*, row_number() over (partition by ${names(key, "i.")} order by ${newestFirst(order, "i.")}) as _rank
  from (
    select ${[...given, `${deleted ?? "false"} as _deleted`].join(", ")} from (
${rows}
    ) as given
  ) as i left join ${latestTable(table)} as l on ${same(key, "i", "l")}
  where ${marker("full")} or l.${key[0]} is null or ${isNotBefore([...order, "_deleted"], "i", "l")}
) as ranked where _rank = 1`;
}

/** Remembers the newest change of each row. With `--full`, which begins anew, nothing else is remembered. */
export function remember(table: Table, news: string): Draft {
  const latest = latestTable(table);
  const key = keyOf(table);
  const kept = [...table.order.map(({ name }) => name), "_deleted"];
  return draft(
    `merge into ${latest} as l using (
  select ${names([...key, ...kept])}, false as is_unknown from ${news}
  union all
  select ${names([...key, ...kept])}, true as is_unknown from ${latest} as k
  where ${marker("full")} and not exists (select 1 from ${news} as n where ${same(key, "n", "k")})
) as n on ${same(key, "n", "l")}
when matched and n.is_unknown then delete
when matched and (${kept.map((name) => `n.${name} is distinct from l.${name}`).join(" or ")}) then update set
  ${kept.map((name) => `${name} = n.${name}`).join(", ")}
when not matched then insert (${names([...key, ...kept])}) values (${names([...key, ...kept], "n.")})`,
    { role: "write" },
  );
}

/** The columns by which `history` tells the later of two changes. */
const historyOrder = ({ order }: Pick<HistoryRequest, "order">): readonly string[] => order ?? originColumns;

/** Whether a history needs the selects below: it has deletes, an order of its own, or says why a version ended. */
export const hasEnds = ({ table, deleted, order }: HistoryRequest): boolean =>
  deleted !== undefined || order !== undefined || table.columns.some(({ name }) => name === "end_reason");

/** A select of all changes that `history` was given, of two at one instant the later. */
export function changesGiven(request: HistoryRequest, rows: string, words: ChangeWords): string {
  const { table, by, deleted, order } = request;
  const start = "effective_start_date";
  const later = historyOrder(request);
  const columns = [...new Set([...givenColumns(table, historyColumns).map(({ name }) => name), ...later])];
  const needed = [by, start, ...(order ?? []), ...(deleted ? [deleted] : [])];
  const given = columns.map((name) =>
    name === start ? `${guarded(start, needed, [by], words)} as ${start}` : name,
  );
  return `select ${names(columns)}, _deleted from (
  select *, row_number() over (partition by ${by}, ${start} order by ${newestFirst(later)}) as _rank
  from (
    select ${[...given, `${deleted ?? "false"} as _deleted`].join(", ")} from (
${rows}
    ) as given
  ) as complete
) as ranked where _rank = 1`;
}

/**
 * A select of the versions that changes make. A deletion ends the version before it and begins none. What is valid at a time is the
 * newest change by the order of those that had begun by then: a change that was overtaken before it began is none.
 *
 * @param changes a relation of what `changesGiven` gives
 */
export function versionsOf(
  { table, by, order }: HistoryRequest,
  changes: string,
  words: ChangeWords,
): string {
  const state = words.struct(versionColumns(table, by));
  const inTime = `partition by ${by} order by effective_start_date`;
  const standing = order
    ? `select * from (
    select *, max(_place) over (${inTime} rows between unbounded preceding and 1 preceding) as _newest
    from (
      select *, row_number() over (partition by ${by} order by ${names([...order, "_deleted", "effective_start_date"])}) as _place
      from ${changes}
    ) as placed
  ) as compared where _newest is null or _place > _newest`
    : `select * from ${changes}`;
  return `with standing as (
  ${standing}
), marked as (
  select *, lag(_state) over (${inTime}) is distinct from _state as _is_change
  from (select *, case when not _deleted then ${state} end as _state from standing) as stated
), bounded as (
  select *, lead(effective_start_date) over (${inTime}) as effective_end_date, lead(_deleted) over (${inTime}) as _ends
  from marked where _is_change
)
select ${table.columns
    .map(({ name }) => {
      if (name === "surrogate_key") return `${words.versionKey(by)} as surrogate_key`;
      if (name === "is_current") return "effective_end_date is null as is_current";
      if (name === "end_reason")
        return "case when _ends then 'deleted' when not _ends then 'changed' end as end_reason";
      return name;
    })
    .join(", ")} from bounded where not _deleted`;
}

const same = (columns: readonly string[], a: string, b: string) =>
  columns.map((name) => `${a}.${name} = ${b}.${name}`).join(" and ");

/** Of two changes at one place in the order, which then say the same, a deletion goes first. */
const newestFirst = (order: readonly string[], prefix = "") =>
  [...order, "_deleted"].map((name) => `${prefix}${name} desc`).join(", ");

/** A comparison of tuples, which Spark lacks. */
const isNotBefore = (order: readonly string[], a: string, b: string): string =>
  order.reduceRight(
    (rest, name) =>
      rest
        ? `(${a}.${name} > ${b}.${name} or (${a}.${name} = ${b}.${name} and ${rest}))`
        : `${a}.${name} >= ${b}.${name}`,
    "",
  );

/** A column's value, where none of those needed is null; a change without one would be lost without a word. */
function guarded(
  column: string,
  needed: readonly string[],
  key: readonly string[],
  { fail }: ChangeWords,
): string {
  const isNull = needed.map((name) => `${name} is null`).join(" or ");
  const list = `${needed.slice(0, -1).join(", ")} or ${needed.at(-1)}`;
  const row = key.map((name) => `'${name} ', coalesce(cast(${name} as string), 'null')`).join(", ', ', ");
  const said = `concat('${list} is null in a change of ', ${row}, ': refuse such rows before, by reject.')`;
  return `case when ${isNull} then ${fail}(${said}) else ${column} end`;
}
