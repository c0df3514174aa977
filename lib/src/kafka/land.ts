import type { KafkaSettings } from "../settings.js";
import { followerOf } from "./follow.js";
import { openTopic, type Known } from "./open-topic.js";
import { TopicMadeAnew } from "./positions.js";

interface LandOptions extends Known {
  /** The landing folder; files go into `clickstream` and `topic_starts` below it. */
  readonly landing: string;
  /** Ends the reading early: what was read by then is landed. */
  readonly signal?: AbortSignal;
}

/** What came of a topic's reading. */
export interface TopicLanded {
  readonly events: number;
  readonly files: number;
  /** Messages that the topic is known to hold beyond those. */
  readonly lag: number;
}

/**
 * Lands what a topic holds now beyond what bronze holds: files of JSON lines, which `load` then takes in. Nothing is
 * committed to Kafka: bronze says where to go on. In a process that follows the topic, lands what has come since the last
 * call instead.
 *
 * @throws InputError within 5 s when Kafka can't be reached; when messages are gone that bronze does not hold
 */
export async function landTopic(settings: KafkaSettings, options: LandOptions): Promise<TopicLanded> {
  const follower = followerOf(settings);
  if (follower) return follower.land(settings, options);
  try {
    return await landNow(settings, options);
  } catch (error) {
    if (!(error instanceof TopicMadeAnew) || error.isExplained) throw error;
    return landNow(settings, options, error.message);
  }
}

async function landNow(settings: KafkaSettings, options: LandOptions, anew?: string): Promise<TopicLanded> {
  const { landing, signal, ...known } = options;
  const open = await openTopic(settings, known, { landing, follow: false, ...(anew && { anew }) });
  const { lanes, reader } = open;
  try {
    await Promise.race([reader.ended, aborted(signal)]);
    const { events, files } = await lanes.land();
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
