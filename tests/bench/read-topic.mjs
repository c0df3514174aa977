import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { kafkaClient } from "#lib/kafka/client.js";
import { landTopic } from "#lib/kafka/land.js";
import { readSettings } from "#lib/settings.js";

/**
 * Reads a whole topic and prints how long that took: `node read-topic.mjs raw|land`, Kafka from the environment. `raw` is
 * kafkajs reading and doing nothing, the floor; `land` makes it files on the disk.
 */
const [, , way] = process.argv;
const { kafka } = readSettings();
if (!kafka) throw new Error("KAFKA_BROKERS is not set");
const began = performance.now();
const events = await (way === "raw" ? raw() : land());
console.log(JSON.stringify({ events, seconds: (performance.now() - began) / 1000 }));
process.exit();

async function raw() {
  const client = kafkaClient(kafka, "work");
  const admin = client.admin();
  await admin.connect();
  const held = await admin.fetchTopicOffsets(kafka.topic);
  await admin.disconnect();
  const wanted = held.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const consumer = client.consumer({
    groupId: `shopmetrics-bench-${Date.now()}`,
    maxBytesPerPartition: 1 << 20,
    maxBytes: 8 << 20,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [kafka.topic], fromBeginning: true });
  let read = 0;
  await new Promise((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          read += batch.messages.length;
          if (read >= wanted) resolve();
        },
      })
      .catch(reject);
  });
  return read;
}

async function land() {
  const landing = await mkdtemp(path.join(tmpdir(), "shopmetrics-bench-"));
  try {
    return (await landTopic(kafka, { landing, held: [], starts: [] })).events;
  } finally {
    await rm(landing, { recursive: true });
  }
}
