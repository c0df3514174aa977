import type { KafkaSettings } from "../settings.js";
import { followerOf } from "./follow.js";
import { openTopic, type Known } from "./open-topic.js";
import { TopicRecreated } from "./positions.js";

interface LandOptions extends Known {
  /** The landing folder; files go into `clickstream` and `topic_starts` below it. */
  readonly landing: string;
  /** Ends the reading early: what was read until then is landed. */
  readonly signal?: AbortSignal;
}

/** The result of reading a topic. */
export interface TopicLanded {
  readonly events: number;
  readonly files: number;
  /** Further messages that the topic is known to hold. */
  readonly lag: number;
}

/**
 * Lands the messages that the topic holds and bronze does not, as files of JSON lines, which `load` then loads. Nothing is
 * committed to Kafka: bronze says where to continue. In a process that follows the topic, lands the messages read since the
 * last call instead.
 *
 * @throws InputError within 5 s when Kafka can't be reached; when Kafka has deleted messages that bronze does not hold
 */
export async function landTopic(settings: KafkaSettings, options: LandOptions): Promise<TopicLanded> {
  const follower = followerOf(settings);
  if (follower) return follower.land(settings, options);
  try {
    return await landNow(settings, options);
  } catch (error) {
    if (!(error instanceof TopicRecreated) || error.hasAdvice) throw error;
    return landNow(settings, options, error.message);
  }
}

async function landNow(
  settings: KafkaSettings,
  options: LandOptions,
  recreated?: string,
): Promise<TopicLanded> {
  const { landing, signal, ...known } = options;
  const open = await openTopic(settings, known, { landing, follow: false, ...(recreated && { recreated }) });
  const { writers, reader } = open;
  try {
    await Promise.race([reader.ended, aborted(signal)]);
    const { events, files } = await writers.land();
    return { events, files, lag: reader.lag() };
  } finally {
    await open.close();
  }
}

const aborted = (signal: AbortSignal | undefined) =>
  new Promise<void>((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
