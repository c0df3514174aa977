import kafkajs, { type Message } from "kafkajs";
import { withAdmin } from "../services/kafka/topic.ts";
import type { Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

const { Kafka, logLevel, CompressionTypes } = kafkajs;

/** Sends messages, about a thousand at a time. */
export async function send(brokers: string, topic: string, messages: readonly Message[]): Promise<void> {
  const producer = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).producer({
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  for (let start = 0; start < messages.length; start += 1000)
    await producer.send({
      topic,
      compression: CompressionTypes.GZIP,
      messages: messages.slice(start, start + 1000),
    });
  await producer.disconnect();
}

/** Events that the contract takes, each with its own id. */
export function clicks(count: number, name = "E"): Message[] {
  const event_ts = new Date().toISOString();
  return Array.from({ length: count }, (_, index) => {
    const customer_id = `C${String((index * 7) % 500).padStart(6, "0")}`;
    const event = {
      event_id: `${name}-${index}`,
      customer_id,
      product_id: "P0001",
      event_type: "page_view",
      session_id: `S-${index % 500}`,
      page: "/products/P0001",
      event_ts,
    };
    return { key: customer_id, value: JSON.stringify(event) };
  });
}

/** Every (partition, offset) that a topic holds, as `partition:offset`, when none of its offsets is a mark. */
export async function offsetsOf(brokers: string, topic: string): Promise<string[]> {
  const partitions = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic));
  return partitions
    .flatMap(({ partition, low, high }) =>
      Array.from({ length: Number(high) - Number(low) }, (_, index) => `${partition}:${Number(low) + index}`),
    )
    .toSorted();
}

/** Every (partition, offset) that bronze holds of a topic, as often as it does. */
export async function heldOffsets(shop: Lakehouse, topic: string): Promise<string[]> {
  const rows = await query(
    shop,
    `select kafka_partition || ':' || kafka_offset as place from bronze.clickstream_raw where kafka_topic = '${topic}'`,
  );
  return rows.map((row) => String(Object.values(row)[0])).toSorted();
}
