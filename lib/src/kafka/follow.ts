import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaSettings } from "../settings.js";
import type { Landed, Lanes } from "./partition-writer.js";
import { openTopic, type Known, type OpenTopic } from "./open-topic.js";
import { TopicMadeAnew } from "./positions.js";

/** A topic that this process follows: it reads on while other work is done, and lands what has come when it is asked. */
export interface Follower {
  /** Lands what has come since the last call. The first one opens the topic. */
  land(settings: KafkaSettings, known: Known): Promise<Landed & { readonly lag: number }>;
  /** What the last call landed. */
  readonly last: Landed & { readonly lag: number };
  /** Resolves when there is something to land, or reading has failed, or the signal fires. */
  come(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const followers = new Map<string, Follower>();

const keyOf = ({ brokers, topic }: KafkaSettings) => `${brokers.join(",")}/${topic}`;

/** The follower that this process has of a topic. */
export const followerOf = (settings: KafkaSettings): Follower | undefined => followers.get(keyOf(settings));

/**
 * From now on `landTopic` in this process takes what the follower has, instead of connecting each time.
 *
 * @param landing the landing folder
 */
export function followTopic(settings: KafkaSettings, landing: string): Follower {
  let open: OpenTopic | undefined;
  let failed = false;
  let last: Follower["last"] = { events: 0, files: 0, groups: [], lag: 0 };

  const close = async () => {
    await open?.close();
    open = undefined;
    failed = false;
  };
  const reopen = async (settings: KafkaSettings, known: Known, anew?: string) => {
    await close();
    open = await openTopic(settings, known, { landing, follow: true, ...(anew && { anew }) });
    open.reader.ended.catch(() => (failed = true));
  };

  const follower: Follower = {
    get last() {
      return last;
    },
    async land(now, known) {
      if (failed) {
        const error: unknown = await open?.reader.ended.catch((one: unknown) => one);
        if (!(error instanceof TopicMadeAnew)) {
          await close();
          throw error;
        }
        await reopen(now, known, error.message);
      } else if (!open || isBehind(known, open.lanes)) await reopen(now, known);
      const { lanes, reader } = open!;
      last = { ...(await lanes.land()), lag: reader.lag() };
      return last;
    },
    async come(signal) {
      const nothing = () => !failed && !(open && open.lanes.waiting() > 0);
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

/** Bronze no longer holds what was landed: somebody has taken files back, or begun anew. */
const isBehind = ({ held }: Known, { topic, ends }: Lanes) =>
  [...ends].some(
    ([partition, end]) =>
      (held.find((one) => one.topic === topic && one.partition === partition)?.next ?? 0) < end,
  );
