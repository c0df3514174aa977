import { isUtf8 } from "node:buffer";

/** A message as Kafka returns it. */
export interface RawMessage {
  readonly offset: string;
  /** Milliseconds since 1970. A producer may set any value; -1 means none. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** The number of its schema in the registry, where it names one. */
  readonly schemaId?: number;
}

/**
 * Turns messages into the lines of a landed file: one JSON object per message, whatever the message holds. A key or value
 * that is not UTF-8, or a value that its schema did not read, is written in base64, under another name. Of one larger than
 * `largestField` only its size is written, so that every line is one that the readers of landed files take.
 *
 * @example
 * envelopes("clickstream-events", 0)([message])
 * // {"topic":"clickstream-events","partition":0,"offset":12,"timestamp":"2026-03-01T10:00:00.123Z","key":"C1","value":"…"}
 */
export function envelopes(topic: string, partition: number): (messages: readonly RawMessage[]) => string {
  const head = `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":`;
  const instant = instants();
  return (messages) => {
    let lines = "";
    for (const { offset, timestamp, key, value, schemaId } of messages) {
      const schema = schemaId === undefined ? "" : `,"schema_id":${schemaId}`;
      const text = field("value", value, schemaId !== undefined && value?.[0] === 0);
      lines += `${head}${offset},"timestamp":${instant(timestamp)},${field("key", key)},${text}${schema}}\n`;
    }
    return lines;
  };
}

/** A message's timestamp as an ISO instant; null where there is none, or where it is outside the years 1970 to 9999. */
export function isoTimestamp(timestamp: string): string | null {
  const time = Number(timestamp);
  return time >= earliest && time <= latest ? new Date(time).toISOString() : null;
}

/** A negative timestamp means "none" in Kafka; from the year 10000 on, ISO instants have another form. */
const earliest = 0;
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * The most bytes of a key or a value that are kept. As JSON a byte takes at most six, so a line stays below the 64 MiB that
 * readers take (`longestLine`). Kafka's own limit is 1 MiB, but for compressed bytes: 69 kB of gzip can hold 70 MB.
 */
export const largestField = 5 << 20;

function field(name: string, bytes: Buffer | null, isBinary = false): string {
  if (bytes === null) return `"${name}":null`;
  if (bytes.length > largestField) return `"${name}_bytes":${bytes.length}`;
  return !isBinary && isUtf8(bytes)
    ? `"${name}":${JSON.stringify(bytes.toString())}`
    : `"${name}_base64":"${bytes.toString("base64")}"`;
}

/** Formats timestamps and keeps the last result, since neighbouring messages often have the same timestamp. */
function instants(): (timestamp: string) => string {
  let known = "";
  let json = "";
  return (timestamp) => {
    if (timestamp !== known) {
      known = timestamp;
      json = JSON.stringify(isoTimestamp(timestamp));
    }
    return json;
  };
}
