import type { ResultRow } from "../plan/plan.js";
import type { KafkaSettings } from "../settings.js";
import type { ConnectivityOptions, ConnectivityResult } from "./check-kafka.js";
import type { TopicLanded } from "./land.js";
import type { LandingFolders } from "./landing-file.js";

/**
 * Lands the messages that the topic holds and bronze does not, as files in `landing/clickstream`, which `load` then loads.
 * The offset at which the reading of a partition starts is landed in `landing/topic_starts`. Nothing is committed to Kafka:
 * bronze says where to continue.
 *
 * @param options.held one row for each topic and partition that bronze holds: kafka_topic, kafka_partition, next_offset,
 *   last_timestamp (of the last message)
 * @param options.starts the rows of `bronze.topic_starts`
 * @param options.signal ends the reading early; what was read until then is landed
 * @param options.whileReading takes in what has landed, while the reading goes on: called when four full
 *   files have landed since, never twice at once. What has landed since is left for the next `load`
 * @throws InputError within 5 s when Kafka can't be reached; when Kafka has deleted messages that bronze does not hold
 * @example
 * await landTopic(kafka, { landing, held, starts, signal: stopSignal() });
 */
export async function landTopic(
  kafka: KafkaSettings,
  options: {
    readonly landing: string;
    /** Where files land below it; by default those of the clickstream. */
    readonly folders?: LandingFolders;
    readonly held: readonly ResultRow[];
    readonly starts: readonly ResultRow[];
    readonly signal?: AbortSignal;
    readonly whileReading?: () => Promise<void>;
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
 * Checks everything that the clickstream needs from Kafka: brokers and login, topic, partitions, retention, and one message
 * there and back. Each problem is reported with what to do.
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

/** Engines write an instant with different numbers of digits. */
const instant = (text: ResultRow[string]): string | null =>
  text === null
    ? null
    : new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(String(text)) ? String(text) : `${String(text)}Z`).toISOString();
