import type { Table } from "../contracts/table.js";
import type { ResultRow } from "../plan/plan.js";
import { sql, sqlOf, type Statement } from "../sql/statement.js";
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

/**
 * The key of a row of bronze as an extraction writes it, `{"<name>":"<its text>"}`. Change data capture may write a number without quotes,
 * a schema around it, or no key at all, of a table that has none.
 */
export async function keyIn(into: Table, name: string): Promise<Statement> {
  const begin = `{"${name}":"`;
  const isUsual = `left(coalesce(kafka_key, ''), ${begin.length}) = '${begin}'`;
  const [others] = await rows(
    sql`select count(*) as n from ${into} where op is not null and not ${sqlOf([isUsual])}`,
  );
  // In their order on disk, keys are found without reading all of them.
  if (Number(others!["n"]) === 0) return sql`kafka_key`;
  const field = (of: string, path: string) => `get_json_object(${of}, '$.${path}')`;
  const found = [
    field("kafka_key", name),
    field("kafka_key", `payload.${name}`),
    field("coalesce(after, before)", name),
  ];
  return sqlOf([
    `case when ${isUsual} then kafka_key else concat('${begin}', coalesce(${found.join(", ")}), '"}') end`,
  ]);
}

/** The states of the rows whose key is after `from` and not after `to`. */
export async function statesBetween(
  into: Table,
  key: Statement,
  from: string | undefined,
  to: string | undefined,
): Promise<Map<string, State>> {
  const range =
    from === undefined
      ? to === undefined
        ? sql`${key} is not null`
        : sql`${key} <= ${to}`
      : to === undefined
        ? sql`${key} > ${from}`
        : sql`${key} > ${from} and ${key} <= ${to}`;
  return statesOf(into, key, range);
}

/** The states of the rows whose keys are from `first` to `last`. */
export const statesWithin = (into: Table, first: string, last: string): Promise<Map<string, State>> =>
  statesOf(into, sql`kafka_key`, sql`kafka_key >= ${first} and kafka_key <= ${last}`);

/** The states of the rows that were updated at an instant or after it. */
export const versionsSince = (
  into: Table,
  updated: Statement,
  from: string | number,
  key = sql`kafka_key`,
): Promise<Map<string, State>> =>
  statesOf(
    into,
    key,
    // All changes of these rows: of one that was deleted the deletion has no such time.
    sql`${key} in (select ${key} from ${into} where kafka_topic = ${extractedTopic} and ${updated} >= ${from})`,
  );

async function statesOf(into: Table, key: Statement, chosen: Statement): Promise<Map<string, State>> {
  const found = await rows(sql`
    select ${key} as row_key, max_by(op, ${whenLoaded}) as op,
      max_by(coalesce(get_json_object(source, '$.version'), ''), ${whenLoaded}) as version
    from ${into} where op is not null and ${chosen} group by ${key}`);
  return new Map(found.map((row) => [String(row["row_key"]), stateOf(row)]));
}

const stateOf = (row: ResultRow): State => ({
  op: String(row["op"]),
  version: String(row["version"]),
});
