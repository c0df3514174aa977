import { setTimeout as sleep } from "node:timers/promises";
import { produce } from "#lib/shop/generator/produce.js";
import type { SentReport } from "#lib/kafka/producer.js";
import { readSettings } from "#lib/settings.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { whyNotReady } from "../services/kafka/install.ts";
import { start, type Kafka } from "../services/kafka/start.ts";
import { createTopic } from "../services/kafka/topic.ts";
import { lakehouse, succeeded, type Lakehouse, type Running } from "./cli.ts";
import { differences, dump, query, unread } from "./tables.ts";
import { clicks, heldOffsets, offsetsOf, send } from "./topic.ts";

/** How many consumers and brokers are killed: a few by default, more by `KAFKA_KILLS=30 npx vitest run …`. */
const kills = Number(process.env["KAFKA_KILLS"] ?? 2);

/** How often runs begin beside live mode: `TOGETHER_ROUNDS=30 npx vitest run …`. */
const rounds = Number(process.env["TOGETHER_ROUNDS"] ?? 2);

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

  /*
   * Exports land and events arrive all the while: shoppers of the live mode's own, sessions that go on from round to round, and
   * events that are sent twice. However they fall to the one or the other, it must be as if one run had taken in all.
   */
  it("when live mode and other runs work on one warehouse, round after round, as if there had been one run", async () => {
    succeeded(
      await shop.shopmetrics(
        "generate --scale 0.005 --from 2026-01-01 --to 2026-03-01 --faults 0.02 --event-days 5",
      ),
    );
    const live = shop.start("stream --rate 40", { env: env() });
    let taken = 0; // what live mode says it took in, by the lines that say so
    live.child.stdout!.on("data", (text: string) => (taken += text.split("events/s").length - 1));
    const seconds: number[] = [];
    const run = async () => {
      const outcome = await shop.shopmetrics("run --quiet", { env: env() });
      succeeded(outcome);
      seconds.push(outcome.seconds);
    };
    for (let round = 0; round < rounds; round++) {
      const filling = (async () => {
        for (const part of [0, 1, 2, 0]) {
          await send(kafka.brokers, topic, clicks(700, `${round}-${part}`));
          await sleep(1000 * Math.random());
        }
      })();
      succeeded(await shop.shopmetrics("generate --days 1"));
      await Promise.all([run(), run()]);
      await filling;
      expect(live.child.exitCode, "live mode is still there").toBeNull();
    }
    // The others may have taken all of it until here; what comes now is live mode's alone.
    const before = taken;
    await expect.poll(() => taken, { timeout: 60_000, interval: 200 }).toBeGreaterThan(before);
    await endsAtOnce(live);
    await run();
    exactlyOnce({ held: await heldOffsets(shop, topic), sent: await offsetsOf(kafka.brokers, topic) });

    const alone = await shop.copy({ warehouse: false });
    succeeded(await alone.shopmetrics("run --quiet"));
    expect(differences(await dump(shop), await dump(alone))).toEqual([]);
    expect(await unread(shop)).toEqual([]);
    const twice =
      "select event_id from silver.clickstream_clean group by event_id having count(*) > 1 limit 3";
    expect(await query(shop, twice)).toEqual([]);
    const [counts] = await query(
      shop,
      `select (select count(*) from ops.runs)::int as runs, (select count(*) from silver.clickstream_clean)::int as events,
        (select count(*) from silver.clickstream_clean where event_id similar to '[0-9]+-[012]-[0-9]+')::int as ours`,
    );
    expect(counts!["ours"]).toBe(rounds * 3 * 700);
    expect(counts!["runs"]).toBeGreaterThan(2 * rounds + 1);
    console.log(
      `${rounds} rounds: ${JSON.stringify(counts)}, a run took ${Math.max(...seconds).toFixed(1)} s at most`,
    );
    await alone.remove();
  }, 3_600_000);
});
