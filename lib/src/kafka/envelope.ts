import { isUtf8 } from "node:buffer";

/** What Kafka gives of a message. */
export interface RawMessage {
  readonly offset: string;
  /** Milliseconds since 1970; anything that a producer set, -1 for none. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/**
 * Makes messages lines of a landed file: one JSON object each, whatever the message holds. What is not UTF-8 is given in
 * base64, under another name.
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
    for (const { offset, timestamp, key, value } of messages)
      lines += `${head}${offset},"timestamp":${instant(timestamp)},${field("key", key)},${field("value", value)}}\n`;
    return lines;
  };
}

/** A message's timestamp as an ISO instant; null where there is none, or no calendar has it. */
export function isoTimestamp(timestamp: string): string | null {
  const time = Number(timestamp);
  return time >= earliest && time <= latest ? new Date(time).toISOString() : null;
}

/** From 1 millisecond before 1970 on Kafka means "none"; from the year 10000 on ISO instants have another form. */
const earliest = 0;
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

function field(name: string, bytes: Buffer | null): string {
  if (bytes === null) return `"${name}":null`;
  return isUtf8(bytes)
    ? `"${name}":${JSON.stringify(bytes.toString())}`
    : `"${name}_base64":"${bytes.toString("base64")}"`;
}

/** Neighbouring messages often have one timestamp. */
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
