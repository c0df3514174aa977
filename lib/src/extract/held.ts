import type { Table } from "../contracts/table.js";
import type { ResultRow } from "../plan/plan.js";
import { sql, type Statement } from "../sql/statement.js";
import { rows } from "../verbs/read.js";

/** What bronze calls the topic of rows that were read from the database itself. */
export const extractedTopic = "extracted";

/** Of two rows of bronze the one that was loaded later has the greater number. */
export const whenLoaded = sql`source_load * 1000000000000 + source_row`;

/** What bronze holds of a row: the change that was loaded last. */
export interface State {
  /** `d` for a deletion. */
  readonly op: string;
  /** By which two readings of a row are compared; of a change that was not read but sent it is empty. */
  readonly version: string;
}

/**
 * How many rows were extracted so far, and when the newest among them was updated.
 *
 * @param updated an expression for when a row was updated
 */
export async function newestOf(
  into: Table,
  updated: Statement,
): Promise<{ next: bigint; newest: string | undefined }> {
  const [found] = await rows(sql`
    select coalesce(max(kafka_offset) + 1, 0) as next_offset, max(${updated}) as newest
    from ${into} where kafka_topic = ${extractedTopic}`);
  const newest = found!["newest"];
  return {
    next: BigInt(String(found!["next_offset"])),
    newest: newest === null || newest === undefined ? undefined : String(newest),
  };
}

/** The states of the rows whose key is after `from` and not after `to`. */
export async function statesBetween(
  into: Table,
  from: string | undefined,
  to: string | undefined,
): Promise<Map<string, State>> {
  const range =
    from === undefined
      ? to === undefined
        ? sql`kafka_key is not null`
        : sql`kafka_key <= ${to}`
      : to === undefined
        ? sql`kafka_key > ${from}`
        : sql`kafka_key > ${from} and kafka_key <= ${to}`;
  return statesOf(sql`select * from ${into} where op is not null and ${range}`);
}

/** The states of the rows whose keys are from `first` to `last`. */
export const statesWithin = (into: Table, first: string, last: string): Promise<Map<string, State>> =>
  statesOf(
    sql`select * from ${into} where op is not null and kafka_key >= ${first} and kafka_key <= ${last}`,
  );

/** The states of the rows that were updated at an instant or after it. */
export const versionsSince = (
  into: Table,
  updated: Statement,
  from: string | number,
): Promise<Map<string, State>> =>
  statesOf(
    // All changes of these rows: of one that was deleted the deletion has no such time.
    sql`select * from ${into} where op is not null and kafka_key in (
      select kafka_key from ${into} where kafka_topic = ${extractedTopic} and ${updated} >= ${from})`,
  );

async function statesOf(changed: Statement): Promise<Map<string, State>> {
  const found = await rows(sql`
    select kafka_key, max_by(op, ${whenLoaded}) as op,
      max_by(coalesce(get_json_object(source, '$.version'), ''), ${whenLoaded}) as version
    from ${changed} group by kafka_key`);
  return new Map(found.map((row) => [String(row["kafka_key"]), stateOf(row)]));
}

const stateOf = (row: ResultRow): State => ({
  op: String(row["op"]),
  version: String(row["version"]),
});
