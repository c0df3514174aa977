import type { Admin } from "kafkajs";
import type { KafkaSettings } from "../settings.js";
import { kafkaClient } from "./client.js";
import { kafkaError } from "./errors.js";

/** The offsets that a partition holds: from `low` on, below `high`. */
export interface Watermarks {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

/** The first contact succeeds or fails within this many seconds. */
const limit = 3.5;

/**
 * Makes first contact with Kafka and asks what the topic holds.
 *
 * @throws InputError within 5 s that names the address: no broker, a silent port, a wrong password, an unknown topic
 */
export async function readWatermarks(settings: KafkaSettings): Promise<Watermarks[]> {
  return firstContact(settings, (admin) => watermarksOf(admin, settings.topic));
}

/** Does a short piece of work with its own connection, and gives up soon. */
export async function firstContact<T>(
  settings: KafkaSettings,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafkaClient(settings, "preflight").admin();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out after ${limit} s`)), limit * 1000);
  });
  const contact = async () => {
    await admin.connect();
    return work(admin);
  };
  try {
    return await Promise.race([contact(), tooLate]);
  } catch (error) {
    throw kafkaError(error, settings);
  } finally {
    clearTimeout(timer);
    // Do not wait for a connection that hangs.
    void admin.disconnect().catch(() => undefined);
  }
}

/** What the topic holds now, by partition. */
export async function watermarksOf(admin: Admin, topic: string): Promise<Watermarks[]> {
  const found = await admin.fetchTopicOffsets(topic);
  return found
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .toSorted((a, b) => a.partition - b.partition);
}
