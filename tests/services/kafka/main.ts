/**
 * `npm run kafka`: Kafka for a person, until Ctrl-C, with the topic `clickstream-events` (3 partitions, 24 h). Its data stay
 * in `.shopmetrics/kafka`, so the next start goes on from there. `--port 9192` listens on another port than 9092.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { readSettings } from "#lib/settings.js";
import { whatIsMissing } from "./install.ts";
import { PortTaken, refuseTakenPort, start } from "./start.ts";
import { createTopic } from "./topic.ts";

const usage = `npm run kafka -- [--port <n>]

Kafka on this machine until Ctrl-C, with the topic clickstream-events (or KAFKA_TOPIC). Its data stay in .shopmetrics/kafka.

  --port <n>  where it listens, from 1 to 65535 (default 9092)`;

/** The port to listen on. Ends the program for what it does not understand, and after help. */
function wantedPort(): number {
  try {
    const options = {
      port: { type: "string", default: "9092" },
      help: { type: "boolean", short: "h" },
    } as const;
    const { port, help } = parseArgs({ options }).values;
    if (help) {
      console.log(usage);
      process.exit(0);
    }
    if (/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535) return Number(port);
    console.error(`--port ${port}: give a whole number from 1 to 65535.`);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
  }
  process.exit(2);
}

const port = wantedPort();
const topic = process.env["KAFKA_TOPIC"] || "clickstream-events";
try {
  await refuseTakenPort(port);
  const missing = await whatIsMissing();
  if (missing) throw new Error(`Kafka cannot start: ${missing}`);
  const folder = path.join(readSettings().home, "kafka");
  const kafka = await start({ folder, port, say: console.error });
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
  process.exitCode = error instanceof PortTaken ? 2 : 1;
}
