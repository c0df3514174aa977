/**
 * `npm run kafka`: Kafka for a person, until Ctrl-C, with the topic `clickstream-events` (3 partitions, 24 h). Its data stay
 * in `.shopmetrics/kafka`, so the next start goes on from there. `--port 9192` listens on another port than 9092.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { readSettings } from "#lib/settings.js";
import { whatIsMissing } from "./install.ts";
import { start } from "./start.ts";
import { createTopic } from "./topic.ts";

const { port } = parseArgs({ options: { port: { type: "string", default: "9092" } } }).values;
const topic = process.env["KAFKA_TOPIC"] || "clickstream-events";
try {
  const missing = await whatIsMissing();
  if (missing) throw new Error(`Kafka cannot start: ${missing}`);
  const folder = path.join(readSettings().home, "kafka");
  const kafka = await start({ folder, port: Number(port), say: console.error });
  await createTopic(kafka.brokers, topic);
  console.log(`export KAFKA_BROKERS=${kafka.brokers}`);
  if (topic !== "clickstream-events") console.log(`export KAFKA_TOPIC=${topic}`);
  console.error(
    `Kafka is up until Ctrl-C. In another terminal: KAFKA_BROKERS=${kafka.brokers} npm run stream`,
  );
  // Ctrl-C may come twice, from the terminal and from tsx: the second must not end this before Kafka has ended.
  let stopping: Promise<void> | undefined;
  const stop = () => void (stopping ??= kafka.stop().then(() => process.exit(0)));
  process.on("SIGINT", stop).on("SIGTERM", stop);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
