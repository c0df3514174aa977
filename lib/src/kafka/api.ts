import type { ResultRow } from "../plan/plan.js";
import type { KafkaSettings } from "../settings.js";
import type { ConnectivityOptions, ConnectivityResult } from "./check-kafka.js";
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

/**
 * Looks at everything that the clickstream needs of Kafka: brokers and login, topic, partitions, retention, and one message
 * there and back. Each thing that is wrong is named, with what to do.
 *
 * @example
 * for (const { check, ok, found } of await checkKafka(kafka)) console.log(ok ? "✓" : "✗", check, found);
 */
export async function checkKafka(
  kafka: KafkaSettings,
  options: ConnectivityOptions = {},
): Promise<ConnectivityResult[]> {
  const { checkKafka } = await import("./check-kafka.js");
  return checkKafka(kafka, options);
}

/** Engines differ in how many digits an instant's text has. */
const instant = (text: ResultRow[string]): string | null =>
  text === null
    ? null
    : new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(String(text)) ? String(text) : `${String(text)}Z`).toISOString();
