import { randomUUID } from "node:crypto";
import type { Batch, Consumer } from "kafkajs";
import { InputError } from "../errors.js";
import type { KafkaSettings } from "../settings.js";
import { kafkaClient } from "./client.js";
import type { PartitionWriters } from "./partition-writer.js";
import { TopicRecreated, type Position } from "./positions.js";
import { kafkaError } from "./errors.js";
import { watermarksOf } from "./watermarks.js";

/** A reader of a topic. */
export interface Reader {
  /** Messages that the topic holds and that are not written yet, as Kafka last reported. */
  lag(): number;
  /** Resolves when every partition is read to its end; never when the topic is followed. Rejects when reading fails. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads a topic into partition writers, starting where they are: up to the high watermarks in `positions`, or without end
 * when it follows the topic.
 *
 * kafkajs reads as a consumer group. This group has one member and commits nothing: each time it joins, the offsets come
 * from the writers. So reading survives a broker that is away for half a minute, and nothing is written twice.
 */
export async function openReader(
  settings: KafkaSettings,
  writers: PartitionWriters,
  positions: readonly Position[],
  options: { readonly follow: boolean },
): Promise<Reader> {
  const { topic } = settings;
  const ends = new Map(positions.map(({ partition, high }) => [partition, options.follow ? Infinity : high]));
  const open = new Set(
    positions.filter(({ partition, next }) => next < ends.get(partition)!).map(({ partition }) => partition),
  );
  let end!: () => void;
  let fail!: (error: unknown) => void;
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = (error) => reject(error instanceof InputError ? error : kafkaError(error, settings));
  });
  ended.catch(() => undefined); // whoever awaits it gets the error
  const highs = new Map(positions.map(({ partition, high }) => [partition, high]));
  const lag = () =>
    [...highs].reduce((sum, [partition, high]) => sum + Math.max(0, high - writers.next(partition)), 0);
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
      seek(partition, writers.resumeAt(partition));
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
      // The rest up to the end are transaction markers, or messages of an open transaction: none can be read now.
      if (++still.fetches > 20 && Date.now() - still.since > 3000) finish(partition);
    }
  });

  const take = async (batch: Batch): Promise<void> => {
    const { partition } = batch;
    if (!open.has(partition)) return;
    restless(partition);
    highs.set(partition, Math.max(Number(batch.highWatermark), highs.get(partition) ?? 0));
    const before = writers.next(partition);
    const end = ends.get(partition)!;
    const asked = askedFor(batch);
    if (asked > before || asked < writers.resumeAt(partition)) {
      await refuseJump(kafka, settings, partition, before);
      return seek(partition, writers.resumeAt(partition));
    }
    const messages =
      end === Infinity ? batch.messages : batch.messages.filter(({ offset }) => Number(offset) < end);
    const fetched = { partition, asked, next: Math.min(Number(batch.lastOffset()) + 1, end), messages };
    const next = await writers.accept(fetched);
    if (next >= end) finish(partition);
    else if (next < before) seek(partition, next);
  };

  try {
    await consumer.connect();
    // If Kafka no longer has a position, it must go back, where that is noticed, and not forward.
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
    throw kafkaError(error, settings);
  }
  return { ended, lag, close: () => disconnect(consumer) };
}

/** The offset at which a batch was requested, which kafkajs keeps but does not declare. */
function askedFor(batch: Batch): number {
  const asked = Number((batch as unknown as { fetchedOffset?: string }).fetchedOffset);
  if (Number.isNaN(asked))
    throw new Error("This version of kafkajs does not tell the offset at which it fetched a batch.");
  return asked;
}

/**
 * Throws when Kafka returned another offset than requested because the requested one no longer exists. It may also be that
 * the writer was set back or forward in the meantime; that is fine.
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
    const now = (await watermarksOf(admin, settings.topic)).find((marks) => marks.partition === partition);
    if (!now || now.high < next)
      throw new TopicRecreated(`partition ${partition} now ends at offset ${now?.high ?? 0}`);
    if (now.low > next)
      throw new InputError(
        `Kafka deleted messages of ${settings.topic} before they were read: partition ${partition} offsets ${next} to ` +
          `${now.low - 1}. Run again: the next run says what is lost and how to continue.`,
      );
  } finally {
    await admin.disconnect();
  }
}

/** Waits one second at most: a broker that is gone does not answer. */
async function disconnect(consumer: Consumer): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000);
  });
  await Promise.race([consumer.disconnect().catch(() => undefined), patience]);
  clearTimeout(timer);
}
