import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";

export interface TopicOptions {
  readonly partitions?: number;
  /** Kafka's settings of the topic, such as `max.message.bytes`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Makes a topic as the shop has it, 3 partitions and 24 h of retention, unless it is there. */
export async function createTopic(brokers: string, topic: string, options: TopicOptions = {}): Promise<void> {
  const { partitions = 3, settings = {} } = options;
  const configs = Object.entries({ "retention.ms": "86400000", ...settings });
  await withAdmin(brokers, async (admin) => {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: partitions,
          replicationFactor: 1,
          configEntries: configs.map(([name, value]) => ({ name, value })),
        },
      ],
    });
    // Kafka confirms a topic before all of it knows the topic.
    for (let tries = 0; ; tries++) {
      const known = await admin.fetchTopicOffsets(topic).catch((error: unknown) => {
        if (tries >= 50) throw error;
        return [];
      });
      if (known.length > 0) return;
      await sleep(100);
    }
  });
}

/** Does administrative work on a broker. */
export async function withAdmin<T>(
  brokers: string,
  work: (admin: ReturnType<Kafka["admin"]>) => Promise<T>,
): Promise<T> {
  const admin = new Kafka({
    clientId: "shopmetrics-tests",
    brokers: [brokers],
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
