import { clickstreamMessages, type ClickstreamEvent } from "#lib/shop/event.js";
import { checkKafka } from "shopmetrics/sources";
import { openProducer } from "#lib/kafka/producer.js";
import { readSettings } from "#lib/settings.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNotReady } from "../services/kafka/install.ts";
import { start, type Kafka } from "../services/kafka/start.ts";
import { createTopic } from "../services/kafka/topic.ts";
import { clicks, offsetsOf } from "./topic.ts";

const missing = await whyNotReady();
if (missing) console.warn(`Tests of Kafka are left out: ${missing}`);

describe.skipIf(missing)("writing to a topic", () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await start();
  });
  afterAll(() => kafka?.stop());

  const settings = (topic: string) =>
    readSettings({ KAFKA_BROKERS: kafka.brokers, KAFKA_TOPIC: topic }).kafka!;
  const events = (count: number) =>
    clicks(count).map(({ value }) => ({
      event: JSON.parse(String(value)) as ClickstreamEvent,
      timestamp: Date.now(),
    }));

  it("sends in halves what Kafka finds too large, until it fits, and refuses only what never does", async () => {
    await createTopic(kafka.brokers, "small", { settings: { "max.message.bytes": "3000" } });
    const producer = await openProducer(settings("small"), clickstreamMessages);
    const [first, ...others] = events(1000);
    // Random letters are not made smaller by compression.
    const page = Array.from({ length: 1900 }, () =>
      String.fromCharCode(0x4e00 + Math.random() * 20_000),
    ).join("");
    await producer.send([{ ...first!, event: { ...first!.event, event_id: "large", page } }, ...others]);
    await producer.close();
    const { sent, resent, refused } = producer.report;
    expect(sent).toBe(999);
    expect(resent).toBeGreaterThan(3);
    expect(refused).toEqual([{ event_id: "large", reason: "Kafka rejects it: MESSAGE_TOO_LARGE" }]);
    expect(await offsetsOf(kafka.brokers, "small")).toHaveLength(999);
  });

  it("does not send an event that breaks the contract, and says why", async () => {
    await createTopic(kafka.brokers, "strict");
    const producer = await openProducer(settings("strict"), clickstreamMessages);
    const [good, bad] = events(2);
    await producer.send([good!, { ...bad!, event: { ...bad!.event, session_id: "" } }]);
    await producer.close();
    expect(producer.report).toMatchObject({ sent: 1, resent: 0 });
    expect(producer.report.refused).toEqual([
      { event_id: "E-1", reason: expect.stringContaining("session_id is blank") },
    ]);
  });

  describe("the connectivity check", () => {
    it("looks at brokers, topic, retention and a message there and back", async () => {
      await createTopic(kafka.brokers, "checked");
      const results = await checkKafka(settings("checked"));
      expect(results.map(({ check, ok, found }) => [check, ok || found])).toEqual([
        ["brokers and login", true],
        ["topic", true],
        ["retention", true],
        ["a message there and back", true],
      ]);
      expect(results[0]?.found).toContain(kafka.brokers);
      expect(results[1]?.found).toContain("3 partitions");
      expect(results[2]?.found).toBe("24 h");
      expect(await offsetsOf(kafka.brokers, "checked")).toHaveLength(1);
    });

    it("names what is wrong, and does not look at what depends on it", async () => {
      const unknown = await checkKafka(settings("unknown"));
      expect(unknown.map(({ ok }) => ok)).toEqual([true, false]);
      expect(unknown[1]?.found).toContain("has no topic unknown");
      const nobody = await checkKafka({ ...settings("unknown"), brokers: ["127.0.0.1:1"] });
      expect(nobody).toEqual([
        { check: "brokers and login", ok: false, found: expect.stringContaining("No Kafka at 127.0.0.1:1") },
      ]);
    });

    it.each([
      ["retention.ms", "3600000", "keeps messages for 1 h only"],
      ["cleanup.policy", "compact", "has cleanup.policy=compact"],
    ])("names a topic that loses events by its %s", async (name, value, message) => {
      const topic = `loses-${value}`;
      await createTopic(kafka.brokers, topic, { settings: { [name]: value } });
      const results = await checkKafka(settings(topic), { message: false });
      expect(results.at(-1)).toMatchObject({
        check: "retention",
        ok: false,
        found: expect.stringContaining(message),
      });
    });
  });
});
