import type { KafkaSettings } from "../settings.js";
import type { LandingFolders } from "./landing-file.js";
import { followerOf } from "./follow.js";
import { openTopic, type Known } from "./open-topic.js";
import { TopicRecreated } from "./positions.js";

interface LandOptions extends Known {
  /** The landing folder. */
  readonly landing: string;
  /** Where files go below it; by default those of the clickstream. */
  readonly folders?: LandingFolders;
  /** Ends the reading early: what was read until then is landed. */
  readonly signal?: AbortSignal;
  /** Takes in what has landed, while the reading goes on: called when that is worth it, never twice at once. */
  readonly whileReading?: () => Promise<void>;
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
  const { landing, folders, signal, whileReading, ...known } = options;
  const taking = takenIn(whileReading, settings);
  const open = await openTopic(settings, known, {
    landing,
    ...(folders && { folders }),
    follow: false,
    ...(recreated && { recreated }),
    onLanded: taking.onLanded,
  });
  const { writers, reader } = open;
  try {
    await Promise.race([reader.ended, aborted(signal), taking.failed]);
    const { events, files } = await writers.land();
    await taking.done();
    return { events, files, lag: reader.lag() };
  } finally {
    await taking.done().catch(() => undefined);
    await open.close();
  }
}

/** With fewer files than these, taking them in takes less time than it takes to begin. */
const worthTakingIn = 4;

/** Calls `work` while files land, each time when enough events have landed since it was called last. */
function takenIn(work: (() => Promise<void>) | undefined, { batchEvents }: KafkaSettings) {
  let waiting = 0;
  let underWay: Promise<void> | undefined;
  let fail!: (error: unknown) => void;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined); // whoever awaits it gets the error
  return {
    failed,
    /** Resolves when the last call has ended. */
    done: () => Promise.race([underWay, failed]),
    onLanded(events: number) {
      waiting += events;
      if (!work || underWay || waiting < worthTakingIn * batchEvents) return;
      waiting = 0;
      underWay = work().then(() => void (underWay = undefined), fail);
    },
  };
}

const aborted = (signal: AbortSignal | undefined) =>
  new Promise<void>((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
