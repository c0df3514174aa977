import type { Table } from "../contracts/table.js";
import { extractedTopic, newestOf, whenLoaded } from "../extract/held.js";
import { sql } from "../sql/statement.js";
import { rows } from "../verbs/read.js";

/** When a document was updated, as bronze holds it: milliseconds since 1970. */
export const updatedThere = sql`try_cast(get_json_object(after, '$.updatedAt.$date.$numberLong') as bigint)`;

/** What bronze holds of a collection. */
export interface Held {
  /** How many changes were landed so far. */
  readonly next: bigint;
  /** The newest updatedAt that is not in the future, in milliseconds since 1970. */
  readonly newest: number | undefined;
  /** Where the newest of its changes stands. */
  readonly position: bigint;
  /** Where the stream of changes goes on, as JSON of what it is asked with; undefined where it was never read. */
  readonly checkpoint: string | undefined;
  /** When the last of them was made or read, in milliseconds since 1970. */
  readonly at: number;
}

export async function heldOf(into: Table, now: number): Promise<Held> {
  const { next, newest } = await newestOf(
    into,
    sql`case when ${updatedThere} <= ${now} then ${updatedThere} end`,
  );
  const [found] = await rows(sql`
    select coalesce(max(try_cast(get_json_object(source, '$.position') as bigint)), 0) as position,
      coalesce(max(try_cast(get_json_object(source, '$.ts_ms') as bigint)), 0) as at
    from ${into} where kafka_topic = ${extractedTopic}`);
  const [last] = await rows(sql`
    select get_json_object(source, '$.checkpoint') as checkpoint
    from ${into}
    where kafka_topic = ${extractedTopic} and get_json_object(source, '$.checkpoint') is not null
    order by kafka_offset desc limit 1`);
  return {
    next,
    newest: newest === undefined ? undefined : Number(newest),
    position: BigInt(String(found!["position"])),
    at: Number(found!["at"]),
    checkpoint: last === undefined ? undefined : String(last["checkpoint"]),
  };
}

/** The keys of documents that bronze holds, after `last`, in the order of their texts. */
export async function keysAfter(into: Table, last: string, count: number): Promise<readonly string[]> {
  const found = await rows(sql`
    select kafka_key from (
      select kafka_key, max_by(op, ${whenLoaded}) as op
      from ${into} where op in ('c', 'r', 'u', 'd') and kafka_key > ${last} group by kafka_key
    ) as newest
    where op <> 'd' order by kafka_key limit ${count}`);
  return found.map((row) => String(row["kafka_key"]));
}
