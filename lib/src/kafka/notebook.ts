import type { ResultRow } from "../plan.js";
import type { KafkaSettings } from "../settings.js";
import type { TopicLanded } from "./land.js";

/**
 * Lands what a topic holds now beyond what bronze holds, as files in `landing/clickstream`, which `load` then takes in; where
 * the reading of a partition begins is landed in `landing/topic_starts`. Nothing is committed to Kafka: bronze says where
 * to go on.
 *
 * @param options.held one row for each topic and partition that bronze holds: kafka_topic, kafka_partition, next_offset,
 *   last_timestamp (of the last message)
 * @param options.starts the rows of `bronze.topic_starts`
 * @param options.signal ends the reading early; what was read by then is landed
 * @throws InputError within 5 s when Kafka can't be reached; when messages are gone that bronze does not hold
 * @example
 * await landTopic(kafka, { landing, held, starts, signal: stopSignal() });
 */
export async function landTopic(
  kafka: KafkaSettings,
  options: {
    readonly landing: string;
    readonly held: readonly ResultRow[];
    readonly starts: readonly ResultRow[];
    readonly signal?: AbortSignal;
  },
): Promise<TopicLanded> {
  const { landTopic } = await import("./land.js");
  return landTopic(kafka, {
    ...options,
    held: options.held.map((row) => ({
      topic: String(row["kafka_topic"]),
      partition: Number(row["kafka_partition"]),
      next: Number(row["next_offset"]),
      timestamp: instant(row["last_timestamp"] ?? null),
    })),
    starts: options.starts.map((row) => ({
      topic: String(row["kafka_topic"]),
      partition: Number(row["kafka_partition"]),
      first: Number(row["first_offset"]),
    })),
  });
}

/** Engines differ in how many digits an instant's text has. */
const instant = (text: ResultRow[string]): string | null =>
  text === null
    ? null
    : new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(String(text)) ? String(text) : `${String(text)}Z`).toISOString();
