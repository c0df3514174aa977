import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaSettings } from "../settings.js";
import type { LandingFolders } from "./landing-file.js";
import type { Landed, PartitionWriters } from "./partition-writer.js";
import { openTopic, type Known, type OpenTopic } from "./open-topic.js";
import { TopicRecreated } from "./positions.js";

/** A topic that this process follows: it keeps reading while other work is done, and lands the messages on request. */
export interface Follower {
  /** Lands the messages read since the last call. The first call opens the topic. */
  land(settings: KafkaSettings, known: Known): Promise<Landed & { readonly lag: number }>;
  /** What the last call landed. */
  readonly last: Landed & { readonly lag: number };
  /** Resolves when there is something to land, or reading has failed, or the signal fires. */
  come(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const followers = new Map<string, Follower>();

const keyOf = ({ brokers, topic }: KafkaSettings) => `${brokers.join(",")}/${topic}`;

/** This process's follower of a topic, if there is one. */
export const followerOf = (settings: KafkaSettings): Follower | undefined => followers.get(keyOf(settings));

/**
 * From now on `landTopic` in this process lands what the follower has read, instead of connecting each time.
 *
 * @param landing the landing folder
 * @param folders where messages go below it; by default those of the clickstream
 */
export function followTopic(settings: KafkaSettings, landing: string, folders?: LandingFolders): Follower {
  let open: OpenTopic | undefined;
  let failed = false;
  let last: Follower["last"] = { events: 0, files: 0, groups: [], lag: 0 };

  const close = async () => {
    await open?.close();
    open = undefined;
    failed = false;
  };
  const reopen = async (settings: KafkaSettings, known: Known, recreated?: string) => {
    await close();
    open = await openTopic(settings, known, {
      landing,
      follow: true,
      ...(folders && { folders }),
      ...(recreated && { recreated }),
    });
    open.reader.ended.catch(() => (failed = true));
  };

  const follower: Follower = {
    get last() {
      return last;
    },
    async land(now, known) {
      if (failed) {
        const error: unknown = await open?.reader.ended.catch((reason: unknown) => reason);
        if (!(error instanceof TopicRecreated)) {
          await close();
          throw error;
        }
        await reopen(now, known, error.message);
      } else if (!open || isElsewhere(known, open.writers)) await reopen(now, known);
      const { writers, reader } = open!;
      last = { ...(await writers.land()), lag: reader.lag() };
      return last;
    },
    async come(signal) {
      const nothing = () => !failed && !(open && open.writers.waiting() > 0);
      while (!signal.aborted && nothing()) await sleep(10, undefined, { signal }).catch(() => undefined);
    },
    async close() {
      followers.delete(keyOf(settings));
      await close();
    },
  };
  followers.set(keyOf(settings), follower);
  return follower;
}

/**
 * Bronze no longer holds what was landed: somebody unloaded files, or started again with an empty warehouse. Or it holds more: another
 * process has landed, and what it landed may have been joined since, so that the names which would tell are gone.
 */
function isElsewhere({ held }: Known, { topic, ends, continuesAt }: PartitionWriters): boolean {
  const nextOf = (partition: number) =>
    held.find((row) => row.topic === topic && row.partition === partition)?.next ?? 0;
  return (
    [...ends].some(([partition, end]) => nextOf(partition) < end) ||
    [...continuesAt()].some(([partition, next]) => nextOf(partition) > next)
  );
}
