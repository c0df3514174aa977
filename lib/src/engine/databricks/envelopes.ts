import type { LoadFiles } from "../../plan.js";

/** What an envelope says, and the columns of bronze that hold it. */
const envelope: Readonly<Record<string, string>> = {
  kafka_topic: "e.topic",
  kafka_partition: "try_cast(e.partition as int)",
  kafka_offset: "try_cast(e.offset as bigint)",
  kafka_timestamp: "try_cast(e.timestamp as timestamp)",
  kafka_key: "e.key",
  value: "e.value",
};

const parts = ["topic", "partition", "offset", "timestamp", "key", "value", "value_base64"];

/** The fields of a JSON object as texts, for from_json. */
const texts = (names: readonly string[]) => `'${names.map((name) => `${name} string`).join(", ")}'`;

/**
 * The messages of files of envelopes, a line each, as common table expressions that end in `records`. Means the same as
 * the embedded engine's reader (lib/src/engine/duckdb/envelopes.ts): a line that is no envelope, and one whose message is
 * no UTF-8, is kept whole in `_rescued_data`; fields are null where the message is no JSON object.
 */
export function envelopeRecords({ columns }: LoadFiles): string {
  const fields = columns.filter((name) => !(name in envelope));
  const columnOf = (name: string) =>
    envelope[name] ? `if(fits, ${envelope[name]}, null)` : `message.${name}`;
  return `lined as (
  select source_file, filter(
    transform(split(if(startswith(text, '\\uFEFF'), substring(text, 2), text), '\\n'),
      line -> if(endswith(line, '\\r'), left(line, length(line) - 1), line)),
    line -> line <> '') as lines
  from files
),
split as (
  select source_file, position, line, from_json(line, ${texts(parts)}) as e
  from lined lateral view posexplode(lines) as position, line
),
judged as (
  select *, coalesce(e.topic is not null and ${envelope["kafka_partition"]} >= 0 and ${envelope["kafka_offset"]} >= 0, false) as fits
  from split
),
messages as (
  select *, if(fits and json_object_keys(e.value) is not null, from_json(e.value, ${texts(fields)}), null) as message
  from judged
),
records as (
  select ${columns.map((name) => `${columnOf(name)} as ${name}`).join(",\n    ")},
    if(not fits or e.value_base64 is not null, line, null) as _rescued_data,
    source_file, cast(position + 1 as bigint) as source_row
  from messages
)`;
}
