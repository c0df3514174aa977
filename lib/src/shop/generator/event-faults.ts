import { clickstreamMessages } from "../event.js";
import type { SentEvent } from "./shoppers.js";

/** The topic of events that were never in Kafka: their offsets must not mix with those of a real topic. */
const topic = "simulated";

interface Place {
  readonly partition: number;
  readonly offset: number;
}

export const eventFaultKinds = [
  "event_torn",
  "event_not_json",
  "event_without_id",
  "event_unknown_type",
  "event_bad_time",
  "event_negative_quantity",
  "event_torn_line",
] as const;

/** A message as a line of a landed file. */
export const envelopeLine = ({ event, sentAt }: SentEvent, place: Place): string =>
  line(clickstreamMessages.keyOf(event), sentAt, place, JSON.stringify(event));

/**
 * A faulty message, and the kind of its fault.
 *
 * @param luck chooses the fault: 0 <= luck < 1
 */
export function faultyLine(
  { event, sentAt }: SentEvent,
  place: Place,
  luck: number,
): { kind: (typeof eventFaultKinds)[number]; text: string } {
  const kind = eventFaultKinds[Math.floor(luck * eventFaultKinds.length)]!;
  const key = clickstreamMessages.keyOf(event);
  const value = JSON.stringify(event);
  const changed = (fields: object) => line(key, sentAt, place, JSON.stringify({ ...event, ...fields }));
  switch (kind) {
    case "event_torn":
      return { kind, text: line(key, sentAt, place, value.slice(0, value.length >> 1)) };
    case "event_not_json":
      return { kind, text: line(key, sentAt, place, "click") };
    case "event_without_id":
      return { kind, text: changed({ event_id: undefined }) };
    case "event_unknown_type":
      return { kind, text: changed({ event_type: "hover" }) };
    case "event_bad_time":
      return { kind, text: changed({ event_ts: "yesterday" }) };
    case "event_negative_quantity":
      return { kind, text: changed({ quantity: -1 }) };
    case "event_torn_line":
      return { kind, text: line(key, sentAt, place, value).slice(0, 100) };
  }
}

function line(key: string, sentAt: number, { partition, offset }: Place, value: string): string {
  const timestamp = new Date(sentAt).toISOString();
  return JSON.stringify({ topic, partition, offset, timestamp, key, value });
}
