import { randomUUID } from "node:crypto";
import type { Batch, Consumer } from "kafkajs";
import { InputError } from "../errors.js";
import type { KafkaSettings } from "../settings.js";
import { kafkaClient } from "./client.js";
import type { Lanes } from "./partition-writer.js";
import { TopicMadeAnew, type Position } from "./positions.js";
import { explained } from "./errors.js";
import { watermarksOf } from "./watermarks.js";

/** Reading under way. */
export interface Reader {
  /** Messages that the topic holds beyond those taken, by what Kafka said with the last ones. */
  lag(): number;
  /** Resolves when every partition has reached its end; never, when the topic is followed. Rejects when reading fails. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads a topic into lanes, from where they stand: to the offsets that it held when the positions were made, or on and on.
 *
 * kafkajs reads as a group. Ours has one member and commits nothing: offsets come from the lanes, each time that the group
 * is joined, so a broker that is away for half a minute is waited for and nothing is read twice into a lane.
 */
export async function openReader(
  settings: KafkaSettings,
  lanes: Lanes,
  positions: readonly Position[],
  options: { readonly follow: boolean },
): Promise<Reader> {
  const { topic } = settings;
  const ends = new Map(positions.map(({ partition, high }) => [partition, options.follow ? Infinity : high]));
  const open = new Set(
    positions.filter((one) => one.next < ends.get(one.partition)!).map((one) => one.partition),
  );
  let end!: () => void;
  let fail!: (error: unknown) => void;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = (error) => reject(error instanceof InputError ? error : explained(error, settings));
  });
  ended.catch(() => undefined); // whoever awaits it hears of it
  const highs = new Map(positions.map(({ partition, high }) => [partition, high]));
  const lag = () =>
    [...highs].reduce((sum, [partition, high]) => sum + Math.max(0, high - lanes.next(partition)), 0);
  if (open.size === 0) {
    end();
    return { ended, lag, close: async () => undefined };
  }

  const kafka = kafkaClient(settings, "work");
  const consumer = kafka.consumer({
    groupId: `shopmetrics-${randomUUID()}`,
    maxBytesPerPartition: 1 << 20,
    maxBytes: 8 << 20,
    maxWaitTimeInMs: 100,
    retry: { retries: 15, initialRetryTime: 200, maxRetryTime: 3000 },
  });
  const finish = (partition: number) => {
    open.delete(partition);
    consumer.pause([{ topic, partitions: [partition] }]);
    if (open.size === 0) end();
  };
  const seek = (partition: number, offset: number) =>
    consumer.seek({ topic, partition, offset: String(offset) });
  const quiet = new Map<number, { fetches: number; since: number }>();
  const restless = (partition: number) => quiet.set(partition, { fetches: 0, since: Date.now() });

  consumer.on(consumer.events.GROUP_JOIN, () => {
    for (const partition of open) {
      seek(partition, lanes.resumeAt(partition));
      restless(partition);
    }
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) fail(payload.error);
  });
  consumer.on(consumer.events.FETCH, () => {
    for (const partition of open) {
      const still = quiet.get(partition);
      if (!still || ends.get(partition) === Infinity) continue;
      // What is left up to the end are marks of transactions, or messages of one that is open: none to be read now.
      if (++still.fetches > 20 && Date.now() - still.since > 3000) finish(partition);
    }
  });

  const take = async (batch: Batch): Promise<void> => {
    const { partition } = batch;
    if (!open.has(partition)) return;
    restless(partition);
    highs.set(partition, Math.max(Number(batch.highWatermark), highs.get(partition) ?? 0));
    const before = lanes.next(partition);
    const end = ends.get(partition)!;
    const asked = askedFor(batch);
    if (asked > before || asked < lanes.resumeAt(partition)) {
      await refuseJump(kafka, settings, partition, before);
      return seek(partition, lanes.resumeAt(partition));
    }
    const messages =
      end === Infinity ? batch.messages : batch.messages.filter((one) => Number(one.offset) < end);
    const fetched = { partition, asked, next: Math.min(Number(batch.lastOffset()) + 1, end), messages };
    const next = await lanes.accept(fetched);
    if (next >= end) finish(partition);
    else if (next < before) seek(partition, next);
  };

  try {
    await consumer.connect();
    // A position that Kafka no longer has must lead back, where it is noticed, and not forward.
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: positions.length,
      eachBatch: async ({ batch }) => {
        await take(batch).catch((error: unknown) => {
          consumer.pause([{ topic }]);
          fail(error);
        });
      },
    });
  } catch (error) {
    void disconnect(consumer);
    throw explained(error, settings);
  }
  return { ended, lag, close: () => disconnect(consumer) };
}

/** The offset that a batch was asked for by, which kafkajs keeps but does not declare. */
function askedFor(batch: Batch): number {
  const asked = Number((batch as unknown as { fetchedOffset?: string }).fetchedOffset);
  if (Number.isNaN(asked))
    throw new Error("This version of kafkajs does not say from which offset it fetched.");
  return asked;
}

/**
 * Kafka has led elsewhere than asked. That is well when a lane was set back or forward meanwhile; but it is also what
 * happens when the offset asked for no longer exists.
 */
async function refuseJump(
  kafka: ReturnType<typeof kafkaClient>,
  settings: KafkaSettings,
  partition: number,
  next: number,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const now = (await watermarksOf(admin, settings.topic)).find((one) => one.partition === partition);
    if (!now || now.high < next)
      throw new TopicMadeAnew(`partition ${partition} ends at offset ${now?.high ?? 0} now`);
    if (now.low > next)
      throw new InputError(
        `Kafka deleted messages of ${settings.topic} before they were read: partition ${partition} offsets ${next} to ` +
          `${now.low - 1}. Run again: it says what is lost and how to go on.`,
      );
  } finally {
    await admin.disconnect();
  }
}

/** A broker that is gone can't be told good-bye. */
async function disconnect(consumer: Consumer): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000);
  });
  await Promise.race([consumer.disconnect().catch(() => undefined), patience]);
  clearTimeout(timer);
}
