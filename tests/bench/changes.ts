import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { kafkaClient } from "#lib/kafka/client.js";
import type { KafkaSettings } from "#lib/settings.js";
import type { RunReport } from "../../build/src/run/run-report.ts";
import { middle, output, perSecond, reader, shopmetrics, withTopic, type Figure } from "./topic.ts";

/** Changes of the orders; the first tenth inserts one each, the rest updates these in turns. */
const many = 1_000_000;
const orders = many / 10;
const ofTopic = { ending: ".orders", partitions: 1 };

/**
 * Measures how fast a run catches up with the changes of a database: a topic as Debezium writes it, one partition since the
 * changes of a table are in order. Each part is a process of its own, in a fresh data folder.
 *
 * @param options.folder for warehouses; removed at the end
 */
export async function runChangesBench(options: {
  kafka: KafkaSettings;
  folder: string;
  runs: number;
  say: (text: string) => void;
}): Promise<Figure[]> {
  const { kafka, folder, runs, say } = options;
  const perSec = (seconds: number) => perSecond(many / seconds, "changes");
  const [raw, bronze, silver, idle]: number[][] = [[], [], [], []];
  await withTopic(
    kafka,
    async (topic) => {
      say(`producing ${many} changes`);
      await fill({ ...kafka, topic });
      for (let n = 1; n <= runs; n++) {
        say(`catching up, ${n} of ${runs}`);
        const home = path.join(folder, `changes-${n}`);
        await mkdir(path.join(home, "landing"), { recursive: true });
        const environment = {
          SHOPMETRICS_HOME: home,
          KAFKA_BROKERS: kafka.brokers.join(","),
          KAFKA_TOPIC: topic,
          POSTGRES_ROUTE: "exports, orders=changes",
          POSTGRES_TOPICS: topic.slice(0, -ofTopic.ending.length),
        };
        const run = async (...only: string[]) => {
          const report = await output([shopmetrics, "run", "--json", "--only", only.join()], environment);
          return (JSON.parse(report) as RunReport).seconds;
        };
        const alone = JSON.parse(await output([reader, "raw"], environment)) as { seconds: number };
        raw!.push(alone.seconds);
        bronze!.push(await run("bronze.database"));
        silver!.push(await run("silver.orders_clean"));
        idle!.push(await run("bronze.database", "silver.orders_clean"));
      }
    },
    ofTopic,
  );
  await rm(folder, { recursive: true, force: true });
  const both = middle(bronze!.map((seconds, index) => seconds + silver![index]!));
  const inSeconds = (values: readonly number[]) => `${middle(values).toFixed(2)} s`;
  return [
    { name: "kafkajs reading, doing nothing", figure: perSec(middle(raw!)), aim: "", met: undefined },
    { name: "topic to bronze", figure: perSec(middle(bronze!)), aim: "", met: undefined },
    { name: "bronze to silver.orders_clean", figure: perSec(middle(silver!)), aim: "", met: undefined },
    { name: "topic to silver", figure: perSec(both), aim: "≥ 20,000/s", met: many / both >= 20_000 },
    { name: "both steps with nothing new", figure: inSeconds(idle!), aim: "", met: undefined },
  ];
}

async function fill(kafka: KafkaSettings): Promise<void> {
  const producer = kafkaClient(kafka, "work").producer();
  await producer.connect();
  const batch = 1000;
  for (let from = 0; from < many; from += batch) {
    const messages = Array.from({ length: batch }, (_, index) => changeAt(from + index));
    await producer.send({ topic: kafka.topic, messages });
  }
  await producer.disconnect();
}

/** A change of an order as Debezium 3 writes it with its defaults, without schemas: a key and an envelope of about 650 bytes. */
function changeAt(at: number): { key: string; value: string } {
  const order_id = `O${String(at % orders).padStart(8, "0")}`;
  const time = Date.UTC(2026, 2, 1) + at * 50;
  const lsn = 1e9 + at * 100;
  const after = {
    order_id,
    customer_id: `C${at % 1000}`,
    product_id: `P${at % 100}`,
    quantity: "1",
    unit_price: `${(at % 900) + 1}.00`,
    total_amount: `${(at % 900) + 1}.00`,
    order_date: "2026-03-01T10:00:00.000000Z",
    status: at % 7 ? "completed" : "pending",
    updated_at: new Date(time).toISOString(),
  };
  const source = {
    version: "3.6.1.Final",
    connector: "postgresql",
    name: "shop",
    ts_ms: time,
    snapshot: "false",
    db: "shop",
    sequence: `["${lsn - 100}","${lsn}"]`,
    ts_us: time * 1000,
    ts_ns: time * 1_000_000,
    schema: "public",
    table: "orders",
    txId: at,
    lsn,
    xmin: null,
  };
  const envelope = {
    before: null,
    after,
    source,
    transaction: null,
    op: at < orders ? "c" : "u",
    ts_ms: time + 100,
  };
  return { key: JSON.stringify({ order_id }), value: JSON.stringify(envelope) };
}
