/**
 * `npm run kafka`: Kafka for a person, until Ctrl-C, with the topic `clickstream-events` (3 partitions, 24 h). Its data stay
 * in `.shopmetrics/kafka`, so the next start goes on from there. `--port 9192` listens on another port than 9092.
 */
import path from "node:path";
import { readSettings } from "#lib/settings.js";
import { endAtCtrlC, portOf, wanted } from "../command.ts";
import { whatIsMissing } from "./install.ts";
import { PortTaken } from "../free-port.ts";
import { refuseTakenPort, start } from "./start.ts";
import { createTopic } from "./topic.ts";

const usage = `npm run kafka -- [--port <n>]

Kafka on this machine until Ctrl-C, with the topic clickstream-events (or KAFKA_TOPIC). Its data stay in .shopmetrics/kafka.

  --port <n>  where it listens, from 1 to 65535 (default 9092)`;

const { port } = wanted(usage, { port: portOf(9092) });
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
  endAtCtrlC(() => kafka.stop());
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof PortTaken ? 2 : 1;
}
