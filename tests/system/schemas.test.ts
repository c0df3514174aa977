import { setTimeout as sleep } from "node:timers/promises";
import avsc from "avsc";
import { openProducer } from "#lib/kafka/producer.js";
import { readSettings } from "#lib/settings.js";
import { clickstreamMessages, type ClickstreamEvent } from "#lib/shop/event.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNotReady as whyNoKafka } from "../services/kafka/install.ts";
import { start as startKafka, type Kafka } from "../services/kafka/start.ts";
import { createTopic } from "../services/kafka/topic.ts";
import { whyNotReady as whyNoRegistry } from "../services/registry/install.ts";
import { start as startRegistry, type Registry } from "../services/registry/start.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";
import { clicks, send } from "./topic.ts";

const absent = (await whyNoKafka()) ?? (await whyNoRegistry());
if (absent) console.warn(`Tests of schemas are left out: ${absent}`);

describe.skipIf(absent)("a registry of schemas", () => {
  let kafka: Kafka;
  let registry: Registry;
  let shop: Lakehouse;
  beforeAll(async () => {
    [kafka, registry, shop] = await Promise.all([startKafka(), startRegistry(), lakehouse()]);
    await ask("/config", { compatibility: "BACKWARD" }, "PUT");
  });
  afterAll(async () => {
    await Promise.all([kafka?.stop(), registry?.stop()]);
  });

  const ask = async (path: string, body?: unknown, method = "POST"): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${registry.url}${path}`, {
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      ...(body !== undefined && { method, body: JSON.stringify(body) }),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  /** Registers a schema as another team's producer does, whatever was there before. */
  const register = async (topic: string, schema: object, schemaType = "AVRO"): Promise<number> => {
    await ask(`/config/${topic}-value`, { compatibility: "NONE" }, "PUT");
    const { id } = await ask(`/subjects/${topic}-value/versions`, {
      schema: JSON.stringify(schema),
      schemaType,
    });
    return Number(id);
  };
  const latest = async (topic: string) => {
    const found = await ask(`/subjects/${topic}-value/versions/latest`);
    return { id: Number(found["id"]), schema: JSON.parse(String(found["schema"])) as AvroRecord };
  };
  const wire = (id: number, message: Buffer) => {
    const header = Buffer.alloc(5);
    header.writeInt32BE(id, 1);
    return Buffer.concat([header, message]);
  };

  const env = (topic: string, more: Record<string, string> = {}) => ({
    KAFKA_BROKERS: kafka.brokers,
    KAFKA_TOPIC: topic,
    SCHEMA_REGISTRY_URL: registry.url,
    ...more,
  });
  const read = (topic: string, more: Record<string, string> = {}, flags = "") =>
    shop.shopmetrics(`run --only bronze.clickstream_raw,silver.clickstream_clean --quiet ${flags}`, {
      env: env(topic, more),
    });
  const events = (count: number, name: string) =>
    clicks(count, name).map(({ value }) => ({
      ...(JSON.parse(String(value)) as ClickstreamEvent),
      quantity: 2,
      price: "19.90",
    }));
  const produce = async (
    topic: string,
    sent: readonly ClickstreamEvent[],
    more: Record<string, string> = {},
  ) => {
    const producer = await openProducer(readSettings(env(topic, more)).kafka!, clickstreamMessages);
    await producer.send(sent.map((event) => ({ event, timestamp: Date.now() })));
    await producer.close();
    return producer.report;
  };
  const bronze = (topic: string) =>
    query(
      shop,
      `select value, kafka_schema_id, _rescued_data, event_id from bronze.clickstream_raw where kafka_topic = '${topic}' order by kafka_partition, kafka_offset`,
    );
  const silver = (topic: string) =>
    query(
      shop,
      `select event_id, quantity, price from silver.clickstream_clean where kafka_topic = '${topic}'`,
    );
  const refused = (topic: string) =>
    query(
      shop,
      `select array_to_string(reasons, '; ') as reasons from silver.rejected_rows where raw_row like '%"${topic}"%' order by 1`,
    );

  it.each(["avro", "json"])("gives %s messages their schema, and reads them by it", async (format) => {
    const topic = `clicks-${format}`;
    await createTopic(kafka.brokers, topic);
    const sent = events(300, topic);
    expect(await produce(topic, sent, { SCHEMA_REGISTRY_FORMAT: format })).toMatchObject({
      sent: 300,
      refused: [],
    });
    succeeded(await read(topic));
    const { id } = await latest(topic);
    const rows = await bronze(topic);
    expect(rows).toHaveLength(300);
    expect(new Set(rows.map((row) => row["kafka_schema_id"]))).toEqual(new Set([id]));
    const kept = rows.map((row) => JSON.parse(String(row["value"])) as ClickstreamEvent);
    const texts = (event: object) =>
      Object.entries(event)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => `${name}=${value}`)
        .toSorted()
        .join();
    expect(kept.map(texts).toSorted()).toEqual(sent.map(texts).toSorted());
    expect(await silver(topic)).toHaveLength(300);
    expect((await silver(topic))[0]).toMatchObject({ quantity: 2, price: "19.90" });
    expect(await refused(topic)).toEqual([]);
  });
});

interface AvroRecord {
  readonly fields: readonly { readonly name: string; readonly type: unknown; readonly default?: unknown }[];
}
