/**
 * `npm run connect`: Kafka Connect with Debezium for a person, until Ctrl-C. It sends what changes in the shop's database to Kafka. Its
 * offsets stay in `.shopmetrics/connect`, so the next start goes on from there.
 */
import path from "node:path";
import { databaseTables } from "#lib/shop/database-bronze.js";
import { readSettings } from "#lib/settings.js";
import { endAtCtrlC, wanted } from "../command.ts";
import { start } from "./start.ts";

const usage = `npm run connect

Kafka Connect with Debezium on this machine until Ctrl-C: changes in the database of POSTGRES_URL go to the Kafka of KAFKA_BROKERS.
Start both before it: npm run shop, npm run kafka. What each prints has to be set here.`;

wanted(usage, {});
try {
  await connect();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function connect(): Promise<void> {
  const { postgres, kafka, home } = readSettings();
  const missing = [!postgres && "POSTGRES_URL", !kafka && "KAFKA_BROKERS"].filter((name) => name);
  if (!postgres || !kafka) throw new Error(`Not set: ${missing.join(", ")}.\n\n${usage}`);
  const url = new URL(process.env["POSTGRES_URL"]!);
  url.password ||= process.env["POSTGRES_PASSWORD"] ?? "";
  const service = await start({
    folder: path.join(home, "connect"),
    brokers: kafka.brokers.join(","),
    database: url.href,
    schema: postgres.schema,
    tables: Object.keys(databaseTables),
    say: console.error,
  });
  console.log("export POSTGRES_ROUTE=changes");
  console.error(
    "Changes flow until Ctrl-C. In another terminal, with this, POSTGRES_URL and KAFKA_BROKERS set: npx shopmetrics run",
  );
  endAtCtrlC(() => service.stop());
}
