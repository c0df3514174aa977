import { setTimeout as sleep } from "node:timers/promises";
import { produce } from "#lib/shop/generator/produce.js";
import type { SentReport } from "#lib/kafka/producer.js";
import { readSettings } from "#lib/settings.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { whyNotReady } from "../services/kafka/install.ts";
import { start, type Kafka } from "../services/kafka/start.ts";
import { createTopic } from "../services/kafka/topic.ts";
import { lakehouse, succeeded, type Lakehouse, type Running } from "./cli.ts";
import { query } from "./tables.ts";
import { clicks, heldOffsets, offsetsOf, send } from "./topic.ts";

/** How many consumers and brokers are killed: a few by default, more by `KAFKA_KILLS=30 npx vitest run …`. */
const kills = Number(process.env["KAFKA_KILLS"] ?? 2);

const missing = await whyNotReady();
if (missing) console.warn(`Tests of Kafka are left out: ${missing}`);

describe.skipIf(missing)("a topic is held exactly once", () => {
  let kafka: Kafka;
  let shop: Lakehouse;
  let topic: string;
  let number = 0;
  beforeAll(async () => {
    kafka = await start();
  });
  afterAll(() => kafka?.stop());
  beforeEach(async () => {
    shop = await lakehouse();
    topic = `clicks-${++number}`;
    await createTopic(kafka.brokers, topic);
  });
  afterEach(() => shop.remove());

  const env = () => ({ KAFKA_BROKERS: kafka.brokers, KAFKA_TOPIC: topic, KAFKA_BATCH_EVENTS: "1500" });
  const consumers = ["run --only bronze.clickstream_raw --quiet", "stream --no-produce --quiet"];
  /** Somewhere between the start of reading and the end of loading, by what a whole run takes here. */
  let seconds = 3;
  const aMoment = () => 1000 * seconds * (0.3 + 0.7 * Math.random());

  /** Lets a run take in the rest; gives what is held then, and what was sent. */
  const afterTheRest = async () => {
    const last = await shop.shopmetrics(consumers[0]!, { env: env() });
    succeeded(last);
    seconds = last.seconds;
    return { held: await heldOffsets(shop, topic), sent: await offsetsOf(kafka.brokers, topic) };
  };
  const exactlyOnce = ({ held, sent }: { held: string[]; sent: string[] }) => {
    expect(held.length, "messages held").toBe(sent.length);
    expect(held).toEqual(sent);
  };

  /** Well, if the round under way ended in time; else by the signal. */
  const endsAtOnce = async ({ child, outcome }: Running) => {
    const asked = performance.now();
    child.kill("SIGTERM");
    const { code, signal, stderr } = await outcome;
    expect(performance.now() - asked).toBeLessThan(3000);
    expect([0, "SIGTERM"], stderr).toContain(code ?? signal);
  };

  it("however often its consumers are killed", async () => {
    let killed = 0;
    for (let index = 0; index < kills; index++) {
      await send(kafka.brokers, topic, clicks(10_000, `${index}`));
      const consumer = shop.start(consumers[index % 2]!, { env: env() });
      await sleep(aMoment());
      consumer.child.kill("SIGKILL");
      if ((await consumer.outcome).signal) killed++;
      // Now and then what the killed one left is taken in; otherwise the next one finds it.
      if (index % 3 === 2) exactlyOnce(await afterTheRest());
    }
    exactlyOnce(await afterTheRest());
    console.log(`${killed} of ${kills} consumers killed`);
    expect(killed).toBeGreaterThan(0);
  }, 600_000);

  it("however often the broker is killed under its consumers and producers, which go on by themselves", async () => {
    const settings = readSettings({ ...env(), SHOPMETRICS_HOME: shop.home });
    const stop = new AbortController();
    const catalog = { customers: ["C1", "C2", "C3", "C4"], products: [{ product_id: "P1", price: "9.90" }] };
    await send(kafka.brokers, topic, clicks(10_000, "before"));
    let confirmed = 0;
    const onSent = (report: SentReport) => (confirmed = report.sent);
    const producing = produce(settings.kafka!, { catalog, rate: 200, signal: stop.signal, onSent });
    const consumer = shop.start("stream --no-produce", { env: env() });
    await consumer.says(/events\/s/);
    for (let index = 0; index < Math.max(1, kills / 3); index++) {
      await sleep(2000 + 2000 * Math.random());
      await kafka.kill();
      await sleep(1000 * Math.random());
      await kafka.restart();
      const before = confirmed;
      await expect.poll(() => confirmed, { timeout: 60_000, interval: 200 }).toBeGreaterThan(before + 100);
    }
    stop.abort();
    const { sent, refused } = await producing;
    expect(refused).toEqual([]);
    expect(consumer.child.exitCode, "the consumer is still there").toBeNull();
    await endsAtOnce(consumer);
    expect(await offsetsOf(kafka.brokers, topic)).toHaveLength(10_000 + sent);
    exactlyOnce(await afterTheRest());
  }, 600_000);

  it("when both are killed", async () => {
    for (let index = 0; index < Math.max(1, kills / 3); index++) {
      await send(kafka.brokers, topic, clicks(10_000, `${index}`));
      const consumer = shop.start(consumers[index % 2]!, { env: env() });
      await sleep(aMoment());
      await kafka.kill();
      await sleep(500 * Math.random());
      consumer.child.kill("SIGKILL");
      await consumer.outcome;
      await kafka.restart();
    }
    const { held, sent } = await afterTheRest();
    expect(held).toEqual(sent);
  }, 600_000);

  it("when live mode and other runs work on one warehouse, and live mode ends at once when it is asked to", async () => {
    const consumer = shop.start("stream --no-produce", { env: env() });
    const filling = (async () => {
      for (let index = 0; index < 8; index++) {
        await send(kafka.brokers, topic, clicks(2000, `${index}`));
        await sleep(300);
      }
    })();
    for (let index = 0; index < 3; index++)
      succeeded(await shop.shopmetrics("run --quiet --from bronze.clickstream_raw", { env: env() }));
    await filling;
    // The others may have taken all of it; what comes now is live mode's.
    await send(kafka.brokers, topic, clicks(1000, "last"));
    await consumer.says(/events\/s/);
    await endsAtOnce(consumer);
    exactlyOnce(await afterTheRest());
    succeeded(await shop.shopmetrics("run --quiet --from bronze.clickstream_raw", { env: env() }));
    const [counts] = await query(
      shop,
      `select (select count(*) from silver.clickstream_clean)::int as kept,
        (select sum(page_views) from gold.hourly_traffic_metrics)::int as views`,
    );
    expect(counts).toEqual({ kept: 17_000, views: 17_000 });
  }, 300_000);
});
