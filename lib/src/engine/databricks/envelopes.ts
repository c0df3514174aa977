import type { LoadFiles } from "../../plan/plan.js";

/** The columns of bronze that hold an envelope's fields. */
const envelope: Readonly<Record<string, string>> = {
  kafka_topic: "e.topic",
  kafka_partition: "try_cast(e.partition as int)",
  kafka_offset: "try_cast(e.offset as bigint)",
  kafka_timestamp: "try_cast(e.timestamp as timestamp)",
  kafka_key: "e.key",
  kafka_schema_id: "try_cast(e.schema_id as int)",
  value: "e.value",
};

const parts = ["topic", "partition", "offset", "timestamp", "key", "value", "schema_id"];

const ownNames = parts.map((name) => `'${name}'`).join(", ");

/** The fields of a JSON object as text, for from_json. */
const texts = (names: readonly string[]) => `'${names.map((name) => `${name} string`).join(", ")}'`;

/**
 * Whether a text is a JSON object. Spark's own reader also accepts single quotes, text after the object, and escapes that
 * are half of a surrogate pair.
 */
const isJsonObject = (text: string) =>
  `json_object_keys(${text}) is not null and ${text} rlike '(?s)^\\\\s*[{]\\\\s*["}].*[}]\\\\s*$'
      and not replace(${text}, '\\\\\\\\', '') rlike '${loneSurrogate}'`;

const [backslash, high, low] = ["\\\\\\\\u", "[dD][89abAB][0-9a-fA-F]{2}", "[dD][c-fC-F][0-9a-fA-F]{2}"];
const loneSurrogate = `${backslash}${high}(?!${backslash}${low})|(?<!${backslash}${high})${backslash}${low}`;

/** A field of the message. from_json writes numbers of ten million and more as 1.23E7; a variant keeps the digits. */
const plainNumber = (field: string) =>
  `if(message.${field} rlike '^-?[0-9.]+E[0-9]+$', coalesce(variant_get(try_parse_json(e.value), ` +
  `'$.${field}', 'string'), message.${field}), message.${field})`;

/**
 * The messages in files of envelopes, one per line, as common table expressions. The last one is `records`. The result is
 * the same as that of the embedded engine's reader (lib/src/engine/duckdb/envelopes.ts): a line that is not an envelope, or
 * has other fields than an envelope's, is kept whole in `_rescued_data`; fields are null where the message is not a JSON object.
 */
export function envelopeRecords({ columns }: LoadFiles): string {
  const fields = columns.filter((name) => !(name in envelope));
  const columnOf = (name: string) =>
    envelope[name] ? `if(fits, ${envelope[name]}, null)` : plainNumber(name);
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
  select *, coalesce(e.topic is not null and ${envelope["kafka_partition"]} >= 0 and ${envelope["kafka_offset"]} >= 0, false) as fits,
    coalesce(json_object_keys(line), array()) as names
  from split
),
messages as (
  select *, if(fits and ${isJsonObject("e.value")}, from_json(e.value, ${texts(fields)}), null) as message
  from judged
),
records as (
  select ${columns.map((name) => `${columnOf(name)} as ${name}`).join(",\n    ")},
    if(not fits or (e.timestamp is not null and ${envelope["kafka_timestamp"]} is null)
      or size(array_distinct(names)) < size(names) or size(array_except(names, array(${ownNames}))) > 0,
      line, null) as _rescued_data,
    source_file, cast(position + 1 as bigint) as source_row
  from messages
)`;
}
