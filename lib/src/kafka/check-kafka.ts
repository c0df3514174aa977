import { randomUUID } from "node:crypto";
import kafkajs from "kafkajs";
import { InputError } from "../errors.js";
import type { KafkaSettings, RegistrySettings } from "../settings.js";
import { kafkaClient } from "./client.js";
import { kafkaError } from "./errors.js";
import { openRegistry, subjectOf } from "./registry.js";
import { firstContact, watermarksOf } from "./watermarks.js";

// Node finds only some of this CommonJS module's names.
const { ConfigResourceTypes } = kafkajs;

/** The result of one check. */
export interface ConnectivityResult {
  readonly check: string;
  readonly ok: boolean;
  /** What was found, or what is wrong and what to do. */
  readonly found: string;
}

export interface ConnectivityOptions {
  /** Whether to send a test message. It stays in the topic, and silver rejects it with a reason. Default true. */
  readonly message?: boolean;
}

/**
 * Checks everything that the clickstream needs from Kafka, one thing after another: brokers and login, topic, partitions,
 * retention, the registry of schemas where there is one, and one message there and back. What depends on a failed check is not checked.
 */
export async function checkKafka(
  settings: KafkaSettings,
  options: ConnectivityOptions = {},
): Promise<ConnectivityResult[]> {
  const results: ConnectivityResult[] = [];
  const run = async (check: string, work: () => Promise<string>): Promise<boolean> => {
    const found = await work().then(
      (text) => ({ check, ok: true, found: text }),
      (error: unknown) => ({ check, ok: false, found: kafkaError(error, settings).message }),
    );
    results.push(found);
    return found.ok;
  };
  const reached = await run("brokers and login", () => brokers(settings));
  const there = reached && (await run("topic", () => topic(settings)));
  if (!there) return results;
  await run("retention", () => retention(settings));
  if (settings.registry) await run("schema registry", () => newestSchema(settings, settings.registry!));
  if (options.message !== false) await run("a message there and back", () => thereAndBack(settings));
  return results;
}

const brokers = (settings: KafkaSettings) =>
  firstContact(settings, async (admin) => {
    const { brokers } = await admin.describeCluster();
    const { login, tls } = settings;
    const names = brokers.map(({ host, port }) => `${host}:${port}`).join(", ");
    return `${names}, ${tls ? "TLS" : "no TLS"}, ${login ? `user ${login.username}` : "no login"}`;
  });

const topic = (settings: KafkaSettings) =>
  firstContact(settings, async (admin) => {
    const partitions = await watermarksOf(admin, settings.topic);
    const held = partitions.map(({ partition, low, high }) => `${partition}: ${low} to ${high}`).join(", ");
    return `${settings.topic} with ${partitions.length} partitions; offsets ${held}`;
  });

/** A daily run must still find everything that was sent since the day before. */
const retention = (settings: KafkaSettings) =>
  firstContact(settings, async (admin) => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: settings.topic,
          configNames: ["retention.ms", "cleanup.policy"],
        },
      ],
    });
    const entries = new Map(
      resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
    const milliseconds = Number(entries.get("retention.ms"));
    const policy = entries.get("cleanup.policy");
    if (policy && policy !== "delete")
      throw new InputError(
        `${settings.topic} has cleanup.policy=${policy}: Kafka removes some of its messages, so events would be lost. Set it to delete.`,
      );
    const hours = milliseconds / 3_600_000;
    if (milliseconds >= 0 && hours < 24)
      throw new InputError(
        `${settings.topic} keeps messages for ${hours} h only: a daily run would lose some. Set retention.ms to 86400000 or more.`,
      );
    return milliseconds < 0 ? "forever" : `${hours} h`;
  });

async function newestSchema({ topic }: KafkaSettings, registry: RegistrySettings): Promise<string> {
  const latest = await openRegistry(registry).latest(subjectOf(topic));
  const what = latest ? `version ${latest.version} (${latest.type})` : "no schema yet";
  return `${registry.url}: ${subjectOf(topic)} has ${what}`;
}

/** Sends a message that is not an event and reads it back. */
async function thereAndBack(settings: KafkaSettings): Promise<string> {
  // A new cluster needs some time for its first group.
  const kafka = kafkaClient(settings, "work");
  const value = JSON.stringify({ connectivity_check: randomUUID(), sent_at: new Date().toISOString() });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const consumer = kafka.consumer({ groupId: `shopmetrics-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let trouble = "";
  try {
    await producer.connect();
    const [place] = await producer.send({
      topic: settings.topic,
      messages: [{ key: "connectivity-check", value }],
    });
    const { partition, baseOffset = "0" } = place!;
    const sent = performance.now() - began;
    await consumer.connect();
    await consumer.subscribe({ topics: [settings.topic], fromBeginning: true });
    consumer.on(consumer.events.GROUP_JOIN, () =>
      consumer.seek({ topic: settings.topic, partition, offset: baseOffset }),
    );
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new InputError(
              `The message was sent (partition ${partition}, offset ${baseOffset}) and did not come back within 30 s.${trouble}`,
            ),
          ),
        30_000,
      );
      // kafkajs begins again where that can help: the coordinator of a new cluster's first group is loading for some seconds.
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        trouble = ` ${kafkaError(payload.error, settings).message}`;
        if (!payload.restart) reject(payload.error);
      });
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ message }) => {
            if (message.value?.toString() === value) resolve();
          },
        })
        .catch(reject);
    });
    const back = performance.now() - began - sent;
    return `partition ${partition}, offset ${baseOffset}: sent in ${sent.toFixed(0)} ms, back in ${back.toFixed(0)} ms`;
  } finally {
    clearTimeout(timer);
    await Promise.allSettled([producer.disconnect(), consumer.disconnect()]);
  }
}
